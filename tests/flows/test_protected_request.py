"""protected_request: what opens /api/me/ and what does not."""

from __future__ import annotations

from datetime import timedelta

import pytest
import time_machine
from django.utils import timezone

from accounts.tokens import snapshot
from tests.fixtures import sign_in_by_form

pytestmark = pytest.mark.django_db(transaction=True)


def test_me_tells_who_the_token_speaks_of(make_person, api):
    user = make_person(name="Maya Lindqvist")
    answer = api.get("/api/me/", api.tokens()["access"])
    body = answer.json()
    assert body.pop("auth_time") > 0
    assert body == {
        "id": str(user.pk),
        "email": "maya@example.org",
        "email_verified": True,
        "name": "Maya Lindqvist",
        "groups": [],
        "amr": ["pwd"],
        "acr": "aal1",
    }


@pytest.mark.parametrize("scheme", ["Bearer", "bearer", "BEARER"])
def test_the_protected_route_says_hello(make_person, api, scheme):
    make_person()
    answer = api.get("/api/protected-route/", api.tokens()["access"], scheme)
    assert answer.json() == {"message": "Hello maya@example.org"}
    assert answer["Cache-Control"] == "no-store"
    assert answer["X-Request-ID"]


def test_nothing_gets_a_bare_challenge(db, api):
    answer = api.get("/api/me/")
    assert (answer.status_code, answer.json()["code"]) == (401, "not_authenticated")
    assert answer["WWW-Authenticate"] == 'Bearer realm="api"'


def test_a_refresh_token_is_no_access_token_and_the_reverse(make_person, api):
    make_person()
    pair = api.tokens()
    answer = api.get("/api/me/", pair["refresh"])
    assert (answer.status_code, answer.json()["code"]) == (401, "token_not_valid")
    assert 'error="invalid_token"' in answer["WWW-Authenticate"]
    assert api.refresh(pair["access"]).status_code == 401


def test_an_expired_token_is_refused(make_person, api):
    make_person()
    access = api.tokens()["access"]
    assert api.get("/api/me/", access).status_code == 200  # now among the proven
    with time_machine.travel(timezone.now() + timedelta(minutes=5, seconds=1)):
        assert api.get("/api/me/", access).status_code == 401


def test_a_browser_session_is_no_bearer(make_person, browser):
    make_person()
    sign_in_by_form(browser)
    assert browser.get("/api/me/").status_code == 401


def test_a_proven_token_costs_no_query(make_person, api, django_assert_num_queries):
    make_person()
    access = api.tokens()["access"]
    api.get("/api/protected-route/", access)
    with django_assert_num_queries(0):
        assert api.get("/api/protected-route/", access).status_code == 200


def test_when_revocation_cannot_be_known_the_answer_is_503(
    make_person, api, monkeypatch
):
    make_person()
    access = api.tokens()["access"]
    snapshot.revoked.clear()

    def away() -> None:
        raise OSError

    monkeypatch.setattr(snapshot.revoked, "_load", away)
    answer = api.get("/api/protected-route/", access)
    assert (answer.status_code, answer.json()["code"]) == (503, "unavailable")
    assert answer["Retry-After"] == "1"


def test_verify_answers_for_both_kinds_and_for_revoked_ones(make_person, api):
    make_person()
    pair = api.tokens()
    for token in (pair["access"], pair["refresh"]):
        assert api.post("/api/token/verify/", {"token": token}).status_code == 200
    api.post("/api/token/revoke/", {"refresh": pair["refresh"]})
    for token in (pair["access"], pair["refresh"]):
        answer = api.post("/api/token/verify/", {"token": token})
        assert (answer.status_code, answer.json()["code"]) == (401, "token_revoked")
    answer = api.post("/api/token/verify/", {"token": "nonsense"})
    assert answer.json()["code"] == "token_not_valid"


def test_jwks_names_the_key_of_every_token(make_person, api):
    from tests.flows.test_api_sign_in import header

    make_person()
    access = api.tokens()["access"]
    answer = api.get("/.well-known/jwks.json")
    assert answer["Cache-Control"] == "public, max-age=300"
    [key] = answer.json()["keys"]
    assert key.keys() == {"kty", "crv", "x", "y", "kid", "use", "alg"}
    assert key["kid"] == header(access)["kid"]
    again = api.client().get(
        "/.well-known/jwks.json", headers={"if-none-match": answer["ETag"]}
    )
    assert again.status_code == 304
