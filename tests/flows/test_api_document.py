"""GET /api/schema/: built once, kept by clients, the same for everybody."""

from __future__ import annotations

import json

import pytest
from drf_spectacular.generators import SchemaGenerator

from accounts.api import docs

PATH = "/api/schema/"
JSON = {"accept": "application/json"}


@pytest.fixture(autouse=True)
def unbuilt():
    docs._built.clear()
    yield
    docs._built.clear()


def test_the_document_is_built_once(client, monkeypatch):
    built = []
    whole = SchemaGenerator.get_schema

    def counted(self, *args, **kwargs):
        built.append(self)
        return whole(self, *args, **kwargs)

    monkeypatch.setattr(SchemaGenerator, "get_schema", counted)
    answers = {client.get(PATH, headers=JSON).content for _ in range(5)}
    assert (len(answers), len(built)) == (1, 1)


@pytest.mark.django_db
def test_it_needs_no_session_and_no_database(client, django_assert_num_queries):
    client.cookies["sessionid"] = "x" * 32
    with django_assert_num_queries(0):
        answer = client.get(PATH)
    assert answer.status_code == 200
    assert not answer.cookies
    assert answer["Vary"] == "Accept"


def test_a_client_that_has_it_is_told_so(client):
    answer = client.get(PATH, headers=JSON)
    assert answer["Cache-Control"] == "public, max-age=300"
    again = client.get(PATH, headers={**JSON, "if-none-match": answer["ETag"]})
    assert (again.status_code, again.content) == (304, b"")
    for name in ("ETag", "Cache-Control", "Vary"):
        assert again[name] == answer[name]
    other = client.get(PATH, headers={**JSON, "if-none-match": '"other"'})
    assert other.status_code == 200


def test_each_form_has_a_name_of_its_own(client):
    as_json, as_yaml = client.get(PATH, headers=JSON), client.get(PATH)
    assert json.loads(as_json.content)["openapi"].startswith("3.1")
    assert as_yaml.content.startswith(b"openapi: 3.1")
    assert as_json["ETag"] != as_yaml["ETag"]
    assert as_yaml["Content-Type"] == "application/vnd.oai.openapi"
    assert as_json["Content-Type"] == "application/json"


def test_another_form_is_refused_as_a_problem_that_nobody_keeps(client):
    answer = client.get(PATH, headers={"accept": "image/png"})
    assert (answer.status_code, answer.json()["code"]) == (406, "not_acceptable")
    assert answer["Cache-Control"] == "no-store"
