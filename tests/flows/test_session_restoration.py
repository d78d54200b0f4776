"""Coming back: a sign-in goes on where it may, and says why where it does not."""

from __future__ import annotations

import pytest
from allauth.usersessions.models import UserSession
from django.conf import settings
from django.contrib.sessions.models import Session
from django.core.management import call_command
from django.test import Client

from accounts.policy.models import EndedSession
from accounts.policy.sessions import end_sessions
from tests.fixtures import PASSWORD, exchange, later, sign_in_by_form

pytestmark = pytest.mark.django_db(transaction=True)


def restarted(browser):
    """The same browser after a restart: cookies without an age are gone."""
    again = Client(SERVER_NAME="localhost")
    for name, morsel in browser.cookies.items():
        if morsel["max-age"]:
            again.cookies[name] = morsel.value
    return again


def told(browser):
    """What the sign-in page says to whoever asks for a page of their own."""
    page = browser.get("/dashboard/", follow=True)
    assert page.redirect_chain[-1][0] == "/accounts/login/?next=/dashboard/"
    return page.content.decode()


@pytest.fixture
def other():
    """Another browser of the same person."""
    return Client(SERVER_NAME="localhost")


def test_a_remembered_browser_goes_on_after_a_restart_and_weeks(make_person, browser):
    make_person()
    sign_in_by_form(browser, remember="on")
    again = restarted(browser)
    with later(days=29):
        assert again.get("/dashboard/").status_code == 200
    with later(days=57):  # idle for less than 30 days since
        assert restarted(again).get("/dashboard/").status_code == 200


def test_one_that_is_not_remembered_ends_with_the_browser(make_person, browser):
    make_person()
    sign_in_by_form(browser)
    assert "You were signed out" not in told(restarted(browser))


def test_a_refresh_goes_on_after_days(make_person, api):
    make_person()
    pair = api.tokens()
    with later(days=13):
        pair = api.refresh(pair["refresh"]).json()
    with later(days=26):
        assert api.refresh(pair["refresh"]).status_code == 200


def change_password_elsewhere(user, other):
    form = {"oldpassword": PASSWORD, "password1": "another password 9"}
    other.post("/accounts/password/change/", form)


def end_elsewhere(user, other):
    other.post("/accounts/sessions/")  # all but its own


def end_by_admin(user, other):
    end_sessions(user, "admin")


def crowd_out(user, other):
    from accounts.policy import sessions

    sessions.end_oldest(user, keep=2)


ENDS = {
    "your password changed": change_password_elsewhere,
    "from another browser or device of yours": end_elsewhere,
    "by an administrator": end_by_admin,
    "on many other devices": crowd_out,
}


@pytest.mark.parametrize("words", ENDS)
def test_a_session_ended_elsewhere_explains_itself_once(
    make_person, browser, other, words
):
    user = make_person()
    sign_in_by_form(browser)
    sign_in_by_form(other)
    ENDS[words](user, other)
    assert words in told(browser)
    assert "You were signed out" not in told(browser)
    password = "another password 9" if "password" in words else PASSWORD
    sign_in_by_form(browser, password=password)
    assert browser.get("/dashboard/").status_code == 200


def test_an_idle_session_explains_itself_before_and_after_pruning(
    make_person, browser, other
):
    make_person()
    sign_in_by_form(browser)
    sign_in_by_form(other)
    with later(hours=13):
        assert "was not used for a while" in told(browser)
        call_command("prune")
        assert not UserSession.objects.exists()
        assert "was not used for a while" in told(other)


def test_the_longest_sign_in_explains_its_end(make_person, browser):
    make_person()
    sign_in_by_form(browser, remember="on")
    for days in (25, 50, 75):
        with later(days=days):
            assert browser.get("/dashboard/").status_code == 200
    with later(days=91):
        assert "you signed in here long ago" in told(browser)


def test_signing_out_oneself_needs_no_explanation(make_person, browser):
    make_person()
    sign_in_by_form(browser)
    key = browser.cookies[settings.SESSION_COOKIE_NAME].value
    browser.post("/accounts/logout/")
    thief = Client(SERVER_NAME="localhost")
    thief.cookies[settings.SESSION_COOKIE_NAME] = key
    assert "You were signed out" not in told(thief)


def test_an_invented_key_is_told_nothing_and_costs_no_session(client):
    client.cookies[settings.SESSION_COOKIE_NAME] = "a" * 32
    assert "You were signed out" not in told(client)
    assert not Session.objects.exists()


def test_the_key_itself_is_not_kept(make_person, browser):
    user = make_person()
    sign_in_by_form(browser)
    key = browser.cookies[settings.SESSION_COOKIE_NAME].value
    end_sessions(user, "admin")
    (row,) = EndedSession.objects.all()
    assert key not in row.digest


def test_reasons_are_forgotten_in_time(make_person, browser):
    user = make_person()
    sign_in_by_form(browser)
    end_sessions(user, "admin")
    with later(days=31):
        call_command("prune")
        assert not EndedSession.objects.exists()


REASONS = {
    "admin": lambda user, browser: end_sessions(user, "admin"),
    "signed_out": lambda user, browser: browser.post("/accounts/logout/"),
    "password_changed": lambda user, browser: user.set_password("new") or user.save(),
}


@pytest.mark.parametrize("reason", REASONS)
def test_an_app_is_told_why_its_sign_in_ended(make_person, browser, api, reason):
    user = make_person()
    sign_in_by_form(browser)
    pair = exchange(browser).json()
    REASONS[reason](user, browser)
    answer = api.refresh(pair["refresh"])
    assert (answer.status_code, answer.json()["code"]) == (401, "token_revoked")
    assert answer.json()["reason"] == reason
