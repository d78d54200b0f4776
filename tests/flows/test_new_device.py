"""A mail when somebody signs in where they were not seen before."""

from __future__ import annotations

import pytest
from django.test import Client

from accounts.models import User
from tests.fixtures import Api, code_in, deliver_mail, enrol_totp, sign_in_by_form
from tests.mails import AGENT, html_of

pytestmark = pytest.mark.django_db(transaction=True)
SUBJECT = "Authsite: a new device signed in"
PHONE = (
    "Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15 "
    "(KHTML, like Gecko) Version/18.5 Mobile/15E148 Safari/604.1"
)


def fresh(agent=AGENT):
    """A browser without cookies."""
    return Client(SERVER_NAME="localhost", headers={"user-agent": agent})


def told():
    """The mails about it since the last look."""
    found = [mail for mail in deliver_mail() if mail.subject == SUBJECT]
    deliver_mail().clear()
    return found


def test_the_very_first_sign_in_is_no_news(make_person):
    make_person()
    sign_in_by_form(fresh())
    assert told() == []


def test_another_browser_is_told_of_with_what_how_and_from_where(make_person):
    app = enrol_totp(make_person())
    for browser, code in ((fresh(), app.code()), (fresh(PHONE), app.code(1))):
        sign_in_by_form(browser)
        assert told() == []  # nobody is in yet
        browser.post("/accounts/2fa/authenticate/", {"code": code})
        browser.post("/accounts/2fa/trust/", {"action": "skip"})
    (mail,) = told()
    assert mail.to == ["maya@example.org"]
    for part in (mail.body, html_of(mail)):
        for fact in ("Safari on iOS", "password and authenticator app", "127.0.0.1"):
            assert fact in part


def test_a_browser_that_was_seen_may_come_with_a_new_version(make_person):
    make_person()
    browser = fresh()
    sign_in_by_form(browser)
    browser.post("/accounts/logout/")
    browser.defaults["HTTP_USER_AGENT"] = AGENT.replace("150", "151")
    sign_in_by_form(browser)
    assert told() == []


def test_the_cookie_of_somebody_else_vouches_for_nobody(make_person):
    make_person()
    make_person("other@example.org")
    sign_in_by_form(fresh(PHONE))
    browser = fresh()
    sign_in_by_form(browser, "other@example.org")
    browser.post("/accounts/logout/")
    sign_in_by_form(browser)
    assert [mail.to for mail in told()] == [["maya@example.org"]]


def test_an_app_that_signs_in_again_and_again_is_told_of_once(make_person):
    make_person()
    for agent in ("App/1.0", "App/1.0", "Other/2.0", "Other/2.0", "App/1.0"):
        assert Api(HTTP_USER_AGENT=agent).sign_in().status_code == 200
    (mail,) = told()
    assert "With: an unknown browser or app" in mail.body


@pytest.mark.parametrize(
    ("where", "is_told"),
    [
        ("127.0.0.77", False),  # the same network
        ("203.0.113.9", True),
        ("2001:db8::1", True),
    ],
)
def test_a_browser_of_the_same_name_elsewhere_is_another(make_person, where, is_told):
    make_person()
    sign_in_by_form(fresh())
    stranger = fresh()
    stranger.defaults["REMOTE_ADDR"] = where
    sign_in_by_form(stranger)
    assert len(told()) == is_told


def test_a_wrong_password_is_no_sign_in(make_person):
    make_person()
    sign_in_by_form(fresh())
    sign_in_by_form(fresh(PHONE), password="wrong")
    assert told() == []
    sign_in_by_form(fresh(PHONE))
    assert len(told()) == 1


def test_a_sign_in_by_code_is_told_of_too(make_person, settings):
    settings.ACCOUNT_LOGIN_BY_CODE_ENABLED = settings.LOGIN_BY_CODE = True
    make_person()
    sign_in_by_form(fresh())
    browser = fresh(PHONE)
    browser.post("/accounts/login/code/", {"email": "maya@example.org"})
    code = code_in(deliver_mail()[-1])
    browser.post("/accounts/login/code/confirm/", {"code": code})
    (mail,) = told()
    assert "How: e-mail code" in mail.body


def test_a_new_account_is_at_its_makers_hand(db):
    browser = fresh()
    form = {"email": "new@example.org", "password1": "correct horse battery"}
    browser.post("/accounts/signup/", form)
    code = code_in(deliver_mail()[-1])
    browser.post("/accounts/confirm-email/", {"code": code})
    assert User.objects.get().last_login
    assert told() == []
