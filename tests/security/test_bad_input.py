"""Every URL answers bad input with a clear 4xx in its shape; never a 500 or a trace."""

from __future__ import annotations

import json
import uuid
from urllib.parse import urlencode

import pytest
from django.core.cache import cache
from django.test import Client

from accounts.models import User
from accounts.tokens import keys
from accounts.tokens.models import Family
from accounts.tokens.ring import ring
from authsite.bounds import PROVIDER_REDIRECT
from tests.fixtures import PASSWORD, sign_in_by_form
from tests.security import hostile_texts
from tests.security.doors import places
from tests.security.hostile_inputs import NAMES, body_of

pytestmark = pytest.mark.django_db(transaction=True)
PROGRAMS = ("/api/", "/.well-known/", "/healthz", "/accounts/brand")
JSON = "application/json"
FORM = "application/x-www-form-urlencoded"
DEEP = b"[" * 2000 + b"]" * 2000
#: name -> (body, content type)
BODIES = {
    "malformed": (b'{"email": ', JSON),
    "2000 deep": (DEEP, JSON),
    "2000 deep, in a field": (b'{"email": ' + DEEP + b"}", JSON),
    "NUL": (b'{"email": "a\\u0000b@example.org", "password": "x"}', JSON),
    "raw NUL": (b'{"email": "a\x00b"}', JSON),
    "lone surrogate": (b'{"email": "\\ud800@example.org", "password": "x"}', JSON),
    "surrogate in a name": (b'{"\\udfff": 1}', JSON),
    "3 MB": (b'{"email": "' + b"x" * 3_000_000 + b'"}', JSON),
    "3 MB form": (b"login=" + b"x" * 3_000_000, FORM),
    "utf-16": ('{"email": "x"}'.encode("utf-16"), f"{JSON}; charset=utf-16"),
    "utf-16 form": (b"login=x", f"{FORM}; charset=utf-16"),
    "not UTF-8": (b'{"email": "\xff\xfe"}', JSON),
    "a name twice": (b'{"email": "a@b.c", "email": "d@e.f"}', JSON),
    "NaN": (b'{"email": NaN}', JSON),
    "infinite": (b'{"email": 1e999}', JSON),
    "null": (b"null", JSON),
    "a list": (b"[]", JSON),
    "a number": (b"1", JSON),
    "a text": (b'"a"', JSON),
    "256 KB of digits": (b"9" * 262_144, JSON),
    "17 deep": (b'{"a":' * 16 + b"[]" + b"}" * 16, JSON),
    "marked as UTF-8": (b'\xef\xbb\xbf{"email": "x"}', JSON),
    "NUL in a form": (b"login=a%00b&password=x", FORM),
    "surrogate in a form": (b"login=%ED%A0%80&password=x", FORM),
    "bad multipart": (b"--x\r\nnonsense", "multipart/form-data; boundary=y"),
}


def assert_shape(path, answer):
    """4xx in the shape of its door, without a trace."""
    assert 400 <= answer.status_code < 500, (path, answer.status_code)
    kind = answer.headers.get("Content-Type", "")
    assert "Traceback" not in answer.content.decode()
    if path.startswith(PROGRAMS):
        assert kind == "application/problem+json", (path, kind)
        assert answer.content, path
        body = answer.json()
        assert body["status"] == answer.status_code
        assert body["code"]
        assert body["detail"]
    elif path.startswith("/_allauth/"):
        assert kind.startswith("application/json"), (path, kind)
        assert answer.json()["status"] == answer.status_code, path
    else:
        assert kind.startswith("text/html"), (path, kind)
        assert "<h1" in answer.content.decode(), path


def client():
    return Client(
        SERVER_NAME="localhost", enforce_csrf_checks=True, raise_request_exception=False
    )


@pytest.mark.parametrize("name", BODIES)
def test_bad_bodies_everywhere(name):
    body, kind = BODIES[name]
    for place in places():
        assert_shape(place.path, client().generic("POST", place.path, body, kind))


@pytest.mark.parametrize("method", ["PUT", "PATCH", "DELETE", "TRACE", "BREW"])
def test_unknown_methods_everywhere(method):
    for place in places():
        answer = client().generic(method, place.path, b"{}", JSON)
        if answer.status_code in {302, 410}:
            continue  # allauth's own: sign in first, or this flow has ended
        assert_shape(place.path, answer)


def test_wrong_content_types_where_programs_speak():
    for place in places():
        if not place.path.startswith(("/api/token/", "/_allauth/")):
            continue
        for kind in ("text/plain", "application/xml", FORM, "nonsense"):
            if kind == FORM and place.path == PROVIDER_REDIRECT:
                continue
            answer = client().generic("POST", place.path, b"email=x", kind)
            assert answer.status_code == 415, (place.path, kind, answer.status_code)
            assert_shape(place.path, answer)


def test_json_of_other_kinds_at_the_token_endpoints(api):
    values = ["[]", '"x"', "1", "null", "true", "{}"]
    odd = [None, 1, 1.5, True, [], {}, ["x"], {"a": 1}, "", " ", "x" * 10_000]
    for call in ("", "mfa/", "refresh/", "verify/", "revoke/", "blacklist/"):
        path = f"/api/token/{call}"
        for text in values:
            answer = api.post(path, text)
            assert answer.status_code in {400, 401}, (path, text)
            assert_shape(path, answer)
        for value in odd:
            names = ("email", "password", "refresh", "token", "pending_token", "code")
            answer = api.post(path, dict.fromkeys(names, value))
            if path.endswith(("revoke/", "blacklist/")) and answer.status_code == 200:
                continue  # RFC 7009: a token that is not valid needs no revocation
            assert answer.status_code in {400, 401, 429}, (path, value)
            assert_shape(path, answer)


@pytest.mark.parametrize("field", ["login", "password", "remember", "next"])
def test_odd_values_on_the_form_are_no_error_of_ours(make_person, browser, field):
    make_person()
    for value in ("\u202e", "x" * 5000, "\u0130@example.org", "''\";--", "%s%n{{7*7}}"):
        data = {"login": "maya@example.org", "password": "wrong", field: value}
        page = browser.post("/accounts/login/", data)
        assert page.status_code in {200, 302, 429}


@pytest.mark.parametrize("name", hostile_texts.JSON_IN_TEXT)
def test_json_in_every_field_is_no_error_of_ours(name):
    text = hostile_texts.JSON_IN_TEXT[name]
    browser = Client(SERVER_NAME="localhost", raise_request_exception=False)
    for place in places():
        if place.path.startswith(PROGRAMS) or place.path.startswith("/_allauth/"):
            data, kind = body_of(text), JSON
        else:
            data, kind = urlencode(dict.fromkeys(NAMES, text)).encode(), FORM
        cache.clear()  # limits would answer before anything is read
        answer = browser.generic("POST", place.path, data, kind)
        assert answer.status_code < 500, (place.path, answer.status_code)
        assert "Traceback" not in answer.content.decode()


def test_nul_in_an_address_bar():
    for path in (
        "/%00",
        "/accounts/login/?next=%00",
        "/api/me/?a=%00",
        "/admin/?q=%00",
    ):
        assert_shape(path, client().get(path))


def test_hosts_that_are_not_ours():
    for host in ("evil.example", "localhost.evil.example", "[::1", "a b"):
        for path in ("/", "/accounts/login/", "/api/me/", "/.well-known/jwks.json"):
            answer = Client(raise_request_exception=False).get(
                path, headers={"host": host}
            )
            assert answer.status_code == 400, (host, path)


def test_cookies_of_nonsense_are_no_error(make_person):
    make_person()
    for value in ("x", "\u00ff", "a" * 4000, "''", "{}"):
        client = Client(SERVER_NAME="localhost")
        for name in ("sessionid", "csrftoken", "device", "messages"):
            client.cookies[name] = value
        assert client.get("/accounts/login/").status_code == 200
        assert client.get("/dashboard/").status_code == 302
        assert sign_in_by_form(client).status_code == 302


@pytest.fixture
def good(make_person, api):
    """A real access token's claims and header, to be changed and signed again."""
    import jwt

    make_person()
    token = api.tokens()["access"]
    claims = jwt.decode(token, options={"verify_signature": False})
    return claims, jwt.get_unverified_header(token)


def signed(claims, header):
    """A token by our own key over whatever claims."""
    import jwt

    key = ring().signing
    assert isinstance(key, keys.Key)
    text = json.dumps(claims).encode()
    return jwt.api_jws.encode(text, key.private, key.algorithm, headers=header)


ODD_SUBJECTS = (
    None, "", " ", 0, 1, True, 1.5, [], {}, ["x"], "admin", "../..", "' OR 1=1--",
    "00000000-0000-0000-0000-000000000000", "g" * 36, "\ud800", "a\x00b", "x" * 9000,
    "{sub}", "SUB-UPPER",
)  # fmt: skip


@pytest.mark.parametrize("odd", ODD_SUBJECTS)
def test_well_signed_tokens_with_odd_subjects(good, api, odd):
    claims, header = good
    subject = claims["sub"]
    if odd == "{sub}":
        odd = "{" + subject + "}"
    elif odd == "SUB-UPPER":
        odd = subject.upper()
    for claim in ("sub", "sid", "jti"):
        token = signed({**claims, claim: odd}, header)
        bearer = {"authorization": f"Bearer {token}"}
        for path in ("/api/me/", "/api/protected-route/"):
            answer = client().get(path, headers=bearer)
            if str(odd).startswith("0000") and (claim == "sid" or "route" in path):
                continue  # well-formed: looked up only where it matters
            unknown = claim == "sub" and answer.status_code == 200
            assert not unknown, (claim, odd)
            if claim == "jti" and answer.status_code == 200:
                continue  # a name like any other: nothing is looked up by it
            assert_shape(path, answer)
            assert answer.status_code == 401
        session = client().get(
            "/_allauth/app/v1/auth/session", headers={"x-session-token": token}
        )
        assert session.status_code == 401, (claim, odd, session.content)
        for call, name in (("verify", "token"), ("refresh", "refresh")):
            answer = api.post(f"/api/token/{call}/", {name: token})
            assert answer.status_code in {200, 400, 401}
            known = claim == "jti" or str(odd).startswith("0000")
            assert answer.status_code != 200 or known


def test_a_token_of_a_deleted_person_is_refused(make_person, api):
    make_person()
    pair = api.tokens()
    User.objects.all().delete()
    assert api.get("/api/me/", pair["access"]).status_code == 401
    assert api.refresh(pair["refresh"]).status_code == 401
    assert not Family.objects.filter(revoked_at=None).exists()
    answer = api.get("/api/protected-route/", pair["access"])
    assert answer.json()["code"] == "token_revoked"


@pytest.mark.parametrize(
    "value",
    ["Bearer", "Bearer ", "Bearer a b", "Bearer \xff", "Basic eDp4",
     "Bearer " + "x" * 9000, "Bearer ..", "Bearer a.b.c", "Token x", "bearer", ",",
     "Bearer null"],
)  # fmt: skip
def test_odd_authorization_headers(value):
    answer = client().get("/api/me/", headers={"authorization": value})
    assert answer.status_code == 401, value
    assert answer["WWW-Authenticate"].startswith("Bearer")
    assert_shape("/api/me/", answer)


def test_odd_session_tokens(api):
    for value in ("", "x", str(uuid.uuid4()), "\xff", "a" * 5000, "'"):
        answer = api.client().get(
            "/_allauth/app/v1/auth/session", headers={"x-session-token": value}
        )
        assert answer.status_code in {401, 410}, value


def test_nothing_was_lost_after_all_that(make_person, browser):
    make_person()
    body, kind = BODIES["2000 deep"]
    browser.generic("POST", "/accounts/login/", body, kind)
    assert sign_in_by_form(browser, password=PASSWORD).status_code == 302
