"""Sign-in by a code from the mail: off unless LOGIN_BY_CODE; nothing told to strangers.

The second step is asked for as after a password.
"""

from __future__ import annotations

import datetime as dt
import json
import re

import pytest
import time_machine
from allauth.account.models import EmailAddress
from allauth.account.signals import user_logged_in
from allauth.usersessions.models import UserSession
from django.contrib.sessions.models import Session
from django.test import Client
from django.utils import timezone

from accounts.tokens.models import Family
from tests.fixtures import (
    code_in,
    deliver_mail,
    enrol_totp,
    second_step,
    sign_in_by_form,
)

pytestmark = pytest.mark.django_db(transaction=True)
ASK, CONFIRM = "/accounts/login/code/", "/accounts/login/code/confirm/"
API = "/_allauth/app/v1/auth"
EMAIL = "maya@example.org"


@pytest.fixture
def enabled(settings):
    settings.ACCOUNT_LOGIN_BY_CODE_ENABLED = True


def ask(browser, email=EMAIL, **more):
    return browser.post(ASK, {"email": email, **more})


def mailed():
    return code_in(deliver_mail()[-1])


def wrong(code):
    """A code that certainly is another one."""
    return code[:-1] + str((int(code[-1]) + 1) % 10)


def signed_in(browser):
    return browser.get("/dashboard/").status_code == 200


def shape(answer):
    """What a stranger can see of a page, but for tokens and the address typed."""
    text = re.sub(r'value="\w+"', "", answer.content.decode())
    return answer.status_code, re.sub(r"\w+@example.org", "", text)


def test_it_is_off_by_default(make_person, browser, api):
    make_person()
    assert "login/code" not in browser.get("/accounts/login/").content.decode()
    assert browser.get(ASK).status_code == 404
    assert ask(browser).status_code == 404
    assert browser.get(CONFIRM)["Location"] == "/accounts/login/"
    assert api.post(f"{API}/code/request", {"email": EMAIL}).status_code == 404
    assert api.post(f"{API}/code/confirm", {"code": "1"}).status_code == 409
    assert deliver_mail() == []


def test_a_code_signs_in_once(make_person, browser, enabled):
    make_person()
    assert ASK in browser.get("/accounts/login/").content.decode()
    assert ask(browser, next="/profile/")["Location"] == f"{CONFIRM}?next=%2Fprofile%2F"
    message = deliver_mail()[-1]
    assert message.to == [EMAIL]
    for line in ("When:", "With:", "From: 127.0.0.1", "Was this not you?"):
        assert line in message.body
    spaced = f" {code_in(message).replace('-', ' ')} "
    page = browser.get(CONFIRM).content.decode()
    assert 'autocomplete="one-time-code"' in page
    answer = browser.post(CONFIRM, {"code": spaced, "next": "/profile/"})
    assert answer["Location"] == "/profile/"
    assert signed_in(browser)
    assert "E-mail code" in browser.get("/dashboard/").content.decode()
    again = Client(SERVER_NAME="localhost")
    assert again.post(CONFIRM, {"code": spaced})["Location"] == "/accounts/login/"
    assert not signed_in(again)


def test_the_api_ends_with_the_pair(make_person, api, enabled):
    make_person()
    asked = api.post(f"{API}/code/request", {"email": EMAIL})
    assert asked.status_code == 401
    token = asked.json()["meta"]["session_token"]
    flows = {flow["id"]: flow for flow in asked.json()["data"]["flows"]}
    assert flows["login_by_code"]["is_pending"]
    code = mailed()
    refused = api.post(
        f"{API}/code/confirm", {"code": wrong(code)}, x_session_token=token
    )
    assert refused.status_code == 400
    done = api.post(f"{API}/code/confirm", {"code": code}, x_session_token=token)
    assert done.status_code == 200, done.content
    access = done.json()["meta"]["access_token"]
    me = api.get("/api/me/", access).json()
    assert (me["email"], me["amr"]) == (EMAIL, ["otp"])
    again = api.post(f"{API}/code/confirm", {"code": code}, x_session_token=token)
    assert again.status_code in {401, 409, 410}
    assert Family.objects.count() == 1


def test_the_second_step_is_still_asked_for(make_person, browser, api, enabled):
    app = enrol_totp(make_person())
    ask(browser)
    answer = browser.post(CONFIRM, {"code": mailed()})
    assert answer["Location"].startswith("/accounts/2fa/authenticate/")
    assert not signed_in(browser)
    second_step(browser, app.code())
    assert signed_in(browser)
    token = api.post(f"{API}/code/request", {"email": EMAIL}).json()["meta"][
        "session_token"
    ]
    half = api.post(f"{API}/code/confirm", {"code": mailed()}, x_session_token=token)
    assert half.status_code == 401
    assert not Family.objects.exists()
    done = api.post(
        f"{API}/2fa/authenticate", {"code": app.code(1)}, x_session_token=token
    )
    assert done.json()["meta"]["access_token"]


def test_a_code_fits_its_own_request_alone(make_person, browser, enabled):
    """ASVS 6.6.2."""
    make_person()
    other = Client(SERVER_NAME="localhost")
    ask(browser)
    first = mailed()
    ask(other)
    assert "does not fit" in other.post(CONFIRM, {"code": first}).content.decode()
    assert not signed_in(other)
    ask(browser)  # "send a new code": the one before no longer fits
    second = mailed()
    assert "does not fit" in browser.post(CONFIRM, {"code": first}).content.decode()
    browser.post(CONFIRM, {"code": second})
    assert signed_in(browser)


def test_it_ends_after_ten_minutes(make_person, browser, enabled):
    make_person()
    ask(browser)
    code = mailed()
    with time_machine.travel(timezone.now() + dt.timedelta(minutes=10, seconds=5)):
        assert browser.post(CONFIRM, {"code": code})["Location"] == ASK
    assert not signed_in(browser)


def test_five_tries_and_no_more_whatever_is_asked_for_anew(
    make_person, browser, enabled
):
    make_person()
    ask(browser)
    code = mailed()
    for _ in range(4):
        assert browser.post(CONFIRM, {"code": wrong(code)}).status_code == 200
    assert browser.post(CONFIRM, {"code": wrong(code)}).status_code == 302
    assert browser.post(CONFIRM, {"code": code})["Location"] == "/accounts/login/"
    ask(browser)
    limited = browser.post(CONFIRM, {"code": mailed()})
    assert limited.status_code == 429
    assert int(limited["Retry-After"]) > 200
    assert not signed_in(browser)


def test_codes_share_the_limit_of_other_mail(
    make_person, browser, api, enabled, settings
):
    limits = {**settings.ACCOUNT_RATE_LIMITS, "reset_password": "5/m/ip"}
    settings.ACCOUNT_RATE_LIMITS = limits
    make_person()
    for _ in range(3):
        ask(browser)
    for _ in range(2):
        browser.post("/accounts/password/reset/", {"email": EMAIL})
    limited = ask(browser)
    assert (limited.status_code, limited.has_header("Retry-After")) == (429, True)
    assert api.post(f"{API}/code/request", {"email": EMAIL}).status_code == 429
    assert len(deliver_mail()) == 5


def everybody(make_person):
    make_person()
    make_person("disabled@example.org", is_active=False)
    make_person("unproven@example.org", verified=False)
    return (
        EMAIL,
        "disabled@example.org",
        "unproven@example.org",
        "nobody@example.org",
    )


def test_known_unknown_and_disabled_look_alike(make_person, api, enabled):
    pages, answers, sent = set(), set(), []
    for email in everybody(make_person):
        browser = Client(SERVER_NAME="localhost")
        asked = ask(browser, email)
        assert asked["Location"] == CONFIRM
        pages.add((shape(browser.get(CONFIRM)), shape(ask(browser, email))))
        pages.add((shape(browser.post(CONFIRM, {"code": "0000-0000"})),))
        answer = api.post(f"{API}/code/request", {"email": email})
        token = answer.json()["meta"].pop("session_token")
        answers.add((answer.status_code, answer.content.decode().replace(token, "")))
        sent.append(len(deliver_mail()))
    assert len(pages) == 2
    assert len(answers) == 1
    assert sent == [3, 6, 9, 12]


def test_an_unproven_address_is_proven_and_a_stranger_keeps_nothing(
    make_person, browser, enabled
):
    """Better Auth GHSA-qq9h-g4jm-xgf3: a password waited for the owner."""
    user = make_person(verified=False)
    stranger = Client(SERVER_NAME="localhost")
    waiting = sign_in_by_form(stranger)
    assert waiting["Location"] == "/accounts/confirm-email/"
    ask(browser)
    browser.post(CONFIRM, {"code": mailed()})
    assert signed_in(browser)
    assert EmailAddress.objects.get(user=user).verified
    user.refresh_from_db()
    assert not user.has_usable_password()
    told = deliver_mail()[-1]
    assert told.to == [EMAIL]
    assert "- the password" in told.body
    sign_in_by_form(stranger)
    assert not signed_in(stranger)
    assert UserSession.objects.filter(user=user).count() == 1


def test_a_disabled_person_is_not_let_in_by_a_code_from_before(
    make_person, browser, api, enabled
):
    user = make_person()
    ask(browser)
    code = mailed()
    token = api.post(f"{API}/code/request", {"email": EMAIL}).json()["meta"][
        "session_token"
    ]
    later = mailed()
    user.is_active = False
    user.save()
    browser.post(CONFIRM, {"code": code})
    assert not signed_in(browser)
    done = api.post(f"{API}/code/confirm", {"code": later}, x_session_token=token)
    assert done.status_code == 401
    assert not Family.objects.exists()


def test_who_is_signed_in_asks_for_none(make_person, browser, api, enabled):
    make_person()
    sign_in_by_form(browser)
    assert ask(browser)["Location"] == "/dashboard/"
    token = api.tokens()["session_token"]
    asked = api.post(f"{API}/code/request", {"email": EMAIL}, x_session_token=token)
    assert asked.status_code == 409
    assert deliver_mail() == []


def test_whoever_changes_their_mind_uses_the_password(make_person, browser, enabled):
    make_person()
    ask(browser)
    browser.post("/accounts/logout/")  # "Cancel"
    assert sign_in_by_form(browser)["Location"] == "/dashboard/"


def test_a_session_that_another_request_took_meanwhile_is_no_500(
    make_person, api, enabled
):
    make_person()
    asked = api.post(f"{API}/code/request", {"email": EMAIL}).json()

    def take_it_away(**kwargs):
        Session.objects.all().delete()

    user_logged_in.connect(take_it_away)
    try:
        client = Client(SERVER_NAME="localhost", raise_request_exception=False)
        answer = client.post(
            f"{API}/code/confirm",
            json.dumps({"code": mailed()}),
            content_type="application/json",
            headers={"x-session-token": asked["meta"]["session_token"]},
        )
    finally:
        user_logged_in.disconnect(take_it_away)
    assert answer.status_code == 409
