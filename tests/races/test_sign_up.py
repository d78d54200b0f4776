"""Sign-ups with one address that are confirmed together: one account, and no error."""

from __future__ import annotations

import json
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from allauth.account.models import EmailAddress
from allauth.socialaccount.models import SocialAccount
from django.contrib.sessions.models import Session
from django.db import connection
from django.test import Client

from accounts.audit.models import Action, Event
from accounts.models import User
from tests.counts import count
from tests.fixtures import code_in, deliver_mail
from tests.standins.fixtures import sign_in_by

pytestmark = pytest.mark.django_db(transaction=True)
EMAIL, PASSWORD = "twice@example.org", "correct horse battery"
AT_ONCE = count(4, 16)
CODE_PAGE, CALL = "/accounts/confirm-email/", "/_allauth/browser/v1/auth/email/verify"
WAYS = {
    "password": ("/accounts/signup/", {"email": EMAIL, "password1": PASSWORD}),
    "passkey": ("/accounts/signup/passkey/", {"email": EMAIL}),
}
JSON = {"content_type": "application/json"}


def fresh():
    return Client(SERVER_NAME="localhost", raise_request_exception=False)


@pytest.fixture(autouse=True)
def no_limits(settings):
    settings.ACCOUNT_RATE_LIMITS = dict.fromkeys(settings.ACCOUNT_RATE_LIMITS, "")


def begun(way, providers):
    """A browser in which a sign-up waits, and its code."""
    browser = fresh()
    if way == "provider":
        sign_in_by(providers, browser, misfortune="unverified", email=EMAIL)
    else:
        browser.post(*WAYS[way])
    return browser, code_in(deliver_mail()[-1])


def at_once(calls):
    """What each of these returns, started at one moment."""
    together = threading.Barrier(len(calls))

    def run(call):
        together.wait()
        try:
            return call()
        finally:
            connection.close()

    with ThreadPoolExecutor(len(calls)) as pool:
        return list(pool.map(run, calls))


def confirm(browser, code, door):
    if door == "page":
        return lambda: browser.post(CODE_PAGE, {"code": code})
    return lambda: browser.post(CALL, json.dumps({"key": code}), **JSON)


def one_account(way):
    user = User.objects.get()
    assert EmailAddress.objects.get().verified
    assert user.email == EMAIL
    assert SocialAccount.objects.count() == (way == "provider")
    assert Event.objects.filter(action=Action.SIGN_UP).count() == 1
    return user


@pytest.mark.parametrize("door", ["page", "call"])
@pytest.mark.parametrize("way", [*WAYS, "provider"])
def test_one_of_several_browsers_creates_the_account(providers, way, door):
    waiting = [begun(way, providers) for _ in range(AT_ONCE)]
    answers = at_once([confirm(*one, door) for one in waiting])
    one_account(way)
    if door == "call":
        won = 401 if way == "passkey" else 200  # 401: the passkey comes next
        assert sorted(one.status_code for one in answers) == sorted(
            [won, *[400] * (AT_ONCE - 1)]
        )
        return
    places = [one["Location"] for one in answers]
    won = "/accounts/2fa/webauthn/signup/" if way == "passkey" else "/dashboard/"
    assert sorted(places) == sorted([won, *["/accounts/login/"] * (AT_ONCE - 1)])


@pytest.mark.parametrize("door", ["page", "call"])
@pytest.mark.parametrize("way", [*WAYS, "provider"])
def test_one_of_several_requests_of_a_browser_creates_it(providers, way, door):
    browser, code = begun(way, providers)
    same = [fresh() for _ in range(AT_ONCE)]
    for one in same:
        one.cookies = browser.cookies.copy()
    answers = at_once([confirm(one, code, door) for one in same])
    one_account(way)
    assert all(one.status_code < 500 for one in answers)
    if way == "passkey":  # the step that comes next is still there
        page = browser.get("/accounts/2fa/webauthn/signup/")
        assert page.status_code == 200
    else:
        assert Event.objects.filter(action=Action.SIGN_IN).count() == 1
        assert Session.objects.count() == 1
