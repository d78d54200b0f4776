"""Each problem of the document, provoked: its answer is as it is described."""

from __future__ import annotations

import httpx
import pytest
from django.db import OperationalError
from django.test import Client

from accounts.api import examples, views
from tests.contract.conftest import PASSWORD
from tests.contract.document import documented

TOKEN, ME, RECENT = "/api/token/", "/api/me/", "/api/protected-route/recent/"
SESSION = "/api/token/session/"
JSON = {"Content-Type": "application/json"}


def refused(answer, path, method="post"):
    """(status, code, detail) of a live answer, once it fits the document."""
    found = documented(path, answer.status_code, answer.headers, answer.content, method)
    return answer.status_code, found["code"], found["detail"]


def as_printed(name):
    """(status, code, detail) of a problem's example."""
    from accounts.api.problems import PROBLEMS

    one = PROBLEMS[name]
    return one.status, one.code, one.detail


@pytest.mark.parametrize(
    ("name", "content", "headers"),
    [
        ("parse_error", b"{", JSON),
        ("parse_error", b"\xff", JSON),
        ("payload_too_large", b'{"email": "' + b"a" * 262_144 + b'"}', JSON),
        ("unsupported_media_type", b"x", {"Content-Type": "text/plain"}),
    ],
)
def test_bodies_that_are_not_read(contract, name, content, headers):
    answer = httpx.post(contract.url + TOKEN, content=content, headers=headers)
    assert refused(answer, TOKEN) == as_printed(name)


def test_another_method(contract):
    answer = httpx.put(contract.url + TOKEN, json={})
    assert refused(answer, TOKEN) == as_printed("method_not_allowed")
    assert answer.headers["allow"] == "POST, OPTIONS"
    keys = "/.well-known/jwks.json"
    answer = httpx.post(contract.url + keys, json={})
    assert refused(answer, keys, "get")[:2] == (405, "method_not_allowed")


@pytest.mark.parametrize("path", [ME, RECENT])
def test_an_address_with_nul(contract, path):
    answer = httpx.get(f"{contract.url}{path}?a=%00")
    assert refused(answer, path, "get") == as_printed("invalid_address")


@pytest.mark.parametrize("path", [ME, "/api/protected-route/", RECENT])
def test_tokens_that_open_nothing(contract, path):
    sent = {
        "not_authenticated": {},
        "token_not_valid": {"Authorization": f"Bearer {examples.ACCESS}"},
        "token_revoked": {"Authorization": f"Bearer {contract.revoked()['access']}"},
    }
    for name, headers in sent.items():
        answer = httpx.get(contract.url + path, headers=headers)
        assert refused(answer, path, "get") == as_printed(name)


def test_a_weak_sign_in(contract):
    headers = {"Authorization": f"Bearer {contract.sign_in('maya')['access']}"}
    answer = httpx.get(contract.url + RECENT, headers=headers)
    name = "insufficient_user_authentication"
    assert refused(answer, RECENT, "get") == as_printed(name)
    assert 'acr_values="aal2", max_age="300"' in answer.headers["www-authenticate"]


def test_a_session_that_is_none_and_one_without_its_csrf_token(contract):
    answer = httpx.post(contract.url + SESSION)
    assert refused(answer, SESSION) == as_printed("not_authenticated")
    with httpx.Client(base_url=contract.url) as browser:
        browser.get("/accounts/login/")
        csrf = browser.cookies["csrftoken"]
        form = {"login": "maya@example.org", "password": PASSWORD}
        browser.post("/accounts/login/", data=form | {"csrfmiddlewaretoken": csrf})
        answer = browser.post(SESSION)
        assert refused(answer, SESSION) == as_printed("csrf_failed")
        good = {"X-CSRFToken": browser.cookies["csrftoken"]}
        assert browser.post(SESSION, headers=good).status_code == 200


def post(path, body=None):
    """In this process, whose settings a test can change."""
    return Client().post(path, body or {}, content_type="application/json")


def test_http_where_https_is_served(settings):
    settings.SECURE_SSL_REDIRECT = True
    answer = Client().get(ME)
    assert refused(answer, ME, "get") == as_printed("permission_denied")


@pytest.mark.django_db
def test_too_many_calls(settings):
    limits = {**settings.ACCOUNT_RATE_LIMITS, "token_refresh": "1/m/ip"}
    settings.ACCOUNT_RATE_LIMITS = limits
    path, body = "/api/token/verify/", {"token": "x"}
    assert refused(post(path, body), path)[:2] == (401, "token_not_valid")
    assert refused(post(path, body), path)[:2] == (429, "throttled")


@pytest.mark.django_db
def test_a_part_that_is_away(monkeypatch):
    def away(token):
        raise OperationalError

    monkeypatch.setattr(views, "verify_any", away)
    path = "/api/token/verify/"
    assert refused(post(path, {"token": "x"}), path) == as_printed("unavailable")
