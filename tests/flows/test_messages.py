"""What people are told: what happened and what to do next, in our own words alone."""

from __future__ import annotations

from pathlib import Path

import allauth
import pytest
from allauth.account.adapter import DefaultAccountAdapter
from allauth.account.adapter import get_adapter as account_adapter
from allauth.mfa.adapter import DefaultMFAAdapter
from allauth.mfa.adapter import get_adapter as mfa_adapter
from allauth.socialaccount.adapter import DefaultSocialAccountAdapter
from allauth.socialaccount.adapter import get_adapter as social_adapter
from django.test import Client

from tests.fixtures import (
    PASSWORD,
    code_in,
    deliver_mail,
    enrol_totp,
    later,
    second_step,
    sign_in_by_form,
)

pytestmark = pytest.mark.django_db(transaction=True)
OURS = Path(__file__).resolve().parents[2] / "templates"
STOCK = Path(allauth.__file__).parent / "templates"
#: Nobody signs in by phone here.
NEVER = {
    "account/messages/phone_verified.txt",
    "account/messages/phone_verification_sent.txt",
}
#: Of a phone or a user name, which nobody has.
NOBODY_S = {
    *("phone_password_mismatch", "phone_taken", "unknown_phone", "select_only_one"),
    *("username_blacklisted", "username_password_mismatch", "username_taken"),
}


def test_no_message_is_in_a_library_s_words():
    stock = {str(path.relative_to(STOCK)) for path in STOCK.rglob("messages/*.txt")}
    assert len(stock) > 20
    missing = {name for name in stock - NEVER if not (OURS / name).exists()}
    assert missing == set()


@pytest.mark.parametrize(
    ("ours", "library"),
    [
        (account_adapter(), DefaultAccountAdapter),
        (social_adapter(), DefaultSocialAccountAdapter),
        (mfa_adapter(), DefaultMFAAdapter),
    ],
)
def test_no_error_is_in_a_library_s_words(ours, library):
    kept = {
        name for name, words in library.error_messages.items()
        if ours.error_messages[name] == words
    }  # fmt: skip
    assert kept <= NOBODY_S, kept


def notices(answer):
    page = answer.content.decode()
    parts = page.split('role="status">')[1:]
    return [part.split("<p>")[1].split("</p>")[0] for part in parts if "<p>" in part]


def errors(answer):
    form = answer.context["form"]
    return {name: list(found) for name, found in form.errors.items()}


def test_after_a_change_of_the_password(make_person, browser):
    make_person()
    sign_in_by_form(browser)
    form = {"oldpassword": PASSWORD, "password1": "another password 9"}
    [told] = notices(browser.post("/accounts/password/change/", form, follow=True))
    assert told.startswith("Your password is changed. Your other devices are signed")
    [told] = notices(browser.post("/accounts/logout/", follow=True))
    assert told.startswith("You are signed out on this device.")


@pytest.mark.parametrize(
    ("password", "told"),
    [
        ("", "Choose a password."),
        ("short", "Use at least 8 characters. A few words in a row work well."),
        (
            "password1",
            "Many people use this password, so it is tried first. Choose another.",
        ),
        (
            "new@example.org1",
            "This is too close to your e-mail address. Choose another.",
        ),
    ],
)
def test_a_password_that_will_not_do(browser, password, told):
    form = {"email": "new@example.org", "password1": password}
    answer = browser.post("/accounts/signup/", form)
    assert errors(answer) == {"password1": [told]}


@pytest.mark.parametrize(
    ("email", "told"),
    [
        ("", "Type your e-mail address."),
        ("no address", "Type an e-mail address like name@example.com."),
        ("maya@exämple", "Type an e-mail address like name@example.com."),
    ],
)
@pytest.mark.parametrize("path", ["login", "signup", "password/reset"])
def test_an_address_that_is_none(browser, path, email, told):
    form = {"login": email, "email": email, "password": "x", "password1": PASSWORD}
    answer = browser.post(f"/accounts/{path}/", form)
    assert any(told in found for found in errors(answer).values())


def test_a_new_address_that_is_taken_is_told_after_the_code(make_person, browser):
    """Not before: else everybody could ask who has an account."""
    make_person()
    make_person("taken@example.org")
    sign_in_by_form(browser)
    form = {"email": "taken@example.org", "action_add": ""}
    browser.post("/accounts/email/", form)
    code = code_in(deliver_mail()[-1])
    page = browser.post("/accounts/confirm-email/", {"code": code}).content.decode()
    assert "This address cannot be used here. Use another one." in page
    assert 'href="/accounts/email/">Use another e-mail address' in page


def test_empty_fields_say_what_to_type(make_person, browser):
    assert errors(browser.post("/accounts/login/", {})) == {
        "login": ["Type your e-mail address."],
        "password": ["Type your password."],
    }
    enrol_totp(make_person())
    sign_in_by_form(browser)
    answer = browser.post("/accounts/2fa/authenticate/", {"code": ""})
    assert errors(answer) == {"code": ["Type the code."]}
    answer = second_step(browser, "000000")
    [told] = errors(answer)["code"]
    assert told == "This code does not fit. Check it, or wait for the next one."


def test_a_wrong_password_as_proof(make_person, browser):
    make_person()
    sign_in_by_form(browser)
    with later(minutes=6):
        answer = browser.post("/accounts/reauthenticate/", {"password": "wrong"})
    assert errors(answer) == {"password": ["This is not your password. Try again."]}


LOST = "This step is not open any more"


def test_a_step_that_took_too_long_says_so(make_person, browser, settings):
    settings.ACCOUNT_LOGIN_BY_CODE_ENABLED = True
    enrol_totp(make_person())
    sign_in_by_form(browser)
    with later(minutes=20):
        late = browser.post("/accounts/2fa/authenticate/", {"code": "1"}, follow=True)
        assert LOST in notices(late)[0]
        assert LOST not in browser.get("/accounts/login/").content.decode()
        browser.post("/accounts/login/code/", {"email": "maya@example.org"})
    with later(minutes=32):
        form = {"code": "1111-1111"}
        late = browser.post("/accounts/login/code/confirm/", form, follow=True)
        assert LOST in notices(late)[0]
        form = {"email": "new@example.org", "password1": PASSWORD}
        assert browser.post("/accounts/signup/", form).status_code == 302
    with later(minutes=55):
        late = browser.post("/accounts/confirm-email/", {"code": "1"}, follow=True)
        assert any(LOST in told for told in notices(late))


def test_a_passer_by_gets_neither_words_nor_a_session(db):
    stranger = Client(SERVER_NAME="localhost")
    answer = stranger.get("/accounts/confirm-email/")
    assert answer.status_code == 302
    assert "sessionid" not in answer.cookies
