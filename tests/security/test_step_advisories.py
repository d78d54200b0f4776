"""Advisories about second steps in other sign-in software, tried on ours.

allauth 0.61.0 (a TOTP code accepted twice) over the whole window and at every door:
tests/flows/test_second_factors.py.
"""

from __future__ import annotations

import json

import pytest
from allauth.account.models import EmailAddress
from django.core.cache import cache
from django.test import Client

from accounts.tokens.models import Family
from tests.fixtures import (
    PASSWORD,
    Api,
    code_in,
    deliver_mail,
    enrol_totp,
    exchange,
    second_step,
    session_token,
    sign_in_by_form,
)

pytestmark = pytest.mark.django_db(transaction=True)
APP = "/_allauth/app/v1"
WEB = "/_allauth/browser/v1"
PAGES = ("/dashboard/", "/profile/", "/accounts/activity/", "/accounts/2fa/",
         "/accounts/sessions/", "/accounts/email/", "/admin/")  # fmt: skip


def opens_nothing(browser):
    """Whether every page and every way to tokens is shut for this browser."""
    pages = [browser.get(path) for path in PAGES]
    assert [page.status_code for page in pages] == [302] * len(PAGES)
    assert exchange(browser).status_code in {401, 403}
    assert browser.get(f"{WEB}/auth/session").status_code in {401, 410}
    assert browser.get(f"{WEB}/account/authenticators").status_code in {401, 410}
    assert not Family.objects.exists()
    return True


def bearer_opens_nothing(text):
    api = Api()
    assert api.get("/api/me/", text).status_code == 401
    assert api.refresh(text).status_code == 401
    for headers in ({"x-session-token": text}, {"authorization": f"Bearer {text}"}):
        for path in ("/auth/session", "/account/authenticators", "/account/email"):
            answer = api.client().get(APP + path, headers=headers)
            assert answer.status_code in {401, 410}, path
            assert "access_token" not in answer.json()["meta"]
    assert not Family.objects.exists()
    return True


def as_session_cookie(value):
    browser = Client(SERVER_NAME="localhost")
    browser.cookies["sessionid"] = value
    return browser


def after_the_password(make_person):
    enrol_totp(make_person())
    return Api().sign_in().json()["pending_token"]


def after_the_code(make_person):
    """At the question whether to trust the browser: one press from the session."""
    app = enrol_totp(make_person())
    browser = Client(SERVER_NAME="localhost")
    sign_in_by_form(browser)
    answer = browser.post("/accounts/2fa/authenticate/", {"code": app.code()})
    assert answer["Location"] == "/accounts/2fa/trust/"
    return browser.cookies["sessionid"].value


def before_the_address_is_proven(make_person):
    make_person(verified=False)
    return Api().sign_in().json()["pending_token"]


def on_the_reset_page(make_person):
    make_person()
    browser = Client(SERVER_NAME="localhost")
    browser.post("/accounts/password/reset/", {"email": "maya@example.org"})
    body = deliver_mail()[-1].body
    link = next(word for word in body.split() if "/reset/key/" in word)
    browser.get(link.removeprefix("http://localhost"))
    return browser.cookies["sessionid"].value


INTERRUPTED = [
    after_the_password,
    after_the_code,
    before_the_address_is_proven,
    on_the_reset_page,
]


@pytest.mark.parametrize("interrupt", INTERRUPTED)
def test_authjs_cve_2023_48309_an_interrupted_flow_is_no_session(
    make_person, interrupt
):
    """What a flow keeps half-way was taken for the session of somebody signed in."""
    key = interrupt(make_person)
    assert key
    assert opens_nothing(as_session_cookie(key))
    assert bearer_opens_nothing(key)


def test_better_auth_ghsa_xg6x_h9c9_2m83_nothing_is_kept_before_the_second_step(
    make_person, browser
):
    """A session cached at the password was good without the second step."""
    app = enrol_totp(make_person())
    before = sign_in_by_form(browser)
    assert before["Location"] == "/accounts/2fa/authenticate/"
    given = {name: morsel.value for name, morsel in browser.cookies.items()}
    assert opens_nothing(browser)
    # Each of its cookies in the place of every credential there is.
    for name, value in given.items():
        if name != "csrftoken":
            assert opens_nothing(as_session_cookie(value)), name
            assert bearer_opens_nothing(value), name
    # And what was handed out before is not what the sign-in ends with.
    second_step(browser, app.code())
    assert browser.get("/dashboard/").status_code == 200
    assert browser.cookies["sessionid"].value != given["sessionid"]
    assert opens_nothing(as_session_cookie(given["sessionid"]))


def test_allauth_0_61_0_a_code_taken_at_one_door_is_worth_nothing_at_another(
    make_person, browser
):
    app = enrol_totp(make_person())
    code = app.code()
    sign_in_by_form(browser)
    assert second_step(browser, code).status_code == 302
    pending = Api().sign_in().json()["pending_token"]
    answer = Api().post("/api/token/mfa/", {"pending_token": pending, "code": code})
    assert (answer.status_code, answer.json()["code"]) == (400, "invalid")
    answer = browser.post("/accounts/2fa/reauthenticate/", {"code": f"{code[:3]} 000"})
    assert answer.status_code == 200
    # Another way to write it is the same code.
    for written in (f"{code[:3]} {code[3:]}", f"{code[:3]}-{code[3:]}", f" {code} "):
        answer = browser.post("/accounts/2fa/reauthenticate/", {"code": written})
        assert answer.status_code == 200, written


def test_allauth_64_2_1_no_factor_over_an_address_that_is_not_proven(
    make_person, browser
):
    """Else a stranger could lock the owner of an address out with their own factor."""
    user = make_person()
    EmailAddress.objects.create(user=user, email="owner@example.org", verified=False)
    sign_in_by_form(browser)
    path = "/accounts/2fa/totp/activate/"
    assert browser.get(path)["Location"] == "/accounts/2fa/"
    assert browser.post(path, {"code": "123456"})["Location"] == "/accounts/2fa/"
    token = session_token(browser)
    answer = Api().get(f"{APP}/account/authenticators/totp", session=token)
    assert answer.status_code == 409
    assert not user.authenticator_set.exists()


def test_allauth_64_2_1_an_address_added_later_stays_its_owner_s(make_person, browser):
    """With a factor set, adding somebody's address must not keep that person out."""
    app = enrol_totp(make_person())
    sign_in_by_form(browser)
    second_step(browser, app.code())
    body = {"action_add": "", "email": "owner@example.org"}
    assert browser.post("/accounts/email/", body).status_code == 302
    assert not EmailAddress.objects.filter(email="owner@example.org").exists()
    cache.clear()  # one mail to an address in ten seconds
    owner = Client(SERVER_NAME="localhost")
    form = {"email": "owner@example.org", "password1": PASSWORD}
    assert owner.post("/accounts/signup/", form).status_code == 302
    code = code_in(deliver_mail()[-1])
    owner.post("/accounts/confirm-email/", {"code": code})
    assert owner.get("/dashboard/").status_code == 200
    said = json.loads(Api().get("/api/me/", exchange(owner).json()["access"]).content)
    assert (said["email"], said["email_verified"]) == ("owner@example.org", True)
