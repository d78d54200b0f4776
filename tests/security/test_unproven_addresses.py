"""An address that somebody typed, left, or has at a provider, and nobody proved, is no
entrance to an account: neither to sign in nor for a new password."""

from __future__ import annotations

import json

import pytest
from allauth.account.models import EmailAddress
from django.test import Client

import accounts.policy.providers.github.provider as github
from accounts.models import User
from tests.fixtures import (
    PASSWORD,
    code_in,
    deliver_mail,
    enrol_totp,
    second_step,
    sign_in_by_form,
)
from tests.standins.fixtures import sign_in_by

pytestmark = pytest.mark.django_db(transaction=True)
OLD, NEW, VICTIM = "old@example.org", "new@example.org", "victim@example.org"
ASK, CONFIRM = "/accounts/login/code/", "/accounts/login/code/confirm/"
API = "/_allauth/app/v1/auth"


def fresh():
    return Client(SERVER_NAME="localhost")


@pytest.fixture
def by_code(settings):
    settings.ACCOUNT_LOGIN_BY_CODE_ENABLED = True


@pytest.fixture
def thief(providers, monkeypatch):
    """Signed up by GitHub, where a stranger's address stands beside their own."""
    ask = github.fetch

    def fetch(url, *args, **kwargs):
        found = ask(url, *args, **kwargs)
        if not url.endswith("/user/emails"):
            return found
        return [*found, {"email": VICTIM, "primary": False, "verified": False}]

    monkeypatch.setattr(github, "fetch", fetch)
    browser = fresh()
    sign_in_by(providers, browser, "github", email="thief@example.org")
    deliver_mail().clear()
    return browser


def test_no_other_address_comes_over_from_a_provider(thief):
    kept = EmailAddress.objects.values_list("email", flat=True)
    assert list(kept) == ["thief@example.org"]


def test_its_owner_signs_up_as_anybody_does(thief):
    browser = fresh()
    browser.post("/accounts/signup/", {"email": VICTIM, "password1": PASSWORD})
    (letter,) = deliver_mail()
    browser.post("/accounts/confirm-email/", {"code": code_in(letter)})
    assert browser.get("/dashboard/").status_code == 200
    assert User.objects.get(email=VICTIM) != User.objects.get(email="thief@example.org")


@pytest.fixture
def account(make_person):
    """Somebody's, with an address that was typed and not proven."""
    user = make_person(NEW)
    EmailAddress.objects.create(user=user, email=OLD, verified=False)
    return user


def nothing_changed(user):
    user.refresh_from_db()
    rows = EmailAddress.objects.filter(user=user).values_list("email", "verified")
    return (
        user.email == NEW
        and user.check_password(PASSWORD)
        and (NEW, True) in rows
        and (OLD, True) not in rows
    )


@pytest.mark.parametrize("door", ["page", "call"])
def test_no_link_for_a_new_password_goes_to_it(account, api, door):
    if door == "page":
        fresh().post("/accounts/password/reset/", {"email": OLD})
    else:
        api.post(f"{API}/password/request", {"email": OLD})
    (letter,) = deliver_mail()  # as to whoever has no account
    assert "/password/reset/key/" not in letter.body
    assert nothing_changed(account)


def test_no_code_to_it_signs_in(account, by_code):
    browser = fresh()
    browser.post(ASK, {"email": OLD})
    (letter,) = deliver_mail()
    assert "no account" in letter.body.lower() or "code" not in letter.subject
    assert nothing_changed(account)


def test_a_password_with_it_proves_nothing_new(account):
    browser = fresh()
    page = browser.get(sign_in_by_form(browser, OLD)["Location"]).content.decode()
    assert "This sign-in could not be finished. Start again." in page
    assert browser.get("/dashboard/").status_code == 302
    assert browser.get("/accounts/confirm-email/").status_code == 302
    assert deliver_mail() == []
    assert nothing_changed(account)


@pytest.mark.parametrize("with_step", [False, True])
def test_a_code_from_before_a_change_of_address_opens_nothing(
    make_person, by_code, with_step
):
    user = make_person(OLD)
    app = enrol_totp(user) if with_step else None
    owner, holder = fresh(), fresh()
    sign_in_by_form(owner, OLD)
    if app:
        second_step(owner, app.code())
    holder.post(ASK, {"email": OLD})
    code = code_in(deliver_mail()[-1])
    owner.post("/accounts/email/", {"action_add": "", "email": NEW})
    owner.post("/accounts/confirm-email/", {"code": code_in(deliver_mail()[-1])})
    deliver_mail().clear()
    holder.post(CONFIRM, {"code": code})
    assert deliver_mail() == []
    assert holder.get("/dashboard/").status_code == 302
    assert nothing_changed(user)
    assert owner.get("/dashboard/").status_code == 200


def test_nor_does_it_for_an_app(make_person, api, by_code):
    user = make_person(OLD)
    asked = api.post(f"{API}/code/request", {"email": OLD}).json()
    session = asked["meta"]["session_token"]
    code = code_in(deliver_mail()[-1])
    deliver_mail().clear()
    EmailAddress.objects.filter(user=user).update(email=NEW)
    User.objects.filter(pk=user.pk).update(email=NEW)
    answer = api.post(f"{API}/code/confirm", {"code": code}, x_session_token=session)
    assert answer.status_code in {400, 401}
    assert "access_token" not in json.dumps(answer.json())
    assert deliver_mail() == []
    assert nothing_changed(user)


def test_a_proven_second_address_still_opens_its_account(account):
    EmailAddress.objects.filter(email=OLD).update(verified=True)
    browser = fresh()
    assert sign_in_by_form(browser, OLD)["Location"] == "/dashboard/"
