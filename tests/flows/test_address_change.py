"""Several changes of address at once: the one that was asked for last counts."""

from __future__ import annotations

import pytest
from django.test import Client

from accounts.models import User
from accounts.policy.models import AddressChange
from tests.fixtures import code_in, deliver_mail, sign_in_by_form
from tests.flows.test_proof_by_code import call_as_browser

pytestmark = pytest.mark.django_db(transaction=True)
OWNER = "maya@example.org"
OLDER, LATER = "older@example.org", "later@example.org"
SUPERSEDED = "Start again to use this address."


def ask(client, email):
    """Begin a change; returns the code for it."""
    client.post("/accounts/email/", {"email": email, "action_add": ""})
    found = [mail for mail in deliver_mail() if mail.to == [email]]
    return code_in(found[-1])


def enter(client, code):
    return client.post("/accounts/confirm-email/", {"code": code})


@pytest.fixture
def two(make_person):
    """Two browsers of one person."""
    make_person()
    clients = [Client(SERVER_NAME="localhost") for _ in range(2)]
    for client in clients:
        sign_in_by_form(client)
    return clients


def address():
    return User.objects.get().email


@pytest.mark.parametrize("is_done", [True, False])
def test_an_earlier_change_does_not_overwrite_a_later_one(two, is_done):
    first, second = two
    older, later = ask(first, OLDER), ask(second, LATER)
    if is_done:
        enter(second, later)
    answer = enter(first, older)
    assert SUPERSEDED in answer.content.decode()
    assert address() == (LATER if is_done else OWNER)
    if not is_done:
        enter(second, later)
        assert address() == LATER


def test_the_same_by_the_account_api(two):
    first, second = two
    call_as_browser(first, "account/email", {"email": OLDER})
    older = code_in(deliver_mail()[-1])
    enter(second, ask(second, LATER))
    answer = call_as_browser(first, "auth/email/verify", {"key": older})
    assert answer.status_code == 400
    assert [one["code"] for one in answer.json()["errors"]] == ["superseded"]
    assert address() == LATER


def test_asking_again_makes_an_address_the_last_one(two):
    first, second = two
    ask(first, OLDER)
    ask(second, LATER)
    enter(first, ask(first, OLDER))
    assert address() == OLDER
    assert not AddressChange.objects.exists()


def test_the_present_address_hears_of_each_change_that_begins(two):
    first, _ = two
    ask(first, OLDER)
    ask(first, LATER)
    told = [mail for mail in deliver_mail() if mail.to == [OWNER]]
    found = [mail for mail in told if "was started" in mail.subject]
    assert [
        to in mail.body for mail, to in zip(found, (OLDER, LATER), strict=True)
    ] == [
        True,
        True,
    ]
