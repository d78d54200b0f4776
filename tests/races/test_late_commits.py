"""A revocation that commits long after its stamp is seen by everyone at once.

Postgres' own outbox readers know the trap: a row's time or sequence number says when it
was written, and rows become visible in another order.
"""

from __future__ import annotations

import threading
from datetime import timedelta
from unittest.mock import Mock
from uuid import uuid4

import pytest
import time_machine
from django.db import IntegrityError, connection, transaction
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from accounts.tokens import commit_order, key_rotation, ring, snapshot
from accounts.tokens.commit_order import Number
from accounts.tokens.models import Family, SigningKey
from accounts.tokens.revoke import revoke_families

pytestmark = pytest.mark.django_db(transaction=True)
MINUTE = timedelta(seconds=60)


class Elsewhere:
    """A transaction on a connection of its own, open until it is told to commit."""

    def __init__(self, work):
        self._work, self._go_on = work, threading.Event()
        self._done, self._error = threading.Event(), None
        self._thread = threading.Thread(target=self._run)
        self._thread.start()
        assert self._done.wait(20)
        assert self._error is None

    def _run(self):
        try:
            with transaction.atomic():
                try:
                    self._work()
                except BaseException as error:
                    self._error = error
                    raise
                finally:
                    self._done.set()
                assert self._go_on.wait(30)
        finally:
            connection.close()

    def commit(self):
        self._go_on.set()
        self._thread.join()


@pytest.fixture
def reader():
    """The list of a process that reads at each call, whatever the clock says."""

    class Reader(snapshot.Revoked):
        def read(self):
            self._load()
            known = self._known.after(timezone.now() - snapshot.window())
            return {**known.sids, **known.replaced, **known.kids}.keys()

    return Reader()


@pytest.fixture
def families(make_person, api):
    """Make live families, by their `sid`."""
    make_person()
    api.tokens()
    first = Family.objects.get()

    def make(number):
        for _ in range(number - 1):
            first.pk = uuid4()
            first.save(force_insert=True)
        return [str(pk) for pk in Family.objects.values_list("pk", flat=True)]

    return make


def end(sid, stamp):
    Family.objects.filter(pk=sid).update(
        revoked_at=stamp, revoked_tx=Number(), revoked_reason="admin"
    )


def needs_two_writers():
    if connection.vendor != "postgresql":
        pytest.skip("SQLite has one writer at a time")


def test_a_commit_a_minute_late_is_in_the_next_read(families, reader):
    late, meanwhile = families(2)
    stamp = timezone.now() - MINUTE
    reader.read()
    other = Elsewhere(lambda: end(late, stamp))
    if connection.vendor == "postgresql":
        end(meanwhile, timezone.now())
        assert reader.read() == {meanwhile}
        assert reader.read() == {meanwhile}
    other.commit()
    assert late in reader.read()


def test_it_is_listed_for_a_tokens_life_from_when_it_was_visible(families, reader):
    (late,) = families(1)
    reader.read()
    other = Elsewhere(lambda: end(late, timezone.now() - 10 * MINUTE))
    reader.read()
    other.commit()
    assert late in reader.read()
    for minutes, there in ((5, True), (6, False)):
        with time_machine.travel(timezone.now() + minutes * MINUTE):
            assert (late in reader.read()) is there


def test_a_key_removed_late_is_in_the_next_read(families, reader):
    families(1)
    gone = ring.new_key(SigningKey.State.NEXT)
    reader.read()
    other = Elsewhere(
        lambda: SigningKey.objects.filter(pk=gone.pk).update(
            state="gone", removed_at=timezone.now() - MINUTE, removed_tx=Number()
        )
    )
    assert gone.kid not in reader.read()
    other.commit()
    assert gone.kid in reader.read()


@settings(
    max_examples=25,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(
    st.lists(
        st.tuples(st.sampled_from(["open", "commit", "read"]), st.integers(0, 3)),
        max_size=14,
    ),
    st.lists(st.integers(0, 3600), min_size=4, max_size=4),
)
def test_in_any_order_of_stamps_commits_and_reads_each_read_is_whole(
    families, reader, steps, ages
):
    needs_two_writers()
    Family.objects.update(revoked_at=None, revoked_tx=None)
    sids = families(4 if Family.objects.count() == 1 else 1)
    reader.clear()
    reader.read()
    running, committed = {}, set()
    try:
        for step, which in steps:
            sid = sids[which]
            if step == "open" and sid not in running and sid not in committed:
                stamp = timezone.now() - timedelta(seconds=ages[which])
                running[sid] = Elsewhere(lambda s=sid, t=stamp: end(s, t))
            elif step == "commit" and sid in running:
                running.pop(sid).commit()
                committed.add(sid)
            elif step == "read":
                assert reader.read() == committed
        assert reader.read() == committed
    finally:
        for other in running.values():
            other.commit()


def test_a_late_commit_raises_an_alarm_and_is_stamped_again(families, monkeypatch):
    (late,) = families(1)
    log = Mock()
    monkeypatch.setattr(commit_order, "log", log)
    person = Family.objects.get().person
    with (
        time_machine.travel(timezone.now() - MINUTE, tick=False) as clock,
        transaction.atomic(),
    ):
        revoke_families(user=person, reason="admin")
        clock.shift(MINUTE)
        now = timezone.now()
    assert Family.objects.get(pk=late).revoked_at == now
    (told,) = log.error.call_args_list
    assert told.args == ("revocation_committed_late",)
    assert told.kwargs == {"what": "sign-ins", "seconds": 60}


def test_a_time_without_its_number_is_refused(families):
    families(1)
    with pytest.raises(IntegrityError):
        Family.objects.update(revoked_at=timezone.now())


def test_a_database_that_went_back_is_read_whole(families, reader):
    first, second = families(2)
    end(first, timezone.now())
    assert reader.read() == {first}
    reader._floor += 1_000_000  # as before the standby took over
    end(second, timezone.now())
    assert reader.read() == {first, second}


def test_in_an_emergency_the_keys_are_refused_before_the_families_are_ended(
    families, reader, monkeypatch
):
    families(3)
    old = ring.ring().signing.kid
    reader.read()

    def interrupted():
        raise InterruptedError

    with monkeypatch.context() as patch:
        patch.setattr(key_rotation, "end_orphans", interrupted)
        with pytest.raises(InterruptedError):
            key_rotation.replace_at_once()
    assert old in reader.read()
    assert old not in ring.ring().keys
    assert Family.objects.filter(revoked_at=None).count() == 3
    told = key_rotation.rotate(timedelta(days=30))  # the daily job finishes it
    assert "Sign-ins of removed keys ended: 3." in told
    assert not Family.objects.filter(revoked_at=None).exists()
