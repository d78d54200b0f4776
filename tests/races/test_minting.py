"""No token and no session outlives a ban that commits while it is being made."""

from __future__ import annotations

import threading
import time

import pytest
from django.db import connection, transaction
from django.test import Client

from accounts.models import User
from accounts.policy import session_locks
from accounts.policy.sessions import end_sessions
from accounts.tokens import issue, rotate, snapshot
from tests.fixtures import PASSWORD, exchange, sign_in_by_form

pytestmark = pytest.mark.django_db(transaction=True)
EMAIL = "maya@example.org"


def person():
    return User.objects.get(email=EMAIL)


def deactivate(browser):
    user = person()
    user.is_active = False
    user.save(update_fields=["is_active"])


def new_password(browser):
    user = person()
    user.set_password("another horse battery")
    user.save(update_fields=["password"])


def not_me(browser):
    with transaction.atomic():
        user = User.objects.select_for_update().get(email=EMAIL)
        end_sessions(user, "not_me")
        user.set_unusable_password()
        user.save(update_fields=["password"])


def everywhere(browser):
    end_sessions(person(), "admin")


def delete(browser):
    person().delete()


def sign_out(browser):
    browser.post("/accounts/logout/")


ENDINGS = [deactivate, new_password, not_me, everywhere, delete, sign_out]


class Running:
    """Work in a thread, with its own connection."""

    def __init__(self, work):
        self.result = self.error = None
        self._thread = threading.Thread(target=self._run, args=[work])
        self._thread.start()

    def _run(self, work):
        try:
            self.result = work()
        except Exception as error:  # noqa: BLE001 - told to the test
            self.error = error
        finally:
            connection.close()

    def is_done(self):
        return not self._thread.is_alive()

    def join(self):
        self._thread.join(30)
        assert self.is_done()
        assert self.error is None, repr(self.error)
        return self.result


def until_blocked(work):
    """Return as soon as the work waits for a lock of the database, or is done."""
    ask = (
        "SELECT count(*) FROM pg_stat_activity"
        " WHERE datname = current_database() AND wait_event_type = 'Lock'"
    )
    deadline = time.monotonic() + 20
    while not work.is_done() and time.monotonic() < deadline:
        with connection.cursor() as cursor:
            cursor.execute(ask)
            if cursor.fetchone()[0]:
                return


@pytest.fixture
def browser(make_person):
    if connection.vendor != "postgresql":
        pytest.skip("SQLite has one writer at a time")
    make_person(EMAIL)
    client = Client()
    sign_in_by_form(client, EMAIL)
    return client


@pytest.fixture
def minting(browser, api, request):
    """How tokens are asked for: returns status and body."""
    kind = request.param
    pair = exchange(browser).json() if kind == "refresh" else None

    def mint():
        if kind == "refresh":
            answer = api.refresh(pair["refresh"])
        elif kind == "exchange":
            answer = exchange(browser)
        else:
            answer = api.sign_in(EMAIL, PASSWORD)
        return answer.status_code, answer.json()

    mint.kind = kind
    return mint


def paused(monkeypatch, module, name, *, after=True):
    """Let one call wait, in its transaction; returns (it came, let it go on)."""
    came, go_on, real = threading.Event(), threading.Event(), getattr(module, name)

    def wait():
        came.set()
        assert go_on.wait(20)

    def call(*args, **kwargs):
        if not after:
            wait()
        result = real(*args, **kwargs)
        if after:
            wait()
        return result

    monkeypatch.setattr(module, name, call)
    return came, go_on


def accepts(api, minted):
    status, body = minted
    if status != 200:
        return False
    snapshot.revoked.clear()
    return api.get("/api/me/", body["access"]).status_code == 200


@pytest.mark.parametrize("minting", ["exchange", "refresh"], indirect=True)
@pytest.mark.parametrize("ending", ENDINGS)
def test_what_is_being_minted_when_an_ending_comes_ends_with_it(
    browser, minting, ending, api, monkeypatch
):
    where = (rotate, "_advance") if minting.kind == "refresh" else (issue, "_family")
    came, go_on = paused(monkeypatch, *where)
    mint = Running(minting)
    assert came.wait(20)
    end = Running(lambda: ending(browser))
    until_blocked(end)
    go_on.set()
    minted = mint.join()
    end.join()
    assert not accepts(api, minted)


@pytest.mark.parametrize("minting", ["exchange", "refresh"], indirect=True)
@pytest.mark.parametrize("ending", ENDINGS)
def test_nothing_is_minted_after_an_ending_that_commits_meanwhile(
    browser, minting, ending, api, monkeypatch
):
    module = rotate if minting.kind == "refresh" else issue
    came, go_on = paused(monkeypatch, module, "lock_sign_in", after=False)
    mint = Running(minting)
    assert came.wait(20)
    ending(browser)
    go_on.set()
    status, _ = mint.join()
    assert status in {401, 403}


@pytest.mark.parametrize("ending", [deactivate, new_password, not_me, delete])
@pytest.mark.parametrize("how", ["app", "page"])
def test_a_sign_in_at_its_last_stage_does_not_survive_either(
    browser, how, ending, api, monkeypatch
):
    came, go_on = paused(monkeypatch, session_locks, "begin_sign_in", after=False)
    other = Client()

    def sign_in():
        if how == "app":
            return api.sign_in(EMAIL, PASSWORD).status_code
        return sign_in_by_form(other, EMAIL).status_code

    running = Running(sign_in)
    assert came.wait(20)
    ending(browser)
    go_on.set()
    assert running.join() == (401 if how == "app" else 302)
    assert other.get("/dashboard/")["Location"].startswith("/accounts/login/")


@pytest.mark.parametrize("ending", [deactivate, new_password, not_me, everywhere])
def test_an_app_signed_in_between_session_and_tokens_gets_none(
    browser, ending, api, monkeypatch
):
    came, go_on = paused(monkeypatch, issue, "lock_sign_in", after=False)
    running = Running(lambda: api.sign_in(EMAIL, PASSWORD))
    assert came.wait(20)
    ending(browser)
    go_on.set()
    assert running.join().status_code == 401
