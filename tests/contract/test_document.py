"""docs/openapi.yaml is what the code makes, valid, and complete."""

from __future__ import annotations

import pytest
from drf_spectacular.drainage import GENERATOR_STATS
from drf_spectacular.generators import SchemaGenerator
from drf_spectacular.renderers import OpenApiYamlRenderer
from openapi_spec_validator import OpenAPIV31SpecValidator

from accounts.api.problems import PROBLEMS
from tests.contract.document import DOCUMENT, FILE

COMMAND = "python manage.py spectacular --file docs/openapi.yaml"
OPEN = {
    "sign_in", "finish_sign_in", "refresh_tokens", "verify_token", "revoke_token",
    "blacklist_token", "get_keys", "get_revocations",
}  # fmt: skip


@pytest.fixture
def document():
    return DOCUMENT


def operations(document):
    return [call for item in document["paths"].values() for call in item.values()]


def test_the_file_is_what_the_code_makes(settings):
    GENERATOR_STATS.reset()
    settings.BRAND_NAME, settings.SITE_URL = "Another", "https://another.example"
    made = SchemaGenerator().get_schema(request=None, public=True)
    assert not GENERATOR_STATS, "drf-spectacular has something to warn of"
    text = OpenApiYamlRenderer().render(made, renderer_context={})
    assert FILE.read_bytes() == text, f"renew it: {COMMAND}"


def test_it_is_openapi_3_1(document):
    assert document["openapi"].startswith("3.1.")
    OpenAPIV31SpecValidator(document).validate()


def test_the_served_one_is_valid_and_names_the_site(contract):
    OpenAPIV31SpecValidator(contract.document).validate()
    assert contract.document["servers"] == [{"url": contract.url}]
    assert contract.document["info"]["title"] == "Contract API"
    cookie = contract.document["components"]["securitySchemes"]["session"]["name"]
    assert cookie == "sessionid"  # this site speaks http


def test_the_served_one_is_else_the_file(contract, document):
    served = contract.document
    assert served["paths"] == document["paths"]
    assert served["components"]["schemas"] == document["components"]["schemas"]


def test_calls_have_names_summaries_and_tags(document):
    calls = operations(document)
    names = [call["operationId"] for call in calls]
    assert len(names) == len(set(names)) == 12
    known = {tag["name"] for tag in document["tags"]}
    for call in calls:
        assert call["summary"], call["operationId"]
        assert set(call["tags"]) <= known


def test_security_is_said_of_each_call(document):
    for call in operations(document):
        name = call["operationId"]
        if name in OPEN:
            assert call["security"] == []
        elif name == "exchange_session":
            assert call["security"] == [{"session": [], "csrf": []}]
        else:
            assert call["security"] == [{"bearer": []}]


def test_every_problem_is_documented_somewhere(document):
    found = {
        code
        for call in operations(document)
        for answer in call["responses"].values()
        for content in answer.get("content", {}).values()
        for code in content.get("examples", {})
    }
    assert found == set(PROBLEMS)


def test_each_error_has_codes_examples_and_its_headers(document):
    wanted = {"401": "WWW-Authenticate", "405": "Allow", "429": "Retry-After",
              "503": "Retry-After"}  # fmt: skip
    for call in operations(document):
        for status, answer in call["responses"].items():
            if call["operationId"] != "exchange_session":  # served by the page chain
                assert "X-Request-ID" in answer["headers"]
            assert "Cache-Control" in answer["headers"]
            if status in {"200", "304"}:
                continue
            assert status not in wanted or wanted[status] in answer["headers"]
            content = answer["content"]["application/problem+json"]
            codes = content["schema"]["allOf"][1]["properties"]["code"]["enum"]
            values = [one["value"] for one in content["examples"].values()]
            assert {value["code"] for value in values} == set(codes)
            assert {value["status"] for value in values} == {int(status)}
