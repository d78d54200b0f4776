"""Answers that could tell by their time who has an account leave at fixed steps."""

from __future__ import annotations

import itertools
import json

import pytest
from allauth.account.internal.stagekit import LOGIN_SESSION_KEY
from django import forms
from django.contrib.auth import SESSION_KEY
from django.test import Client
from django.urls import get_resolver
from django.urls.resolvers import URLPattern

from accounts.policy import pace
from tests.fixtures import PASSWORD, later, sign_in_by_form
from tests.standins.fixtures import come_back, sign_in_by, start

EMAIL = "nobody@example.org"
#: Everything that a form with an address may ask for.
FIELDS = {
    "email": EMAIL, "login": EMAIL, "password": PASSWORD, "password1": PASSWORD,
    "action_add": "",
}  # fmt: skip
#: A password is checked for every address alike: the hash is what takes the time.
SIGN_IN = {
    "/accounts/login/",
    "/_allauth/app/v1/auth/login",
    "/_allauth/browser/v1/auth/login",
}
TAKE_AN_ADDRESS = {
    "/accounts/signup/", "/accounts/signup/passkey/", "/accounts/password/reset/",
    "/accounts/login/code/", "/accounts/email/", "/accounts/3rdparty/signup/",
    *(f"/_allauth/{client}/v1/auth/{call}" for client in ("app", "browser")
      for call in ("signup", "webauthn/signup", "password/request", "code/request")),
    "/_allauth/browser/v1/auth/provider/signup", "/_allauth/browser/v1/account/email",
}  # fmt: skip


@pytest.fixture
def slept(monkeypatch):
    """How long answers were held, in seconds; nothing is really held."""
    found = []
    monkeypatch.setattr(pace.time, "sleep", found.append)
    return found


def every_path(resolver=None, prefix="/"):
    """Of all pages and calls that need nothing in their address."""
    for one in (resolver or get_resolver()).url_patterns:
        path = prefix + str(one.pattern).lstrip("^")
        if isinstance(one, URLPattern):
            if not set(path) & set("<(\\"):
                yield path.rstrip("$")
        else:
            yield from every_path(one, path)


@pytest.fixture
def people(make_person, providers):
    """Each kind of client that may type an address: what its session holds, and how."""
    number = itertools.count()

    def signed_in():  # somebody new: one of the pages closes accounts
        user = make_person(f"person-{next(number)}@example.org")
        browser = Client(SERVER_NAME="localhost")
        sign_in_by_form(browser, user.email)
        return browser

    def with_a_provider():
        browser = Client(SERVER_NAME="localhost")
        sign_in_by(providers, browser, misfortune="no_email")
        return browser

    return {
        "": lambda: Client(SERVER_NAME="localhost"),
        SESSION_KEY: signed_in,
        "socialaccount_sociallogin": with_a_provider,
    }


@pytest.mark.django_db(transaction=True)
def test_every_answer_to_a_typed_address_is_held(people, slept, settings, monkeypatch):
    settings.ACCOUNT_LOGIN_BY_CODE_ENABLED = True
    settings.ACCOUNT_RATE_LIMITS = dict.fromkeys(settings.ACCOUNT_RATE_LIMITS, "")
    read, clean = [], forms.EmailField.clean

    def spy(field, value):
        read.append(value)
        return clean(field, value)

    monkeypatch.setattr(forms.EmailField, "clean", spy)
    takes, forgotten, clients = set(), set(), {}
    for path in sorted(set(every_path())):
        kind = (
            {"data": json.dumps(FIELDS), "content_type": "application/json"}
            if path.startswith("/_allauth/")
            else {"data": FIELDS}
        )
        for holds, make in people.items():
            client = clients.get(holds)
            data = client.session if client else {}
            if holds not in data or LOGIN_SESSION_KEY in data:  # used up
                client = clients[holds] = make()
                client.raise_request_exception = False
            read.clear()
            answer = client.post(path, **kind)
            if EMAIL not in read or answer.status_code in pace.SAYS_NOTHING:
                continue
            takes.add(path)
            if not getattr(answer.wsgi_request, pace.HELD, False):
                forgotten.add(path)
    assert forgotten <= SIGN_IN
    assert takes >= TAKE_AN_ADDRESS


@pytest.mark.parametrize("known", [False, True])
@pytest.mark.parametrize("door", ["page", "call"])
def test_so_is_sending_the_code_again(db, make_person, slept, known, door):
    if known:
        make_person(EMAIL)
    client = Client(SERVER_NAME="localhost")
    client.post("/accounts/signup/", {"email": EMAIL, "password1": PASSWORD})
    slept.clear()
    with later(seconds=11):
        if door == "page":
            client.post("/accounts/confirm-email/", {"action": "resend"})
        else:
            path = "/_allauth/browser/v1/auth/email/verify/resend"
            answer = client.post(path, content_type="application/json")
            assert answer.status_code == 200, answer.content
    assert len(slept) == 1


@pytest.mark.django_db(transaction=True)
def test_so_is_a_provider_s_person_with_an_unverified_address(providers, slept):
    browser = Client(SERVER_NAME="localhost")
    back = providers.consent(start(browser), "unverified")
    slept.clear()
    come_back(browser, back)
    assert len(slept) == 1


def test_no_such_answer_is_faster_than_the_floor(db, slept):
    Client(SERVER_NAME="localhost").post("/accounts/password/reset/", {"email": EMAIL})
    assert len(slept) == 1
    assert 0 < slept[0] <= pace.FLOOR


@pytest.mark.parametrize(
    ("taken", "until"), [(0.0, 0.15), (0.149, 0.15), (0.151, 0.2), (0.32, 0.35)]
)
def test_it_leaves_at_the_floor_or_at_a_step_beyond_it(monkeypatch, taken, until):
    monkeypatch.setattr(pace, "FLOOR", 0.15)  # tests/conftest.py makes them short
    monkeypatch.setattr(pace, "STEP", 0.05)
    assert taken + pace.left(taken) == pytest.approx(until)


@pytest.mark.parametrize("path", ["/accounts/signup/", "/accounts/password/reset/"])
def test_a_page_that_is_looked_at_is_not_held(db, slept, path):
    Client(SERVER_NAME="localhost").get(path)
    assert slept == []


def test_nor_is_a_sign_in_whose_hash_takes_the_same_time_for_all(db, slept):
    Client(SERVER_NAME="localhost").post("/accounts/login/", {"login": "a@b.cd"})
    assert slept == []


def test_nor_what_is_refused_before_anybody_is_looked_up(db, slept):
    strict = Client(SERVER_NAME="localhost", enforce_csrf_checks=True)
    assert strict.post("/accounts/signup/").status_code == 403
    assert strict.post("/x/signup/").status_code == 404
    assert slept == []
