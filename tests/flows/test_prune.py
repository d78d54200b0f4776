"""prune: what has ended goes, in batches, and nothing else does."""

from __future__ import annotations

import io
import threading
import uuid
from datetime import timedelta

import pytest
from allauth.usersessions.models import UserSession
from django.contrib.sessions.models import Session
from django.core.management import call_command
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.models import User
from accounts.tokens import prune
from accounts.tokens.models import Family
from tests.fixtures import sign_in_by_form

pytestmark = pytest.mark.django_db(transaction=True)
DAY = timedelta(days=1)


def families(user, count, **values):
    now = timezone.now()
    row = {"user": user, "session_key": "x", "session_sid": "x", "current_jti": "x",
           "kid": "x", "acr": "aal1", "auth_time": now,
           "expires_at": now + 30 * DAY} | values  # fmt: skip
    if "revoked_at" in row:
        row["revoked_tx"] = 0
    Family.objects.bulk_create(
        [Family(id=uuid.uuid4(), **row) for _ in range(count)], batch_size=500
    )


def run(*options):
    out = io.StringIO()
    call_command("prune", *options, stdout=out)
    return out.getvalue()


def test_what_ended_long_ago_goes_and_what_is_live_or_recent_stays(make_person, api):
    person, now = make_person(), timezone.now()
    live = api.tokens()
    families(person, 3, expires_at=now - 31 * DAY)
    families(person, 4, revoked_at=now - 31 * DAY, revoked_reason="admin")
    families(person, 5, expires_at=now - 29 * DAY)
    families(person, 6, revoked_at=now - 29 * DAY, revoked_reason="admin")
    assert run() == "Deleted 0 sessions, 7 sign-ins by token, 0 closed accounts.\n"
    assert Family.objects.count() == 12
    assert api.refresh(live["refresh"]).status_code == 200
    assert run() == "Deleted 0 sessions, 0 sign-ins by token, 0 closed accounts.\n"
    assert (
        run("--keep", "1")
        == "Deleted 0 sessions, 11 sign-ins by token, 0 closed accounts.\n"
    )


def test_nothing_that_was_just_revoked_goes_whatever_is_asked(make_person, api):
    make_person()
    pair = api.tokens()
    api.post("/api/token/revoke/", {"refresh": pair["refresh"]})
    run("--keep", "0")
    assert Family.objects.filter(revoked_reason="client").exists()
    assert api.get("/api/me/", pair["access"]).json()["code"] == "token_revoked"


def test_it_goes_in_batches_each_a_transaction_of_its_own(make_person, monkeypatch):
    monkeypatch.setattr(prune, "BATCH", 100)
    families(make_person(), 250, expires_at=timezone.now() - 60 * DAY)
    with CaptureQueriesContext(connection) as seen:
        assert list(prune.prune_families(30 * DAY)) == [100, 100, 50]
    deletes = [query["sql"] for query in seen if query["sql"].startswith("DELETE")]
    assert len(deletes) >= 3
    assert not connection.in_atomic_block


def test_people_sign_in_and_refresh_meanwhile(make_person, api, monkeypatch):
    monkeypatch.setattr(prune, "BATCH", 50)
    person = make_person()
    pair = api.tokens()
    families(person, 2000, expires_at=timezone.now() - 60 * DAY)
    done = threading.Event()

    def prune_all():
        try:
            run()
        finally:
            done.set()
            connection.close()

    thread = threading.Thread(target=prune_all)
    thread.start()
    turns = 0
    while not done.is_set() and turns < 100:  # the limit is 120 a minute
        answer = api.refresh(pair["refresh"])
        assert answer.status_code == 200
        pair = answer.json()
        turns += 1
    thread.join()
    assert turns > 3
    assert Family.objects.count() == 1


def test_sessions_that_have_expired_go_with_their_place_in_the_list(
    make_person, browser
):
    make_person()
    sign_in_by_form(browser)
    over = timezone.now() - timedelta(seconds=1)
    old = Session.objects.create(session_key="old", session_data="", expire_date=over)
    UserSession.objects.create(
        user=User.objects.get(), session_key=old.pk, ip="127.0.0.1", user_agent="x"
    )
    assert run() == "Deleted 1 sessions, 0 sign-ins by token, 0 closed accounts.\n"
    assert Session.objects.count() == 1
    assert UserSession.objects.count() == 1
    assert browser.get("/dashboard/").status_code == 200
