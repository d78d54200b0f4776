"""Tries that are repeated without end: one event at once, the rest as one."""

from __future__ import annotations

import io
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.core.management import call_command
from django.db import connection
from django.test import Client, RequestFactory

from accounts.audit.history import recent_events
from accounts.audit.models import Action, Event, Outcome, Repeat
from accounts.audit.repeats import record_repeated
from tests.fixtures import later, sign_in_by_form

pytestmark = pytest.mark.django_db(transaction=True)
LIMITED = "Too many sign-in attempts"


def tries(count, **more):
    client = Client(SERVER_NAME="localhost", **more)
    for _ in range(count):
        sign_in_by_form(client, password="wrong")


@pytest.fixture(autouse=True)
def no_limit_of_sign_ins(settings):
    """Its 429 comes before anybody looks at the address, and writes no event."""
    settings.ACCOUNT_RATE_LIMITS = {**settings.ACCOUNT_RATE_LIMITS, "login": ""}


def limited():
    return Event.objects.filter(action=Action.SIGN_IN_LIMITED).order_by("id")


def test_the_first_is_seen_at_once_and_the_rest_as_one(make_person, browser):
    user = make_person()
    tries(5 + 200)
    assert limited().count() == 1
    assert Repeat.objects.get().times == 199
    titles = [moment.title for moment in recent_events(user)]
    assert titles[0] == LIMITED
    with later(minutes=6):
        sign_in_by_form(browser)
        for page in ("/dashboard/", "/accounts/activity/"):
            assert f"{LIMITED}: 199 times" in browser.get(page).content.decode()
    assert [event.data.get("times") for event in limited()] == [None, 199]
    assert not Repeat.objects.exists()


def test_the_next_try_closes_a_window_that_is_over(make_person):
    make_person()
    tries(5 + 10)
    with later(minutes=6):
        tries(5 + 3)
        assert [event.data.get("times") for event in limited()] == [None, 9, None]
        assert Repeat.objects.get().times == 2


def test_prune_closes_them(make_person):
    make_person()
    tries(5 + 10)
    with later(minutes=6):
        call_command("prune", stdout=io.StringIO())
    assert limited().last().data["times"] == 9
    assert not Repeat.objects.exists()


def test_networks_and_people_are_told_apart(make_person):
    make_person()
    other = make_person("other@example.org")
    tries(6)
    sign_in = {"login": other.email, "password": "x"}
    for _ in range(6):
        Client(SERVER_NAME="localhost").post("/accounts/login/", sign_in)
    tries(2, REMOTE_ADDR="2001:db8::1")
    tries(2, REMOTE_ADDR="2001:db8::2")
    assert Repeat.objects.filter(ip="2001:db8::1").get().times == 3
    assert Repeat.objects.count() == 3


def test_parallel_tries_are_one_event_and_all_counted(make_person):
    user = make_person()
    together = threading.Barrier(12)

    def one(_):
        request = RequestFactory().get("/")
        request.session = {}
        together.wait()
        try:
            record_repeated(
                Action.SIGN_IN_LIMITED,
                request=request,
                user=user,
                outcome=Outcome.LIMITED,
            )
        finally:
            connection.close()

    with ThreadPoolExecutor(12) as pool:
        list(pool.map(one, range(12)))
    assert limited().count() == 1
    assert Repeat.objects.get().times == 11


def test_somebody_who_is_not_staff_asks_for_the_admin_again_and_again(
    make_person, browser
):
    make_person()
    sign_in_by_form(browser)
    for _ in range(20):
        assert browser.get("/admin/login/").status_code == 403
    assert Event.objects.filter(action=Action.ADMIN_DENIED).count() == 1
    assert Repeat.objects.get().times == 19
