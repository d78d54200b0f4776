"""The page after too many tries: how long, and no way that is not open.

A way is believed open when it was really gone, there and then.
"""

from __future__ import annotations

import re

import pytest
from django.test import Client

from tests import passkeys
from tests.fixtures import (
    PASSWORD,
    code_in,
    deliver_mail,
    enrol_totp,
    later,
    second_step,
    sign_in_by_form,
)
from tests.passkeys import SoftKey, enrol
from tests.standins.fixtures import sign_in_by

pytestmark = pytest.mark.django_db(transaction=True)
WAYS = {
    "passkey": 'id="passkey_login"',
    "provider": "Continue with Google",
    "code": "E-mail me a code",
    "password": "Sign in with your password",
    "reset": "Choose a new one",
}
NEW = "another password 9"


@pytest.fixture
def by_code(settings):
    settings.ACCOUNT_LOGIN_BY_CODE_ENABLED = True


@pytest.fixture
def key(make_person):
    """A passkey of maya's; she is signed in nowhere."""
    make_person()
    made, client = SoftKey(), Client(SERVER_NAME="localhost")
    sign_in_by_form(client)
    enrol(client, made, "Laptop")
    deliver_mail()
    return made


def fresh(**more):
    return Client(SERVER_NAME="localhost", **more)


def is_in(browser):
    return browser.get("/dashboard/").status_code == 200


def told(answer, title, *words):
    """It is a 429 with this title, twice, and these words; returns its ways in."""
    page = answer.content.decode()
    assert answer.status_code == 429
    assert f"<h1>{title}</h1>" in page
    assert f"<title>{title} - Authsite</title>" in page
    for word in words:
        assert word in page
    wait = int(answer["Retry-After"])
    minutes = re.search(r"Wait (\d+) minutes", title)
    if minutes:
        assert (int(minutes.group(1)) - 1) * 60 < wait <= int(minutes.group(1)) * 60
    else:
        assert wait <= (10 if "seconds" in title else 60)
    assert "no-store" in answer["Cache-Control"]
    return {way for way, mark in WAYS.items() if mark in page}


def guess(browser, times, email="maya@example.org", **more):
    for number in range(times):
        answer = sign_in_by_form(browser, email.format(number), "wrong", **more)
    return answer


def test_one_address_guessed_the_other_ways_are_open(providers, key, browser, by_code):
    answer = guess(browser, 6)
    ways = told(answer, "Wait 5 minutes, then try again", "No account was locked")
    assert ways == {"passkey", "provider", "reset"}
    # a code is counted with the passwords, and would be refused
    browser.post("/accounts/login/code/", {"email": "maya@example.org"})
    code = code_in(deliver_mail()[-1])
    confirm = {"code": code}
    assert browser.post("/accounts/login/code/confirm/", confirm).status_code == 429
    assert sign_in_by_form(fresh()).status_code == 429
    # what is offered lets one in
    by_key = fresh()
    passkeys.sign_in(by_key, key)
    assert is_in(by_key)
    by_provider = fresh()
    sign_in_by(providers, by_provider, email="provider@example.org", sub="p-1")
    assert is_in(by_provider)
    with later(minutes=5, seconds=1):
        assert sign_in_by_form(browser).status_code == 302


def test_a_new_password_ends_the_pause(make_person, browser):
    make_person()
    assert "reset" in told(guess(browser, 6), "Wait 5 minutes, then try again")
    browser.post("/accounts/password/reset/", {"email": "maya@example.org"})
    link = re.search(r"localhost\S*?(/accounts/\S+/key/\S+)", deliver_mail()[-1].body)
    form = browser.get(link.group(1), follow=True).redirect_chain[-1][0]
    browser.post(form, {"password1": NEW})
    assert sign_in_by_form(browser, password=NEW).status_code == 302


def test_many_addresses_guessed_from_one_place(providers, key, browser, by_code):
    answer = guess(browser, 11, "a{}@example.org")
    ways = told(answer, "Wait a minute, then try again", "No account was locked")
    # A provider may lead to a second step, which this place may not try either.
    assert ways == {"passkey", "reset"}
    by_key = fresh()
    passkeys.sign_in(by_key, key)
    assert is_in(by_key)
    # from another place the right password works at once
    elsewhere = fresh(REMOTE_ADDR="10.9.8.7")
    assert sign_in_by_form(elsewhere).status_code == 302
    assert sign_in_by_form(browser).status_code == 429


def test_a_second_step_is_counted_by_place_too(make_person, browser):
    app = enrol_totp(make_person())
    sign_in_by_form(browser)
    guess(fresh(), 11, "a{}@example.org")
    assert second_step(browser, app.code()).status_code == 429


def test_a_place_where_many_sign_in(providers, make_person, browser, by_code):
    make_person()
    clients = [fresh() for _ in range(30)]
    assert {sign_in_by_form(client).status_code for client in clients} == {302}
    ways = told(sign_in_by_form(browser), "Wait a minute, then try again")
    assert ways == {"passkey", "provider", "code", "reset"}
    browser.post("/accounts/login/code/", {"email": "maya@example.org"})
    code = code_in(deliver_mail()[-1])
    browser.post("/accounts/login/code/confirm/", {"code": code})
    assert is_in(browser)


def test_where_one_wanted_to_go_is_kept(make_person, browser):
    make_person()
    page = guess(browser, 6, next="/profile/").content.decode()
    assert '<input type="hidden" name="next" value="/profile/">' in page
    assert "/accounts/login/?next=%2Fprofile%2F" in page
    evil = guess(browser, 1, next="//evil.example/").content.decode()
    assert "evil.example" not in evil


def test_too_many_mails_for_a_new_password(providers, key, browser, by_code):
    for _ in range(21):
        answer = browser.post(
            "/accounts/password/reset/", {"email": "maya@example.org"}
        )
    ways = told(answer, "Wait a minute, then try again", "No further mail was sent.")
    assert ways == {"passkey", "provider", "password"}  # a code is a mail as well
    assert 'href="">Back to the form' in answer.content.decode()
    with later(minutes=1, seconds=1):
        again = browser.post("/accounts/password/reset/", {"email": "m@example.org"})
        assert again.status_code == 302


def test_too_many_codes_asked_for(providers, key, browser, by_code):
    for _ in range(21):
        answer = browser.post("/accounts/login/code/", {"email": "maya@example.org"})
    ways = told(answer, "Wait a minute, then try again", "No further mail was sent.")
    assert ways == {"passkey", "provider", "password"}
    assert sign_in_by_form(browser).status_code == 302


WAIT = "Wait a few seconds, then try again"
MAIL = "No further mail was sent."


@pytest.fixture
def one_code(settings):
    """One code in ten seconds from one network."""
    limits = {**settings.ACCOUNT_RATE_LIMITS, "confirm_email": "1/10s/ip"}
    settings.ACCOUNT_RATE_LIMITS = limits


def test_another_code_too_soon_after_the_first(browser, one_code):
    form = {"email": "new@example.org", "password1": PASSWORD}
    browser.post("/accounts/signup/", form)
    answer = browser.post("/accounts/confirm-email/", {"action": "resend"})
    told(answer, WAIT, MAIL)
    assert 'href="">Back to the form' in answer.content.decode()
    with later(seconds=11):
        again = browser.post("/accounts/confirm-email/", {"action": "resend"})
        assert again.status_code == 302


def test_another_code_too_soon_for_a_new_address(make_person, browser, one_code):
    make_person()
    sign_in_by_form(browser)
    form = {"email": "moved@example.org", "action_add": ""}
    browser.post("/accounts/email/", form)
    answer = browser.post("/accounts/confirm-email/", {"action": "resend"})
    told(answer, WAIT, MAIL)
    assert 'href="">Back to the form' in answer.content.decode()
    # the page of the address knows that a code is to be typed
    page = browser.get("/accounts/email/").content.decode()
    assert "is waiting to be confirmed" in page
    assert 'href="/accounts/confirm-email/">Enter the code' in page


def test_a_provider_s_person_whose_address_was_just_mailed(providers, one_code):
    unproven = {"misfortune": "unverified", "email": "zed@example.org"}
    for number in range(2):
        answer = sign_in_by(providers, fresh(), sub=f"z-{number}", **unproven)
    told(answer, WAIT, MAIL)
    page = answer.content.decode()
    assert 'href="/accounts/login/">Back to sign-in' in page
    assert 'href="">' not in page  # this address of the site works only once


def test_too_many_sign_ups_from_one_place(browser):
    for number in range(21):
        form = {"email": f"new{number}@example.org", "password1": PASSWORD}
        answer = fresh().post("/accounts/signup/", form)
    told(answer, "Wait a minute, then try again", "This try made no account.")


def test_too_many_tries_of_a_reset_link(browser):
    for _ in range(21):
        answer = browser.post("/accounts/password/reset/key/1-x/", {"password1": NEW})
    told(answer, "Wait a minute, then try again", "Nothing was changed.")


def test_too_many_wrong_codes_of_a_second_step(make_person, browser):
    app = enrol_totp(make_person())
    sign_in_by_form(browser)
    for _ in range(6):
        answer = second_step(browser, "000000")
    ways = told(answer, "Wait 5 minutes, then try again", "too many wrong codes")
    assert ways == set()
    assert "Back to the form" in answer.content.decode()
    with later(minutes=5, seconds=1):
        assert browser.get("/accounts/2fa/authenticate/").status_code == 200
        second_step(browser, app.code())
        assert is_in(browser)


def test_too_many_challenges_for_passkeys(make_person, browser, by_code):
    make_person()
    for _ in range(31):
        answer = browser.post("/accounts/2fa/webauthn/login/", {"credential": "{}"})
    ways = told(answer, "Wait a minute, then try again", "too many requests")
    assert ways == {"password", "code"}
    assert sign_in_by_form(browser).status_code == 302


@pytest.mark.parametrize(
    ("path", "form", "title", "words"),
    [
        (
            "/accounts/password/change/",
            {"oldpassword": "wrong", "password1": NEW},
            "Wait a minute, then try again",
            "This last change was not made.",
        ),
        (
            "/accounts/email/",
            {"email": "not an address", "action_add": ""},
            "Wait a minute, then try again",
            "This last change was not made.",
        ),
        (
            "/accounts/reauthenticate/",
            {"password": "wrong"},
            "Wait 5 minutes, then try again",
            "people who guess passwords",
        ),
    ],
)
def test_a_person_who_is_signed_in_goes_back_to_the_overview(
    make_person, browser, path, form, title, words
):
    make_person()
    sign_in_by_form(browser)
    for _ in range(12):
        answer = browser.post(path, form)
        if answer.status_code == 429:
            break
    assert told(answer, title, words) == set()
    page = answer.content.decode()
    assert 'href="/dashboard/">Go to the overview' in page
    assert "Back to sign-in" not in page
    assert is_in(browser)


def test_without_the_database_it_still_says_the_least(
    make_person, browser, monkeypatch
):
    from django.db import OperationalError

    from authsite import errors

    def away(request, pause):
        raise OperationalError

    monkeypatch.setattr(errors, "limited_page", away)
    answer = guess(browser, 6)
    assert answer.status_code == 429
    assert int(answer["Retry-After"]) > 240
    assert "There were too many tries" in answer.content.decode()
