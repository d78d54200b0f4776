"""Whoever has neither password nor factor proves themselves by a mailed code."""

from __future__ import annotations

import datetime as dt
from types import SimpleNamespace

import pytest
from allauth.account.models import EmailAddress
from allauth.socialaccount.models import SocialAccount
from django.test import Client

from accounts.models import User
from tests.fixtures import PASSWORD, code_in, deliver_mail
from tests.flows.two_doors import EMAIL, STALE, Page, Program, later
from tests.standins.fixtures import sign_in_by

pytestmark = pytest.mark.django_db(transaction=True)
PROOF = "/accounts/reauthenticate/code/"


@pytest.fixture(autouse=True)
def ways_in(settings):
    settings.ACCOUNT_LOGIN_BY_CODE_ENABLED = True
    settings.SOCIALACCOUNT_PROVIDERS = {
        "google": {"APPS": [{"client_id": "gid", "secret": "s"}]}
    }


@pytest.fixture
def by_provider(make_person, browser, api):
    """Somebody whom providers sign in: no password, no factor. On both doors."""
    user = make_person(password=None)
    social, _ = (
        SocialAccount.objects.create(user=user, provider="google", uid=uid)
        for uid in ("uid-1", "uid-2")
    )
    page, program = Page(browser, api), Program(browser, api)
    page.sign_in(user, None)
    program.sign_in(user, None)
    deliver_mail().clear()
    return SimpleNamespace(page=page, program=program, social=social)


def wrong(code):
    return code[:-1] + str((int(code[-1]) + 1) % 10)


def test_without_password_and_factor_a_mailed_code_is_the_proof(by_provider):
    page = by_provider.page
    with later():
        asked = page("/accounts/2fa/totp/activate/")
        assert (
            asked["Location"] == f"{PROOF}?next=%2Faccounts%2F2fa%2Ftotp%2Factivate%2F"
        )
        shown = page(asked["Location"])
        assert "We will email a code to" in shown.content.decode()
        assert deliver_mail() == []  # nothing is sent for a look
        page(asked["Location"], {"action": "send"})
        message = deliver_mail()[-1]
        assert message.to == [EMAIL]
        assert "/accounts/sessions/" in message.body
        code = code_in(message)
        refused = page(asked["Location"], {"code": wrong(code)})
        assert "does not fit" in refused.content.decode()
        done = page(asked["Location"], {"code": code})
        assert done["Location"] == "/accounts/2fa/totp/activate/"
        assert page("/accounts/2fa/totp/activate/").status_code == 200
    with later(2 * STALE):
        assert page.asks(page("/accounts/2fa/totp/activate/"))


def test_the_request_that_waited_for_proof_goes_on(by_provider):
    page = by_provider.page
    with later():
        body = {"account": by_provider.social.pk}
        asked = page("/accounts/3rdparty/", body)["Location"]
        page(asked, {"action": "send"})
        page(
            asked, {"code": code_in(deliver_mail()[-1]), "next": "/accounts/3rdparty/"}
        )
    assert not SocialAccount.objects.filter(pk=by_provider.social.pk).exists()


def test_no_password_waits_in_the_session_for_proof(by_provider):
    with later():
        by_provider.page("/accounts/password/set/", {"password1": "a new one 99"})
        assert "a new one 99" not in str(dict(by_provider.page.browser.session))


def test_an_app_proves_itself_the_same_way(by_provider):
    call = by_provider.program
    with later():
        call.renew(call)
        assert (
            call("POST", "auth/code/reauthenticate", {"code": "1"}).status_code == 409
        )
        assert call("POST", "auth/code/reauthenticate/request").status_code == 200
        code = code_in(deliver_mail()[-1])
        refused = call("POST", "auth/code/reauthenticate", {"code": wrong(code)})
        assert refused.status_code == 400
        done = call("POST", "auth/code/reauthenticate", {"code": code})
        assert done.status_code == 200
        assert done.json()["data"]["methods"][-1]["reauthenticated"]
        body = {"new_password": "a new one 99"}
        assert call("POST", "account/password/change", body).status_code == 200
        again = call("POST", "auth/code/reauthenticate", {"code": code})
        assert again.status_code in {401, 409}


def test_a_code_for_proof_has_five_tries_ten_minutes_and_one_session(by_provider):
    page, call = by_provider.page, by_provider.program
    page(PROOF, {"action": "send"})
    code = code_in(deliver_mail()[-1])
    call("POST", "auth/code/reauthenticate/request")
    other = code_in(deliver_mail()[-1])
    assert call("POST", "auth/code/reauthenticate", {"code": code}).status_code == 400
    with later(dt.timedelta(minutes=10, seconds=5)):
        page(PROOF, {"code": code})
        assert page.asks(page("/accounts/2fa/totp/activate/"))
    page(PROOF, {"action": "send"})
    code = code_in(deliver_mail()[-1])
    for _ in range(3):
        assert page(PROOF, {"code": other}).status_code == 200
    with later():  # the counter of wrong codes is the one of all sign-ins: five
        for _ in range(2):
            page(PROOF, {"code": other})
        page(PROOF, {"code": code})
        assert page.asks(page("/accounts/2fa/totp/activate/"))


def test_whoever_has_a_password_gets_no_code_instead(make_person, browser, api):
    make_person()
    page, call = Page(browser, api), Program(browser, api)
    page.sign_in(User.objects.get(), None)
    call.sign_in(User.objects.get(), None)
    assert page(PROOF)["Location"] == "/accounts/reauthenticate/"
    assert call("POST", "auth/code/reauthenticate/request").status_code == 409
    assert deliver_mail() == []


def test_without_a_verified_address_nothing_is_let_through(by_provider):
    EmailAddress.objects.update(verified=False)
    with later():
        assert by_provider.page("/accounts/password/set/").status_code == 403
        assert by_provider.page(PROOF, {"action": "send"}).status_code == 403
        by_provider.program.renew(by_provider.program)
        call = by_provider.program
        assert call("POST", "auth/code/reauthenticate/request").status_code == 409
    assert deliver_mail() == []


def test_strangers_who_ask_for_mails_keep_nobody_from_their_proof(
    make_person, providers
):
    browser = Client(SERVER_NAME="localhost")
    sign_in_by(providers, browser)
    stranger = Client(SERVER_NAME="localhost", REMOTE_ADDR="192.0.2.7")
    for _ in range(6):
        stranger.post("/accounts/password/reset/", {"email": "maya@example.org"})
    deliver_mail().clear()
    answer = browser.post(PROOF)
    assert answer.status_code != 429
    (letter,) = deliver_mail()
    assert code_in(letter)


@pytest.mark.parametrize("door", ["page", "call"])
def test_a_code_on_its_way_proves_nothing_once_there_is_a_password(
    providers, browser, door
):
    sign_in_by(providers, browser)
    deliver_mail().clear()
    browser.post(PROOF)
    code = code_in(deliver_mail()[-1])
    user = User.objects.get()
    browser.post("/accounts/password/set/", {"password1": PASSWORD})
    user.refresh_from_db()
    assert user.has_usable_password()
    before = browser.session["account_authentication_methods"]
    if door == "page":
        browser.post(PROOF, {"code": code})
    else:
        path = "/_allauth/browser/v1/auth/code/reauthenticate"
        answer = browser.post(path, {"code": code}, content_type="application/json")
        assert answer.status_code == 409
    assert browser.session["account_authentication_methods"] == before
