"""If-None-Match: one comparison for every answer that has an ETag."""

from __future__ import annotations

import pytest
from django.test import RequestFactory

from accounts import etags

BODY = b"body"
MINE = etags.etag_of(BODY)


def asked(value):
    request = RequestFactory().get("/", headers={"if-none-match": value})
    return etags.answer(request, BODY, "text/plain")


@pytest.mark.parametrize(
    "value", [MINE, f"W/{MINE}", "*", f'"other", {MINE}', f'W/"other",W/{MINE}']
)
def test_the_named_one_is_not_sent_again(value):
    answer = asked(value)
    assert (answer.status_code, answer.content, answer["ETag"]) == (304, b"", MINE)
    assert "Content-Type" not in answer


@pytest.mark.parametrize("value", ["", '"other"', MINE.strip('"'), "W/", f"x{MINE}"])
def test_else_it_is_sent(value):
    answer = asked(value)
    assert (answer.status_code, answer.content, answer["ETag"]) == (200, BODY, MINE)


@pytest.mark.django_db
@pytest.mark.parametrize(
    "path", ["/.well-known/jwks.json", "/api/revocations/", "/accounts/brand.css",
             "/api/schema/"],
)  # fmt: skip
def test_every_such_answer_is_compared_weakly(client, path):
    etag = client.get(path)["ETag"]
    for value in (etag, f"W/{etag}", f'"x", W/{etag}'):
        answer = client.get(path, headers={"if-none-match": value})
        assert (answer.status_code, answer.content) == (304, b""), value
    assert client.get(path, headers={"if-none-match": 'W/"x"'}).status_code == 200
