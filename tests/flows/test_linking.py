"""docs/linking.md, cell by cell: no address of a provider takes an account over."""

from __future__ import annotations

import contextlib
import re
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from allauth.socialaccount.models import SocialAccount
from django.contrib.auth.models import Group
from django.db import connection
from django.test import Client

from accounts.audit.models import Action, Event
from accounts.models import User
from accounts.policy.social_adapter import SocialAccountAdapter
from tests.fixtures import (
    PASSWORD,
    code_in,
    deliver_mail,
    enrol_totp,
    later,
    second_step,
    sign_in_by_form,
)
from tests.standins.fixtures import come_back, sign_in_by, start

pytestmark = pytest.mark.django_db(transaction=True)
DOCS = Path(__file__).resolve().parents[2] / "docs" / "linking.md"
EMAIL = "maya@example.org"
CODE_PAGE = "/accounts/confirm-email/"
SIGN_UP_PAGE = "/accounts/3rdparty/signup/"
MISFORTUNES = {"verified": "", "unverified": "unverified", "none told": "no_email"}
WHEN = ("signed out", "signed out, second step", "signed in", "signed in, second step")


def cells():
    found = []
    for line in DOCS.read_text().splitlines():
        row = [cell.strip() for cell in line.strip("|").split("|")]
        if len(row) == 6 and row[1] in MISFORTUNES:
            for when, outcome in zip(WHEN, row[2:], strict=True):
                name = "-".join([*row[:2], when])
                found.append(pytest.param([*row[:2], when], outcome, id=name))
    return found


def test_the_table_is_whole():
    assert len(cells()) == 36


@pytest.fixture
def local(make_person):
    """The account that has the address, as the first column says; or None."""

    def make(here, *, with_step):
        if here == "nobody has the address":
            return None
        user = make_person(EMAIL, verified=here == "verified")
        if with_step:
            enrol_totp(user)
        return user

    return make


@pytest.fixture
def myself(make_person):
    """Somebody to be signed in as, whose address is proven."""

    def make(here, *, with_step):
        user = make_person(EMAIL if here == "verified" else "myself@example.org")
        if here == "unverified":
            EmailAddress.objects.create(user=user, email=EMAIL)
        return user, enrol_totp(user) if with_step else None

    return make


def is_signed_in(browser):
    return browser.get("/dashboard/").status_code == 200


@pytest.mark.parametrize(("cell", "outcome"), cells())
def test_each_cell(providers, browser, local, myself, cell, outcome):
    here, there, when = cell
    with_step = "second step" in when
    if when.startswith("signed in"):
        user, app = myself(here, with_step=with_step)
        sign_in_by_form(browser, user.email)
        if app:
            second_step(browser, app.code())
        deliver_mail().clear()
        connect(providers, browser, there)
    else:
        user = local(here, with_step=with_step)
        answer = sign_in_by(providers, browser, misfortune=MISFORTUNES[there])
        assert (answer["Location"] == SIGN_UP_PAGE) == (there == "none told")
        if there == "none told":
            browser.post(SIGN_UP_PAGE, {"email": EMAIL})
    OUTCOMES[outcome](browser, user)


def connect(providers, browser, there):
    page = start(browser, query="process=connect")
    return come_back(browser, providers.consent(page, MISFORTUNES[there]))


def new_account(browser, user):
    person = User.objects.get(email=EMAIL)
    assert is_signed_in(browser)
    assert EmailAddress.objects.get(user=person).verified
    assert not person.has_usable_password()
    assert SocialAccount.objects.get().user == person


def code_first(browser, user):
    assert not is_signed_in(browser)
    assert not User.objects.exists()
    assert not SocialAccount.objects.exists()
    (letter,) = deliver_mail()
    browser.post(CODE_PAGE, {"code": code_in(letter)})
    assert is_signed_in(browser)
    person = User.objects.get(email=EMAIL)
    assert EmailAddress.objects.get(user=person).verified
    assert SocialAccount.objects.get().user == person


def mail_alone(browser, user):
    before = User.objects.get(pk=user.pk)
    assert not is_signed_in(browser)
    assert not SocialAccount.objects.exists()
    assert User.objects.count() == 1
    assert before.check_password(PASSWORD)
    (letter,) = deliver_mail()
    assert letter.to == [EMAIL]
    assert "You have one already" in letter.body
    assert browser.get(CODE_PAGE).status_code == 200  # as if a code were on its way


def handed_over(browser, user):
    had_second_step = "second step" in " ".join(
        event.data["what"]
        for event in Event.objects.filter(action=Action.PRE_REGISTERED_WIPED)
    )
    assert is_signed_in(browser)
    person = User.objects.get(email=EMAIL)
    assert person == user
    assert not person.has_usable_password()
    assert not Authenticator.objects.filter(user=user).exists()
    assert EmailAddress.objects.get(user=user).verified
    assert SocialAccount.objects.get().user == user
    letters = {letter.subject: letter.body for letter in deliver_mail()}
    told = letters["Authsite: your account is yours alone now"]
    assert "the password" in told
    assert ("the second step" in told) == had_second_step
    stranger = Client(SERVER_NAME="localhost")
    assert sign_in_by_form(stranger).status_code == 200  # refused


def connected(browser, user):
    account = SocialAccount.objects.get()
    assert account.user == user
    assert is_signed_in(browser)
    assert User.objects.count() == 1
    assert not EmailAddress.objects.filter(email=EMAIL, verified=True).exclude(
        user=user, primary=True
    ).exists()  # fmt: skip
    assert any("connected" in letter.body for letter in deliver_mail())


OUTCOMES = {
    "new account": new_account,
    "code first": code_first,
    "asked, code first": code_first,
    "mail": mail_alone,
    "asked, mail": mail_alone,
    "handed over": handed_over,
    "connected": connected,
}


@pytest.mark.parametrize(
    "fields",
    [
        {"is_staff": True},
        {"is_superuser": True},
        {"is_active": False},
        "group",
        "history",
    ],
)
def test_an_account_with_rights_or_a_history_is_not_handed_over(
    providers, browser, make_person, fields
):
    user = make_person(
        EMAIL, verified=False, **(fields if isinstance(fields, dict) else {})
    )
    if fields == "group":
        Group.objects.create(name="Support").user_set.add(user)
    if fields == "history":
        User.objects.filter(pk=user.pk).update(last_login=user.date_joined)
    sign_in_by(providers, browser)
    mail_alone(browser, user)


def test_a_connected_account_asks_for_the_second_step(providers, browser, make_person):
    sign_in_by(providers, browser)
    app = enrol_totp(User.objects.get())
    again = Client(SERVER_NAME="localhost")
    assert sign_in_by(providers, again)["Location"] == "/accounts/2fa/authenticate/"
    assert not is_signed_in(again)
    second_step(again, app.code())
    assert is_signed_in(again)


def test_a_connected_account_of_a_disabled_person_is_refused(providers, browser):
    sign_in_by(providers, browser)
    user = User.objects.get()
    user.is_active = False
    user.save()
    again = Client(SERVER_NAME="localhost")
    sign_in_by(providers, again)
    assert not is_signed_in(again)


def test_an_identity_is_known_by_its_number_whatever_its_address(providers, browser):
    sign_in_by(providers, browser, sub="42")
    user = User.objects.get()
    again = Client(SERVER_NAME="localhost")
    sign_in_by(providers, again, misfortune="changed_email", sub="42")
    assert is_signed_in(again)
    user.refresh_from_db()
    assert user.email == EMAIL
    stranger = Client(SERVER_NAME="localhost")
    sign_in_by(providers, stranger, misfortune="other_subject", sub="42")
    assert not is_signed_in(stranger)
    assert SocialAccount.objects.count() == 1


def test_an_identity_of_somebody_else_is_not_connected(providers, browser, make_person):
    sign_in_by(providers, browser)
    other = Client(SERVER_NAME="localhost")
    make_person("other@example.org")
    sign_in_by_form(other, "other@example.org")
    connect(providers, other, "verified")
    assert SocialAccount.objects.get().user.email == EMAIL
    page = other.get("/accounts/3rdparty/").content.decode()
    assert re.search("connected to (another|a different) account", page)


def test_the_owner_of_an_address_is_not_kept_out_by_who_typed_it(
    providers, browser, make_person
):
    typist = make_person("typist@example.org")
    EmailAddress.objects.create(user=typist, email=EMAIL)
    sign_in_by(providers, browser)
    assert is_signed_in(browser)
    owner = User.objects.get(email=EMAIL)
    assert owner != typist
    typist.refresh_from_db()
    assert typist.check_password(PASSWORD)
    assert [one.email for one in EmailAddress.objects.filter(user=typist)] == [
        "typist@example.org"
    ]


def test_connecting_asks_for_proof_when_the_last_is_old(
    providers, browser, make_person
):
    make_person()
    sign_in_by_form(browser, remember="on")
    with later(minutes=6):
        answer = connect(providers, browser, "verified")
        assert answer["Location"].startswith("/accounts/reauthenticate/")
        assert not SocialAccount.objects.exists()
        browser.post(answer["Location"], {"password": PASSWORD})
        assert SocialAccount.objects.get().user.email == EMAIL


def test_a_stranger_s_provider_does_not_outlive_a_new_password(
    providers, browser, make_person
):
    """An imported account whose address nobody has confirmed yet."""
    imported = make_person(EMAIL, verified=False)
    SocialAccount.objects.create(user=imported, provider="google", uid="666")
    stranger = Client(SERVER_NAME="localhost")
    sign_in_by(providers, stranger, misfortune="unverified", sub="666")
    assert not is_signed_in(stranger)
    deliver_mail().clear()
    browser.post("/accounts/password/reset/", {"email": EMAIL})
    (letter,) = deliver_mail()
    link = re.search(r"http://localhost(/accounts/password/reset/key/\S+)", letter.body)
    page = browser.get(link.group(1))
    browser.post(page["Location"], {"password1": "a password of the owner"})
    deliver_mail().clear()
    with later(seconds=11):  # one mail in ten seconds
        sign_in_by_form(browser, password="a password of the owner")
        browser.post(CODE_PAGE, {"code": code_in(deliver_mail()[-1])})
        assert is_signed_in(browser)
    assert not SocialAccount.objects.exists()
    assert User.objects.get().check_password("a password of the owner")
    again = Client(SERVER_NAME="localhost")
    sign_in_by(providers, again, misfortune="unverified", sub="666")
    assert not is_signed_in(again)
    assert not is_signed_in(stranger)


def test_an_account_with_a_history_loses_no_second_step(make_person, browser):
    user = make_person()
    sign_in_by_form(Client(SERVER_NAME="localhost"))
    app = enrol_totp(user)
    EmailAddress.objects.filter(user=user).update(verified=False)
    sign_in_by_form(browser)
    answer = browser.post(CODE_PAGE, {"code": code_in(deliver_mail()[-1])})
    assert answer["Location"] == "/accounts/2fa/authenticate/"
    second_step(browser, app.code())
    assert is_signed_in(browser)


def test_two_disconnections_at_once_leave_one_way_in(providers, browser, monkeypatch):
    sign_in_by(providers, browser)
    page = start(browser, "github", "process=connect")
    come_back(browser, providers.consent(page))
    accounts = list(SocialAccount.objects.values_list("pk", flat=True))
    assert len(accounts) == 2
    both = threading.Barrier(2)
    validate = SocialAccountAdapter.validate_disconnect

    def slowly(self, account, others):
        validate(self, account, others)
        with contextlib.suppress(threading.BrokenBarrierError):
            both.wait(1)  # until the other one has looked too, if it can

    monkeypatch.setattr(SocialAccountAdapter, "validate_disconnect", slowly)

    def disconnect(pk):
        client = Client(SERVER_NAME="localhost")
        client.cookies = browser.cookies
        try:
            client.post("/accounts/3rdparty/", {"account": pk})
        finally:
            connection.close()

    with ThreadPoolExecutor(2) as pool:
        list(pool.map(disconnect, accounts))
    assert SocialAccount.objects.count() == 1
