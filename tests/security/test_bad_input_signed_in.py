"""The same as test_bad_input, for callers that are let further in: never a 500."""

from __future__ import annotations

import json

import pytest
from django.core.cache import cache
from django.test import Client

from tests.counts import LONG
from tests.fixtures import PASSWORD, enrol_totp, sign_in_by_form
from tests.security.doors import places
from tests.security.hostile_inputs import NAMES as FIELDS
from tests.security.hostile_texts import JSON_IN_TEXT

pytestmark = pytest.mark.django_db(transaction=True)
PROGRAMS = ("/api/", "/_allauth/")
#: Every member that one of these calls knows.
NAMES = (
    "account", "action", "authenticators", "callback_url", "client_id", "code",
    "credential", "current_password", "email", "id", "key", "name", "new_password",
    "password", "passwordless", "pending_token", "phone", "primary", "process",
    "provider", "refresh", "refresh_token", "sessions", "token", "trust",
)  # fmt: skip
BIG = 10**30
ODD = {
    "beyond 64 bits": BIG,
    "the largest of 64 bits, listed": [2**63 - 1, -(2**63)],
    "text beyond 64 bits": str(BIG),
    "text beyond 64 bits, listed": [str(BIG), str(-BIG)],
    "text of 5,000 digits, listed": ["9" * 5000],
    "negative": -1,
    "fractions, listed": [1.5, 1e300, None, True],
    "boolean": True,
    "lists in lists": [[1], [[]]],
    "an object": {"id": "1"},
    "long text": "x" * 5000,
    "long digits": JSON_IN_TEXT["long digits"],
    "deep JSON in text": JSON_IN_TEXT["many open lists"],
}
#: Those that have found something; the others are tried by `make test-long`.
TELLING = ("beyond 64 bits", "text of 5,000 digits, listed", "lists in lists",
           "long digits")  # fmt: skip
METHODS = ("POST", "PUT", "PATCH", "DELETE")


def browser_of(email):
    browser = Client(SERVER_NAME="localhost", raise_request_exception=False)
    assert sign_in_by_form(browser, email).status_code == 302
    return browser


def app_of(email):
    app = Client(SERVER_NAME="localhost", raise_request_exception=False)
    body = {"email": email, "password": PASSWORD}
    path = "/_allauth/app/v1/auth/login"
    meta = app.post(path, body, content_type="application/json").json()["meta"]
    app.cookies.clear()
    app.defaults["HTTP_X_SESSION_TOKEN"] = meta["session_token"]
    return app


def is_in(client):
    kind = "browser" if client.cookies else "app"
    return client.get(f"/_allauth/{kind}/v1/auth/session").status_code == 200


def calls():
    """(method, path) of all calls of programs, with what their views know."""
    for place in places():
        view = place.view_class
        if place.path.startswith(PROGRAMS) and view is not None:
            yield from ((m, place.path) for m in METHODS if hasattr(view, m.lower()))


def test_the_calls_are_found():
    found = set(calls())
    assert ("DELETE", "/_allauth/app/v1/auth/sessions") in found
    assert ("PUT", "/_allauth/browser/v1/account/authenticators/webauthn") in found
    assert ("POST", "/api/token/session/") in found
    assert len(found) > 80


def bodies():
    """Every member with an odd value, and a number that json.dumps would not write."""
    for name, value in ODD.items():
        if LONG or name in TELLING:
            yield json.dumps(dict.fromkeys(NAMES, value))
    yield json.dumps(dict.fromkeys(NAMES, "inf")).replace('"inf"', "[1e999]")


def test_odd_values_at_every_call_of_somebody_signed_in(make_person):
    make_person()
    clients = {sign_in: sign_in("maya@example.org") for sign_in in (browser_of, app_of)}
    for method, path in calls():
        sign_in = app_of if path.startswith("/_allauth/app/") else browser_of
        for body in bodies():
            client = clients[sign_in]
            answer = client.generic(method, path, body, "application/json")
            assert answer.status_code < 500, (method, path, body[:80])
            assert "Traceback" not in answer.content.decode()
        if not is_in(client):
            cache.clear()
            clients[sign_in] = sign_in("maya@example.org")


def test_json_in_every_field_of_every_page(make_person):
    browser = None
    for number, place in enumerate(places()):
        if place.path.startswith(PROGRAMS):
            continue
        if browser is None or not is_in(browser):  # the last page ended the session
            cache.clear()
            browser = browser_of(make_person(f"person{number}@example.org").email)
        for name, text in JSON_IN_TEXT.items():
            answer = browser.post(place.path, dict.fromkeys(FIELDS, text))
            assert answer.status_code < 500, (place.path, name)


@pytest.mark.parametrize(
    ("kind", "sign_in"), [("app", app_of), ("browser", browser_of)]
)
def test_nothing_answers_for_telephone_numbers(make_person, kind, sign_in):
    make_person()
    strict = Client(SERVER_NAME="localhost", enforce_csrf_checks=True)
    body = '{"phone": "+12025550136", "code": "1"}'
    for client in (sign_in("maya@example.org"), strict):
        for call in ("account/phone", "auth/phone/verify", "auth/phone/verify/resend"):
            path = f"/_allauth/{kind}/v1/{call}"
            for method in ("GET", *METHODS):
                answer = client.generic(method, path, body, "application/json")
                shown = (answer.status_code, answer.json()["status"])
                assert shown == (404, 404), (method, path)


IDS = ([BIG], [str(BIG)], [-BIG], ["x"], [[1]], 1, "1", [1.5], [True, None],
       list(range(1000)))  # fmt: skip


@pytest.mark.parametrize(
    ("call", "name"),
    [("auth/sessions", "sessions"),
     ("account/authenticators/webauthn", "authenticators")],
)  # fmt: skip
def test_ids_of_nothing_are_refused_and_end_nothing(make_person, call, name):
    make_person()
    browser = browser_of("maya@example.org")
    for ids in IDS:
        path = f"/_allauth/browser/v1/{call}"
        answer = browser.delete(path, {name: ids}, content_type="application/json")
        assert (answer.status_code, answer.json()["status"]) == (400, 400), ids
    assert is_in(browser)


def test_own_sessions_are_still_ended_by_their_ids(make_person):
    make_person()
    browser, other = browser_of("maya@example.org"), browser_of("maya@example.org")
    path = "/_allauth/browser/v1/auth/sessions"
    listed = browser.get(path).json()["data"]
    (gone,) = [one["id"] for one in listed if not one["is_current"]]
    answer = browser.delete(path, {"sessions": [gone]}, content_type="application/json")
    assert answer.status_code == 200
    assert (is_in(browser), is_in(other)) == (True, False)


def test_huge_numbers_in_paths_and_forms_of_pages(make_person):
    enrol_totp(make_person("owner@example.org", is_staff=True, is_superuser=True))
    make_person()
    browser = browser_of("maya@example.org")
    for number in (BIG, -BIG, 2**63, "9" * 5000):
        for path in (
            f"/accounts/activity/not-me/{number}/",
            f"/accounts/2fa/webauthn/keys/{number}/remove/",
            f"/accounts/2fa/webauthn/keys/{number}/edit/",
            f"/accounts/sessions/?page={number}",
            f"/accounts/activity/?page={number}",
        ):
            assert browser.get(path).status_code < 500, path
        for path, name in (
            ("/accounts/sessions/", "session"),
            ("/accounts/3rdparty/", "account"),
        ):
            assert browser.post(path, {name: str(number)}).status_code < 500, path
