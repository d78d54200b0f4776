"""A browser that a person trusts: what that spares them, and what it never opens."""

from __future__ import annotations

import time

import jwt
import pytest
import time_machine
from allauth.mfa.models import Authenticator as Factor
from django.test import Client

from accounts.policy import trust
from accounts.policy.factors import remove_factors
from accounts.policy.sessions import end_sessions
from tests.fixtures import (
    PASSWORD,
    Api,
    enrol_totp,
    exchange,
    second_step,
    session_token,
    sign_in_by_form,
)

pytestmark = pytest.mark.django_db(transaction=True)
TRUST = "/accounts/2fa/trust/"
STEP = "/accounts/2fa/authenticate/"
FORGET = "/accounts/2fa/trust/forget/"
HEADLESS = "/_allauth/browser/v1"


@pytest.fixture
def person(make_person):
    """Somebody with an authenticator app."""
    return make_person()


@pytest.fixture
def app(person):
    """That app."""
    return enrol_totp(person)


def trusting_browser(code):
    browser = Client(SERVER_NAME="localhost")
    sign_in_by_form(browser)
    assert second_step(browser, code, trust=True).status_code == 302
    assert browser.get("/dashboard/").status_code == 200
    return browser


@pytest.fixture
def trusted(app):
    """A browser that they trusted, signed out again."""
    browser = trusting_browser(app.code(-1))
    browser.post("/accounts/logout/")
    return browser


def asks(browser, email="maya@example.org", password=PASSWORD):
    """Whether a sign-in is asked for a second step."""
    answer = sign_in_by_form(browser, email, password)
    assert answer.status_code == 302
    return answer["Location"] == STEP


def test_the_next_sign_in_takes_the_password_alone(trusted):
    cookie = trusted.cookies["trusted"]
    assert cookie["httponly"]
    assert cookie["samesite"] == "Lax"
    assert cookie["max-age"] == 14 * 86400
    assert not asks(trusted)
    assert trusted.get("/dashboard/").status_code == 200


def test_the_question_has_two_answers_and_no_is_one(app, browser):
    sign_in_by_form(browser)
    answer = browser.post(STEP, {"code": app.code()})
    assert answer["Location"] == TRUST
    assert browser.get("/dashboard/").status_code == 302  # not signed in yet
    page = browser.get(TRUST).content.decode()
    assert "Trust this browser for 14 days" in page
    browser.post(TRUST, {"action": "skip"})
    assert browser.get("/dashboard/").status_code == 200
    assert "trusted" not in browser.cookies
    browser.post("/accounts/logout/")
    assert asks(browser)


def set_password(user, app):
    user.set_password("another password 9")
    user.save()


def remove_and_set_up(user, app):
    Factor.objects.filter(user=user).delete()
    enrol_totp(user)


def make_new_codes(user, app):
    browser = Client(SERVER_NAME="localhost")
    sign_in_by_form(browser)
    second_step(browser, app.code())
    browser.post("/accounts/2fa/recovery-codes/generate/")


def disable_and_enable(user, app):
    for active in (False, True):
        user.is_active = active
        user.save()


def lose_and_set_up(user, app):
    remove_factors(user)
    enrol_totp(user)


def sign_out_everywhere(user, app):
    end_sessions(user, "admin")


@pytest.mark.parametrize(
    "change",
    [
        set_password,
        remove_and_set_up,
        make_new_codes,
        disable_and_enable,
        lose_and_set_up,
        sign_out_everywhere,
    ],
)
def test_trust_ends_with_what_it_was_given_for(person, app, trusted, change):
    change(person, app)
    password = "another password 9" if change is set_password else PASSWORD
    assert asks(trusted, password=password)


def test_trust_ends_after_14_days(trusted):
    for days, asked in ((13.9, False), (14.1, True)):
        with time_machine.travel(time.time() + days * 86400):
            assert asks(trusted) is asked
            trusted.post("/accounts/logout/")


def test_a_disabled_person_is_not_let_in(person, trusted):
    person.is_active = False
    person.save()
    assert sign_in_by_form(trusted).status_code == 200
    assert trusted.get("/dashboard/").status_code == 302


def test_others_on_the_same_browser_are_asked(make_person, trusted):
    other = enrol_totp(make_person("noor@example.org"))
    assert asks(trusted, "noor@example.org")
    assert second_step(trusted, other.code(), trust=True).status_code == 302
    trusted.post("/accounts/logout/")
    assert not asks(trusted)  # and the first one's trust is still there
    trusted.post("/accounts/logout/")
    assert not asks(trusted, "noor@example.org")


@pytest.mark.parametrize("forge", [lambda v: v[:-2] + "xx", lambda _: "W10:x"])
def test_a_forged_cookie_is_worth_nothing(trusted, forge):
    trusted.cookies["trusted"] = forge(trusted.cookies["trusted"].value)
    assert asks(trusted)


def test_programs_are_asked_whatever_cookie_they_send(trusted):
    cookie = f"trusted={trusted.cookies['trusted'].value}"
    body = {"email": "maya@example.org", "password": PASSWORD}
    answer = Api(HTTP_COOKIE=cookie).post("/api/token/", body)
    assert answer.json()["code"] == "mfa_required"
    answer = Api(HTTP_COOKIE=cookie).post("/_allauth/app/v1/auth/login", body)
    assert answer.status_code == 401
    assert "access_token" not in answer.json()["meta"]


def test_programs_are_not_offered_trust(app):
    pending = Api().sign_in().json()["pending_token"]
    body = {"pending_token": pending, "code": app.code()}
    assert Api().post("/api/token/mfa/", body).status_code == 200


def test_tokens_of_a_trusted_sign_in_say_one_factor(trusted):
    sign_in_by_form(trusted)
    access = exchange(trusted).json()["access"]
    claims = jwt.decode(access, options={"verify_signature": False})
    assert (claims["acr"], claims["amr"]) == ("aal1", ["pwd"])
    answer = Api().get("/api/protected-route/recent/", access)
    assert answer.json()["code"] == "insufficient_user_authentication"


def test_the_admin_asks_nevertheless(person, app, trusted):
    person.is_staff = person.is_superuser = True
    person.save()
    assert not asks(trusted)
    answer = trusted.get("/admin/", follow=True)
    assert answer.redirect_chain[-1][0].startswith("/accounts/2fa/reauthenticate/")
    trusted.post("/accounts/2fa/reauthenticate/", {"code": app.code()})
    assert trusted.get("/admin/").status_code == 200


@pytest.mark.parametrize(
    "path",
    [
        "/accounts/2fa/totp/deactivate/",
        "/accounts/2fa/recovery-codes/generate/",
        "/accounts/email/",
    ],
)
def test_a_trusted_sign_in_is_no_proof_for_what_matters(app, trusted, path):
    sign_in_by_form(trusted)
    body = {"action_add": "", "email": "thief@example.org"}
    asked = trusted.post(path, body)
    assert asked["Location"].startswith("/accounts/2fa/reauthenticate/"), asked
    assert Factor.objects.count() == 2


def test_nor_is_the_password_once_more(app, trusted):
    sign_in_by_form(trusted)
    answer = trusted.post("/accounts/reauthenticate/", {"password": PASSWORD})
    assert answer["Location"].startswith("/accounts/2fa/reauthenticate/")
    path, token = "/_allauth/app/v1/auth/reauthenticate", session_token(trusted)
    answer = Api().post(path, {"password": PASSWORD}, x_session_token=token)
    assert answer.status_code == 401
    named = [flow["id"] for flow in answer.json()["data"]["flows"]]
    assert named == ["mfa_reauthenticate"]
    factors = "/_allauth/app/v1/account/authenticators/totp"
    gone = Api().client().delete(factors, headers={"x-session-token": token})
    assert gone.status_code == 401
    named = [flow["id"] for flow in gone.json()["data"]["flows"]]
    assert named == ["mfa_reauthenticate"]
    trusted.post("/accounts/2fa/reauthenticate/", {"code": app.code()})
    assert trusted.get("/accounts/2fa/totp/deactivate/").status_code == 200
    with time_machine.travel(time.time() + 301):
        asked = trusted.get("/accounts/2fa/totp/deactivate/")
        assert asked["Location"].startswith("/accounts/2fa/reauthenticate/")


def test_a_password_changed_while_the_question_stands_leaves_no_trust(
    person, app, browser
):
    sign_in_by_form(browser)
    browser.post(STEP, {"code": app.code(-1)})
    person.set_password("another password 9")
    person.save()
    answer = browser.post(TRUST, {"action": "trust"})
    assert answer["Location"].startswith("/accounts/login/")
    assert "trusted" not in browser.cookies
    assert asks(browser, password="another password 9")


def test_forgetting_this_browser(app, trusted):
    other = trusting_browser(app.code())
    other.post("/accounts/logout/")
    sign_in_by_form(trusted)
    assert "is not asked for your second step until" in (
        trusted.get("/accounts/2fa/").content.decode()
    )
    answer = trusted.post(FORGET, {"which": "this"}, follow=True)
    page = answer.content.decode()
    assert "This browser is not trusted any more." in page
    assert "This browser is asked for your second step." in page
    trusted.post("/accounts/logout/")
    assert asks(trusted)
    assert not asks(other)


def test_forgetting_all_browsers_keeps_the_codes(person, app, trusted):
    codes = Factor.objects.get(user=person, type="recovery_codes")
    before = codes.wrap().get_unused_codes()
    other = trusting_browser(app.code())
    other.post(FORGET, {"which": "all"})
    other.post("/accounts/logout/")
    assert asks(trusted)
    assert asks(other)
    codes.refresh_from_db()
    assert codes.wrap().get_unused_codes() == before


def test_forgetting_is_a_post_of_somebody_signed_in(trusted):
    assert trusted.post(FORGET)["Location"].startswith("/accounts/login/")
    sign_in_by_form(trusted)
    assert trusted.get(FORGET).status_code == 405
    strict = Client(SERVER_NAME="localhost", enforce_csrf_checks=True)
    strict.cookies = trusted.cookies
    assert strict.post(FORGET, {"which": "all"}).status_code == 403


def test_a_browser_without_pages_is_asked_too(app, browser):
    def post(path, body):
        return browser.post(HEADLESS + path, body, content_type="application/json")

    body = {"email": "maya@example.org", "password": PASSWORD}
    assert post("/auth/login", body).status_code == 401
    step = post("/auth/2fa/authenticate", {"code": app.code()})
    assert step.status_code == 401
    assert [f["id"] for f in step.json()["data"]["flows"] if f.get("is_pending")] == [
        "mfa_trust"
    ]
    assert post("/auth/2fa/trust", {"trust": True}).status_code == 200
    browser.delete(f"{HEADLESS}/auth/session")
    assert post("/auth/login", body).status_code == 200


def test_one_browser_keeps_a_bounded_number_of_people(
    make_person, browser, monkeypatch
):
    monkeypatch.setattr(trust, "MOST", 2)
    for number in range(3):
        email = f"p{number}@example.org"
        app = enrol_totp(make_person(email))
        sign_in_by_form(browser, email)
        second_step(browser, app.code(), trust=True)
        browser.post("/accounts/logout/")
    assert not asks(browser, "p2@example.org")
    browser.post("/accounts/logout/")
    assert not asks(browser, "p1@example.org")
    browser.post("/accounts/logout/")
    assert asks(browser, "p0@example.org")
