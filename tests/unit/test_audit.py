"""Events: in the transaction of what they tell, append-only, without secrets."""

from __future__ import annotations

import pytest
from django.contrib.sessions.models import Session
from django.db import transaction
from django.test import Client

from accounts.audit import receivers
from accounts.audit.history import device_name, method_name, recent_events
from accounts.audit.models import Action, Event, Outcome
from accounts.audit.record import record
from accounts.tokens.models import Family
from tests.fixtures import PASSWORD, sign_in_by_form

IPHONE = (
    "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1 "
    "(KHTML, like Gecko) Version/18.0 Mobile/15E148 Safari/604.1"
)
pytestmark = pytest.mark.django_db(transaction=True)


def signed_in_sessions():
    return sum("_auth_user_id" in one.get_decoded() for one in Session.objects.all())


def test_a_sign_in_that_cannot_be_recorded_does_not_happen(make_person, monkeypatch):
    make_person()

    def fail(action, **more):
        if action == Action.SIGN_IN:
            raise RuntimeError
        return record(action, **more)

    monkeypatch.setattr(receivers, "record", fail)
    client = Client(SERVER_NAME="localhost", raise_request_exception=False)
    assert sign_in_by_form(client).status_code == 500
    answer = client.post(
        "/api/token/",
        {"email": "maya@example.org", "password": PASSWORD},
        "application/json",
    )
    assert answer.status_code == 500
    assert signed_in_sessions() == 0
    assert not Family.objects.exists()
    assert not Event.objects.filter(action=Action.SIGN_IN).exists()


def test_an_event_goes_with_its_transaction(make_person):
    user = make_person()
    with pytest.raises(RuntimeError), transaction.atomic():
        record(Action.SIGN_OUT, user=user)
        raise RuntimeError
    assert not Event.objects.exists()


def test_who_what_when_where_outcome_and_method(make_person):
    user = make_person()
    browser = Client(
        SERVER_NAME="localhost",
        REMOTE_ADDR="192.0.2.7",
        HTTP_USER_AGENT="Mozilla/5.0 (X11; Linux x86_64) Firefox/140.0\n\x1b[31m",
    )
    sign_in_by_form(browser)
    event = Event.objects.get(action=Action.SIGN_IN)
    assert (event.user, event.actor, event.ip) == (user, user, "192.0.2.7")
    assert (event.outcome, event.method) == (Outcome.SUCCESS, "password")
    assert event.user_agent.isprintable()
    assert event.session
    assert event.session not in str(browser.cookies)
    (moment,) = recent_events(user)
    assert moment.title == "Signed in with password"
    assert moment.device == "Firefox on Linux"


def test_what_was_typed_is_not_kept(make_person):
    make_person()
    browser = Client(SERVER_NAME="localhost")
    sign_in_by_form(browser, "typed-a-password-here", "x")
    sign_in_by_form(browser, "nobody@example.org", "a wrong secret")
    rows = str(list(Event.objects.values()))
    for word in ("typed-a-password", "nobody@example.org", "a wrong secret"):
        assert word not in rows


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("password+totp", "password and authenticator app"),
        ("google", "Google"),
        ("", "an unknown method"),
    ],
)
def test_methods_in_words(text, told):
    assert method_name(text) == told


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("curl/8.5.0", "curl"),
        ("", "Unknown device"),
        (IPHONE, "Safari on iOS"),
    ],
)
def test_devices_in_words(text, told):
    assert device_name(text) == told
