"""Headers of pages and of the API; CORS; what is open to the world."""

from __future__ import annotations

import json
import uuid

import pytest
from django.test import Client
from drf_spectacular.validation import validate_schema

from accounts.audit.models import Event
from tests.fixtures import sign_in_by_form
from tests.security.doors import places

pytestmark = pytest.mark.django_db(transaction=True)


def test_pages_have_a_strict_policy(client):
    page = client.get("/accounts/login/")
    policy = page["Content-Security-Policy"]
    for word in ("default-src 'self'", "frame-ancestors 'none'", "base-uri 'none'",
                 "form-action 'self'", "object-src 'none'"):  # fmt: skip
        assert word in policy
    assert "unsafe" not in policy
    assert page["X-Frame-Options"] == "DENY"
    assert page["X-Content-Type-Options"] == "nosniff"
    assert page["Referrer-Policy"] == "same-origin"
    assert page["Cross-Origin-Opener-Policy"] == "same-origin"
    assert "camera=()" in page["Permissions-Policy"]


def test_no_page_has_a_weaker_one(owner):
    seen = set()
    for place in places():
        if place.path.endswith("/logout/") or place.path.startswith("/_allauth/"):
            continue
        answer = owner.get(place.path)
        if not answer.get("Content-Type", "").startswith("text/html"):
            continue
        policy = answer.get("Content-Security-Policy", "")
        assert "default-src 'self'" in policy, (place.path, answer.status_code)
        assert "unsafe" not in policy, place.path
        if answer.status_code == 200:
            seen.add(place.path)
    assert {"/admin/", "/admin/accounts/user/", "/api/docs/", "/dashboard/"} <= seen
    assert len(seen) > 25, seen


def test_the_api_has_its_own(api, make_person):
    make_person()
    for answer in (api.sign_in(), api.sign_in(password="wrong"), api.get("/api/me/")):
        assert answer["Cache-Control"] == "no-store"
        assert answer["X-Content-Type-Options"] == "nosniff"
        assert "default-src 'none'" in answer["Content-Security-Policy"]
        assert len(answer["X-Request-ID"]) >= 8
        assert not answer.cookies


@pytest.mark.parametrize(
    "path",
    [
        "/api/me/",
        "/healthz",
        "/accounts/login/",
        "/nothing/",
        "/_allauth/app/v1/config",
    ],
)
def test_every_response_has_a_request_id_of_ours(client, path):
    given = str(uuid.uuid4())
    answers = [client.get(path, headers={"x-request-id": given}) for _ in range(2)]
    ids = {str(uuid.UUID(answer["X-Request-ID"])) for answer in answers}
    assert len(ids) == 2
    assert given not in ids


@pytest.mark.parametrize("door", ["/api/token/", "/accounts/login/"])
@pytest.mark.parametrize(
    ("sent", "kept"),
    [("Root=1-67891233:a/b", "Root=1-67891233:a/b"), ("a b", ""), ("x" * 65, "")],
)
def test_a_clients_id_is_kept_beside_ours(make_person, client, door, sent, kept):
    make_person()
    form = {"email": "maya@example.org", "login": "maya@example.org", "password": "x"}
    kind = {"content_type": "application/json"} if door == "/api/token/" else {}
    answer = client.post(door, form, **kind, headers={"x-request-id": sent})
    event = Event.objects.get()
    assert event.request_id == answer["X-Request-ID"]
    assert event.client_request_id == kept


def test_no_client_puts_its_events_under_anothers_id(owner, make_person, client):
    make_person()
    theirs = Event.objects.latest("id").request_id
    form = {"login": "maya@example.org", "password": "x"}
    client.post("/accounts/login/", form, headers={"x-request-id": theirs})
    mine = Event.objects.latest("id")
    for query, found in ((theirs, False), (f"client:{theirs}", True)):
        page = owner.get("/admin/audit/event/", {"q": query}).content.decode()
        assert (f"/admin/audit/event/{mine.pk}/change/" in page) == found


def test_no_origin_is_let_in_unless_named(settings, api):
    def ask(origin):
        return api.client().get("/api/me/", headers={"origin": origin})

    assert "Access-Control-Allow-Origin" not in ask("https://evil.example")
    settings.CORS_ALLOWED_ORIGINS = ["https://app.example"]
    answer = ask("https://app.example")
    assert answer["Access-Control-Allow-Origin"] == "https://app.example"
    assert "Access-Control-Allow-Credentials" not in answer
    assert "Access-Control-Allow-Origin" not in ask("https://evil.example")
    preflight = api.client().options(
        "/api/token/",
        headers={
            "origin": "https://app.example",
            "access-control-request-method": "POST",
            "access-control-request-headers": "content-type",
        },
    )
    assert preflight.status_code == 200
    assert "POST" in preflight["Access-Control-Allow-Methods"]


def test_https_is_demanded_where_the_site_has_it(settings, api):
    settings.SECURE_SSL_REDIRECT = True
    assert api.get("/api/me/").status_code == 403
    page = Client(SERVER_NAME="localhost").get("/accounts/login/")
    assert (page.status_code, page["Location"][:8]) == (301, "https://")
    assert Client(SERVER_NAME="localhost").get("/healthz").status_code == 200


def test_jwks_can_be_cached(client, api, make_person):
    make_person()
    api.tokens()
    answer = client.get("/.well-known/jwks.json")
    assert answer["Cache-Control"] == "public, max-age=300"
    (key,) = answer.json()["keys"]
    assert {"kid", "kty", "alg", "use", "crv", "x", "y"} == set(key)
    assert "d" not in key
    again = client.get(
        "/.well-known/jwks.json", headers={"if-none-match": answer["ETag"]}
    )
    assert (again.status_code, again.content) == (304, b"")


def test_a_shared_cache_may_keep_the_keys(client, api, make_person):
    make_person()
    api.tokens()
    assert "Vary" not in client.get("/.well-known/jwks.json")


@pytest.mark.parametrize("method", ["POST", "PUT", "BREW"])
def test_the_keys_are_only_read(client, method):
    answer = client.generic(method, "/.well-known/jwks.json")
    assert (answer.status_code, answer.json()["code"]) == (405, "method_not_allowed")
    assert "GET" in answer["Allow"]


def test_a_probe_needs_no_host_of_ours_and_no_https(settings):
    settings.SECURE_SSL_REDIRECT = True
    for host in ("10.1.2.3:8000", "evil.example"):
        answer = Client().get("/healthz", headers={"host": host})
        assert (answer.status_code, answer.content) == (200, b"ok\n")
    assert Client().get("/", headers={"host": "10.1.2.3"}).status_code == 400


def test_a_call_without_a_body_may_say_any_type(make_person, browser):
    make_person()
    sign_in_by_form(browser)
    answer = browser.generic("POST", "/api/token/session/", b"", "text/plain")
    assert answer.status_code == 200, answer.content


def test_healthz_touches_nothing(client, django_assert_num_queries):
    with django_assert_num_queries(0):
        assert client.get("/healthz").content == b"ok\n"


def test_the_openapi_document_is_valid_and_complete(client):
    answer = client.get("/api/schema/", headers={"accept": "application/json"})
    document = json.loads(answer.content)
    validate_schema(document)
    assert document["openapi"].startswith("3.1")
    paths = document["paths"]
    assert {path for path in paths if path.startswith("/api/token")} == {
        f"/api/token/{call}"
        for call in ("", "mfa/", "refresh/", "verify/", "revoke/", "blacklist/",
                     "session/")
    }  # fmt: skip
    for path, calls in paths.items():
        for operation in calls.values():
            assert any(code[0] == "4" for code in operation["responses"]), path


def test_error_answers_set_no_cookie_and_hold_no_trace(client):
    for path in ("/nothing/", "/api/nothing/", "/.well-known/nothing"):
        answer = client.get(path)
        assert answer.status_code == 404
        assert not answer.cookies
        assert b"Traceback" not in answer.content


def test_sign_out_needs_the_csrf_token(make_person):
    make_person()
    strict = Client(SERVER_NAME="localhost", enforce_csrf_checks=True)
    assert strict.post("/accounts/logout/").status_code == 403
    assert sign_in_by_form(strict).status_code == 403


def test_the_session_exchange_needs_the_csrf_token(make_person):
    make_person()
    browser = Client(SERVER_NAME="localhost")
    sign_in_by_form(browser)
    browser.handler.enforce_csrf_checks = True
    answer = browser.post("/api/token/session/", content_type="application/json")
    assert (answer.status_code, answer.json()["code"]) == (403, "csrf_failed")


def test_secrets_are_not_logged(make_person, browser, api, caplog):
    import logging

    make_person()
    with caplog.at_level(logging.DEBUG):
        pair = api.tokens()
        api.sign_in(password="a wrong secret")
        api.refresh(pair["refresh"])
        api.get("/api/me/", pair["access"])
        sign_in_by_form(browser)
    for secret in ("correct horse", "a wrong secret", pair["access"], pair["refresh"]):
        assert secret not in caplog.text
