"""Authenticator apps and recovery codes: set up, used once, counted, renewed."""

from __future__ import annotations

import re
import time
from datetime import timedelta
from urllib.parse import unquote

import pytest
import time_machine
from allauth.account.models import EmailAddress
from django.test import Client

from tests.fixtures import (
    Api,
    Authenticator,
    deliver_mail,
    enrol_totp,
    second_step,
    session_token,
    sign_in_by_form,
)

pytestmark = pytest.mark.django_db(transaction=True)
ACTIVATE = "/accounts/2fa/totp/activate/"
CODES = "/accounts/2fa/recovery-codes/"
HEADLESS = "/_allauth/app/v1"
ITEM = re.compile(r"<li><code>(\d{8})</code>")


@pytest.fixture
def own_clock(settings):
    """A cache that forgets by our clock: a server of its own would not travel."""
    settings.CACHES = settings.CACHES | {
        "default": {
            "BACKEND": "django.core.cache.backends.locmem.LocMemCache",
            "LOCATION": "second factors",
        }
    }
    start = time.time() // 30 * 30 + 1
    with time_machine.travel(start, tick=False) as traveller:
        yield traveller


def fresh():
    return Client(SERVER_NAME="localhost")


class Page:
    """The second step of the sign-in page."""

    def prepare(self, app):
        pass

    def accepts(self, code):
        browser = fresh()
        sign_in_by_form(browser)
        return second_step(browser, code).status_code == 302


class Tokens(Page):
    """POST /api/token/mfa/."""

    def accepts(self, code):
        pending = Api().sign_in().json()["pending_token"]
        body = {"pending_token": pending, "code": code}
        return Api().post("/api/token/mfa/", body).status_code == 200


class HeadlessStep(Page):
    """POST auth/2fa/authenticate."""

    def accepts(self, code):
        body = {"email": "maya@example.org", "password": "correct horse battery"}
        begun = Api().post(f"{HEADLESS}/auth/login", body)
        token = begun.json()["meta"]["session_token"]
        answer = Api().post(
            f"{HEADLESS}/auth/2fa/authenticate", {"code": code}, x_session_token=token
        )
        return answer.status_code == 200


class PageProof(Page):
    """Proof on a page of somebody who is signed in."""

    def prepare(self, app):
        self.browser = fresh()
        sign_in_by_form(self.browser)
        assert second_step(self.browser, app.code()).status_code == 302

    def accepts(self, code):
        answer = self.browser.post("/accounts/2fa/reauthenticate/", {"code": code})
        return answer.status_code == 302


class HeadlessProof(PageProof):
    """POST auth/2fa/reauthenticate."""

    def accepts(self, code):
        answer = Api().post(
            f"{HEADLESS}/auth/2fa/reauthenticate",
            {"code": code},
            x_session_token=session_token(self.browser),
        )
        return answer.status_code == 200


DOORS = [Page, Tokens, HeadlessStep, PageProof, HeadlessProof]


@pytest.mark.parametrize("door", DOORS)
def test_a_used_code_is_refused_for_as_long_as_it_would_be_accepted(
    make_person, own_clock, door
):
    app = enrol_totp(make_person())
    here = door()
    here.prepare(app)
    code = app.code(1)  # the next one is accepted early, and so for 90 s
    assert Tokens().accepts(code)
    for seconds in (0, 31, 57):
        own_clock.shift(timedelta(seconds=seconds if seconds < 57 else 26))
        assert not here.accepts(code), seconds
    assert here.accepts(app.code(1))


@pytest.mark.parametrize(
    ("steps", "accepted"), [(-2, False), (-1, True), (0, True), (1, True), (2, False)]
)
def test_a_clock_may_be_half_a_minute_off(make_person, own_clock, steps, accepted):
    app = enrol_totp(make_person())
    assert Tokens().accepts(app.code(steps)) is accepted


def test_the_page_says_that_a_code_was_used(make_person, browser):
    app = enrol_totp(make_person())
    code = app.code(1)
    assert Tokens().accepts(code)
    sign_in_by_form(browser)
    assert "This code was used already" in second_step(browser, code).content.decode()


def test_replays_count_as_wrong_codes(make_person, browser):
    app = enrol_totp(make_person())
    code = app.code(1)
    assert Tokens().accepts(code)
    sign_in_by_form(browser)
    for _ in range(5):
        assert second_step(browser, code).status_code == 200
    assert second_step(browser, code).status_code == 429


def set_up_on_the_page(browser):
    page = browser.get(ACTIVATE).content.decode()
    app = Authenticator(re.search(r"secret=([A-Z2-7]{32})&", page)[1])
    code = app.code()
    assert browser.post(ACTIVATE, {"code": code})["Location"] == CODES
    return code


def set_up_headless(browser):
    token = session_token(browser)
    path = f"{HEADLESS}/account/authenticators/totp"
    secret = Api().get(path, session=token).json()["meta"]["secret"]
    code = Authenticator(secret).code()
    assert Api().post(path, {"code": code}, x_session_token=token).status_code == 200
    return code


@pytest.mark.parametrize("set_up", [set_up_on_the_page, set_up_headless])
def test_the_code_that_set_an_app_up_signs_nobody_in(make_person, browser, set_up):
    make_person()
    sign_in_by_form(browser)
    code = set_up(browser)
    assert not Tokens().accepts(code)


def test_setting_up_an_app_does_not_forgive_guesses_at_others(
    make_person, browser, settings
):
    settings.ACCOUNT_RATE_LIMITS = settings.ACCOUNT_RATE_LIMITS | {
        "login_failed": "5/m/ip,5/300s/key"
    }
    make_person()
    sign_in_by_form(browser)
    for number in range(4):
        Api().sign_in(f"victim{number}@example.org", "guess")
    set_up_on_the_page(browser)
    assert Api().sign_in("victim5@example.org", "guess").status_code == 401
    assert Api().sign_in("victim6@example.org", "guess").status_code == 429


def test_an_app_on_an_account_with_an_unproven_address_is_no_limit(
    make_person, browser
):
    user = make_person()
    EmailAddress.objects.create(user=user, email="other@example.org", verified=False)
    sign_in_by_form(browser)
    assert browser.get(ACTIVATE)["Location"] == "/accounts/2fa/"


def test_recovery_codes_are_shown_once_and_can_be_kept(make_person, browser):
    make_person()
    sign_in_by_form(browser)
    set_up_on_the_page(browser)
    page = browser.get(CODES).content.decode()
    codes = ITEM.findall(page)
    assert len(set(codes)) == 10
    link = re.search(r'download="recovery-codes.txt" href="([^"]+)"', page)[1]
    kind, text = link.split(",", 1)
    assert kind == "data:text/plain;charset=utf-8"
    assert re.findall(r"^\d{8}$", unquote(text), re.MULTILINE) == codes
    assert "maya@example.org" in unquote(text)
    again = browser.get(CODES).content.decode()
    assert "They were shown once" in again
    assert not any(code in again for code in codes)
    assert browser.get(f"{CODES}download/").status_code == 403
    security = browser.get("/accounts/2fa/").content.decode()
    assert "10 left" in security
    assert f'href="{CODES}"' not in security


def test_they_are_offered_until_they_were_shown(make_person, browser):
    make_person()
    sign_in_by_form(browser)
    set_up_on_the_page(browser)
    assert f'href="{CODES}"' in browser.get("/accounts/2fa/").content.decode()


def test_programs_see_them_once_too(make_person, browser):
    make_person()
    sign_in_by_form(browser)
    set_up_headless(browser)
    token = session_token(browser)
    path = f"{HEADLESS}/account/authenticators/recovery-codes"
    first, second = (Api().get(path, session=token).json()["data"] for _ in range(2))
    assert len(first["unused_codes"]) == 10
    assert "unused_codes" not in second
    assert second["unused_code_count"] == 10
    made = Api().post(path, x_session_token=token).json()["data"]
    assert set(made["unused_codes"]).isdisjoint(first["unused_codes"])
    assert "unused_codes" not in Api().get(path, session=token).json()["data"]


def codes_of(user):
    return user.authenticator_set.get(type="recovery_codes").wrap().get_unused_codes()


def test_a_recovery_code_works_once_and_a_mail_tells_how_many_are_left(make_person):
    user = make_person()
    enrol_totp(user)
    code = codes_of(user)[0]
    assert Tokens().accepts(code)
    assert not Tokens().accepts(code)
    told = [message for message in deliver_mail() if "recovery code" in message.subject]
    assert len(told) == 1
    assert "9 are left" in told[0].body
    assert "Make new ones" not in told[0].body
    assert code not in told[0].body


def test_few_codes_left_are_said_on_the_page_and_in_the_mail(make_person, browser):
    user = make_person()
    enrol_totp(user)
    mine = user.authenticator_set.get(type="recovery_codes").wrap()
    for code in codes_of(user)[:6]:
        assert mine.validate_code(code)
    sign_in_by_form(browser)
    second_step(browser, codes_of(user)[0])
    assert '"badge badge-warn">3 left' in browser.get("/accounts/2fa/").content.decode()
    page = browser.get("/dashboard/").content.decode()
    assert "Renew your recovery codes" in page
    last = deliver_mail()[-1].body
    assert "3 are left" in last
    assert "/accounts/2fa/recovery-codes/generate/" in last


def test_new_codes_end_the_old_ones_after_a_question(make_person, browser):
    user = make_person()
    app = enrol_totp(user)
    old = codes_of(user)
    sign_in_by_form(browser)
    second_step(browser, app.code())
    asked = browser.get(f"{CODES}generate/").content.decode()
    assert "The 10 old codes that are left stop working." in asked
    assert codes_of(user) == old
    assert browser.post(f"{CODES}generate/")["Location"] == CODES
    new = ITEM.findall(browser.get(CODES).content.decode())
    assert new == codes_of(user)
    assert not Tokens().accepts(old[0])
    assert Tokens().accepts(new[0])
    assert "new recovery codes" in deliver_mail()[0].subject


def test_turning_the_app_off_takes_the_codes_with_it_and_mails(make_person, browser):
    user = make_person()
    app = enrol_totp(user)
    sign_in_by_form(browser)
    second_step(browser, app.code())
    page = browser.get("/accounts/2fa/totp/deactivate/").content.decode()
    assert "Nothing has happened yet." in page
    assert user.authenticator_set.count() == 2
    browser.post("/accounts/2fa/totp/deactivate/")
    assert not user.authenticator_set.exists()
    assert "the second step was removed" in deliver_mail()[-1].subject
    assert Api().sign_in().status_code == 200


def test_secrets_are_stored_encrypted(make_person):
    user = make_person()
    app = enrol_totp(user)
    stored = str(list(user.authenticator_set.values_list("data", flat=True)))
    assert app.secret not in stored
    assert not any(code in stored for code in codes_of(user))
    assert stored.count("gAAAA") == 2  # Fernet
