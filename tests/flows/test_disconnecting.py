"""Disconnecting a provider: by our one rule about the last way in, at both doors."""

from __future__ import annotations

import pytest
from allauth.mfa.models import Authenticator
from allauth.socialaccount.models import SocialAccount

from tests.passkeys import SoftKey, enrol
from tests.standins.fixtures import sign_in_by

pytestmark = pytest.mark.django_db(transaction=True)
PAGE, CALL = "/accounts/3rdparty/", "/_allauth/browser/v1/account/providers"
WORDS = "This is your only way to sign in."


@pytest.fixture
def guest(providers, browser):
    """Who signs in by Google alone, and has no password."""
    sign_in_by(providers, browser)
    return browser


def by_page(browser):
    account = SocialAccount.objects.get()
    return browser.post(PAGE, {"account": account.pk})


def by_call(browser):
    account = SocialAccount.objects.get()
    return browser.delete(
        CALL,
        {"provider": account.provider, "account": account.uid},
        content_type="application/json",
    )


def test_the_last_way_in_stays_and_the_page_says_what_first(guest):
    answer = by_page(guest)
    page = answer.content.decode()
    assert WORDS in page
    assert "Set a password or add another passkey first." in page
    assert "<title>Error: Connected accounts" in page
    assert SocialAccount.objects.count() == 1


def test_the_same_for_programs(guest):
    answer = by_call(guest)
    assert answer.status_code == 400
    (error,) = answer.json()["errors"]
    assert (error["code"], error["message"][: len(WORDS)]) == ("last_way_in", WORDS)
    assert SocialAccount.objects.count() == 1


@pytest.mark.parametrize("door", [by_page, by_call])
def test_a_passkey_is_a_way_in_too(guest, door):
    enrol(guest, SoftKey(), "Laptop")
    assert Authenticator.objects.filter(type="webauthn").exists()
    assert door(guest).status_code in {200, 302}
    assert not SocialAccount.objects.exists()


def test_an_account_of_nobody_s_is_not_found(guest):
    wrong = {"provider": "google", "account": "unknown"}
    answer = guest.delete(CALL, wrong, content_type="application/json")
    assert answer.json()["errors"][0]["code"] == "account_not_found"
    answer = guest.delete(CALL, {}, content_type="application/json")
    assert {one["param"] for one in answer.json()["errors"]} == {"provider", "account"}
