"""Removing factors when due, at the same time as cancelling or once more."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from django.core import mail
from django.db import connection, transaction
from django.test import RequestFactory
from django.utils import timezone

from accounts.audit.models import Action, Event
from accounts.models import User
from accounts.policy import removal, removal_due
from accounts.policy.models import FactorRemoval
from tests.fixtures import deliver_mail, enrol_totp

pytestmark = pytest.mark.django_db(transaction=True)
ROUNDS = 12


def together(*acts):
    """Run these in threads that start together, each with its own connection."""
    barrier = threading.Barrier(len(acts))

    def one(act):
        try:
            barrier.wait()
            return act()
        finally:
            connection.close()

    with ThreadPoolExecutor(len(acts)) as pool:
        return list(pool.map(one, acts))


def due(user):
    now = timezone.now()
    return FactorRemoval.objects.create(user=user, reminded_at=now, due_at=now)


@pytest.fixture
def maya(make_person):
    user = make_person()
    enrol_totp(user)
    EmailAddress.objects.create(user=user, email="two@example.org", verified=True)
    return user


def outcomes():
    counted = Event.objects.filter(
        action__in=[Action.REMOVAL_CANCELLED, Action.REMOVAL_DONE]
    )
    return list(counted.values_list("action", flat=True))


def test_cancelling_and_the_removal_have_one_winner(make_person):
    for number in range(ROUNDS):
        user = make_person(f"{number}@example.org")
        enrol_totp(user)
        row = due(user)
        Event.objects.all()._raw_delete("default")
        removed, cancelled = together(
            removal_due.run_due,
            lambda user=user: removal.cancel(user, removal.By.SESSION),
        )
        assert removed + cancelled == 1
        row.refresh_from_db()
        assert bool(row.done_at) != bool(row.cancelled_at)
        assert bool(row.done_at) == bool(removed)
        assert Authenticator.objects.filter(user=user).exists() == bool(cancelled)
        done = Action.REMOVAL_DONE if removed else Action.REMOVAL_CANCELLED
        assert outcomes() == [done]


def test_who_holds_the_request_wins(maya):
    """Without luck: the one that cancels commits while the other waits for its row."""
    row = due(maya)
    held, waiting = threading.Event(), threading.Event()

    def cancel():
        with transaction.atomic():
            assert removal.cancel(maya, removal.By.SESSION)
            held.set()
            waiting.wait(1)

    def remove():
        held.wait(10)
        threading.Timer(0.3, waiting.set).start()
        return removal_due.run_due()

    assert together(cancel, remove) == [None, 0]
    row.refresh_from_db()
    assert row.done_at is None
    assert Authenticator.objects.filter(user=maya).count() == 2


def test_many_workers_remove_and_remind_once(maya):
    due(maya)
    assert sum(together(*[removal_due.run_due] * 6)) == 1
    assert outcomes() == [Action.REMOVAL_DONE]
    assert len(deliver_mail()) == 2  # one for each address
    mail.outbox.clear()
    enrol_totp(maya)
    soon = timezone.now() + timedelta(hours=20)
    FactorRemoval.objects.create(user=maya, due_at=soon)
    together(*[removal_due.run_due] * 6)
    assert len(deliver_mail()) == 2


def test_many_requests_are_one(maya):
    request = RequestFactory().get("/")

    def ask():
        return removal.ask(request, maya).pk

    assert len(set(together(*[ask] * 6))) == 1
    assert Event.objects.filter(action=Action.REMOVAL_ASKED).count() == 1
    assert len(deliver_mail()) == 2


def test_a_request_whose_password_changed_meanwhile_is_none(maya):
    stale = User.objects.get()
    User.objects.update(password="another")
    assert removal.ask(RequestFactory().get("/"), stale) is None
    User.objects.update(password=stale.password)
    Authenticator.objects.all().delete()
    assert removal.ask(RequestFactory().get("/"), stale) is None
    assert not FactorRemoval.objects.exists()
