"""export: what is kept about a person in one file, and nothing that opens anything."""

from __future__ import annotations

import json

import pytest
from allauth.socialaccount.models import SocialAccount
from allauth.usersessions.models import UserSession
from django.contrib.auth.models import Group
from django.contrib.sessions.models import Session
from django.test import Client, RequestFactory

from accounts.audit.models import Action, Event, Outcome
from accounts.audit.record import record
from accounts.models import User
from accounts.tokens.models import Family
from tests.fixtures import enrol_totp, exchange, later, second_step, sign_in_by_form

pytestmark = pytest.mark.django_db(transaction=True)
PATH = "/accounts/export/"


@pytest.fixture
def maya(make_person):
    """Signed in with a second step, a provider, an app and a group."""
    user = make_person(name="Maya Lindqvist", language="en")
    app = enrol_totp(user)
    user.groups.add(Group.objects.create(name="Editors"))
    SocialAccount.objects.create(
        user=user,
        provider="github",
        uid="42",
        extra_data={"login": "maya", "access_token": "a-private-thing"},
    )
    browser = Client(SERVER_NAME="localhost", HTTP_USER_AGENT="Firefox/140.0")
    sign_in_by_form(browser)
    second_step(browser, app.code())
    browser.app = app
    return browser


def download(browser):
    answer = browser.post(PATH)
    assert answer.status_code == 200
    return answer, b"".join(answer.streaming_content).decode()


def test_the_page_says_what_it_holds_and_the_press_gives_it(maya):
    page = maya.get(PATH).content.decode()
    assert "Not in the file" in page
    answer, text = download(maya)
    assert answer["Content-Type"] == "application/json"
    assert answer["Content-Disposition"].startswith('attachment; filename="authsite-20')
    assert "no-store" in answer["Cache-Control"]
    found = json.loads(text)
    assert (found["schema"], found["version"]) == ("authsite-export", 1)
    user = User.objects.get()
    person = found["person"]
    assert (person["id"], person["name"]) == (str(user.pk), "Maya Lindqvist")
    assert (person["groups"], person["language"]) == (["Editors"], "en")
    assert found["addresses"] == [
        {"email": user.email, "verified": True, "primary": True}
    ]
    assert [one["user_agent"] for one in found["sessions"]] == ["Firefox/140.0"]
    assert [one["kind"] for one in found["factors"]] == ["totp", "recovery_codes"]
    (connection,) = found["connections"]
    assert (connection["id_there"], connection["said"]) == ("42", {"login": "maya"})
    assert [one["action"] for one in found["events"]][:2] == [
        Action.EXPORTED,
        Action.SIGN_IN,
    ]
    assert Event.objects.get(action=Action.EXPORTED).user == user


def test_it_holds_no_key_no_secret_and_no_token(maya):
    pair = exchange(maya).json()
    _, text = download(maya)
    assert len(json.loads(text)["apps"]) == 1
    family = Family.objects.get()
    user = User.objects.get()
    secrets = {
        user.password, maya.app.secret, pair["access"], pair["refresh"],
        "a-private-thing", "seed", str(family.pk), family.current_jti,
        family.session_key, family.session_sid,
        *(one.data.get("secret") or one.data["seed"]
          for one in user.authenticator_set.all()),
        *UserSession.objects.values_list("session_key", flat=True),
        *Session.objects.values_list("session_key", flat=True),
        *(event.session for event in Event.objects.exclude(session="")),
    }  # fmt: skip
    assert not {secret for secret in secrets if secret in text}


def test_it_is_ones_own_alone(maya, make_person):
    other = make_person("other@example.org", name="Somebody Else")
    SocialAccount.objects.create(user=other, provider="google", uid="theirs")
    theirs = Client(SERVER_NAME="localhost")
    sign_in_by_form(theirs, "other@example.org")
    exchange(theirs)
    _, text = download(maya)
    assert "other@example.org" not in text
    assert "Somebody Else" not in text
    found = json.loads(text)
    assert (len(found["connections"]), found["apps"]) == (1, [])


def test_proof_is_asked_again(maya):
    with later(minutes=6):
        asked = maya.get(PATH)["Location"]
        assert asked.startswith("/accounts/2fa/reauthenticate/")
        assert maya.post(PATH)["Location"] == PATH
        assert not Event.objects.filter(action=Action.EXPORTED).exists()


def test_five_in_an_hour(maya):
    for _ in range(5):
        download(maya)
    answer = maya.post(PATH)
    assert answer.status_code == 429
    assert 3500 < int(answer["Retry-After"]) <= 3600
    assert Event.objects.filter(action=Action.EXPORTED).count() == 5


def test_many_events_are_sent_as_they_are_read(maya):
    user = User.objects.get()
    Event.objects.bulk_create(
        Event(action=Action.SIGN_IN, outcome=Outcome.SUCCESS, user=user)
        for _ in range(3000)
    )
    answer = maya.post(PATH)
    parts = [part.decode() for part in answer.streaming_content]
    assert len(parts) > 6
    assert max(map(len, parts)) < 100_000  # what 500 events take
    events = json.loads("".join(parts))["events"]
    assert len(events) == Event.objects.filter(user=user).count() > 3000
    assert [one["at"] for one in events] == sorted(
        (one["at"] for one in events), reverse=True
    )


def test_where_an_administrator_was_is_nobody_elses_to_know(maya, make_person):
    admin = make_person("admin@example.org")
    request = RequestFactory(REMOTE_ADDR="203.0.113.77", HTTP_USER_AGENT="Admin/1").get(
        "/"
    )
    user = User.objects.get(email="maya@example.org")
    record(Action.SESSIONS_ENDED, request=request, user=user, actor=admin)
    for text in (
        download(maya)[1],
        maya.get("/accounts/activity/").content.decode(),
    ):
        assert "203.0.113.77" not in text
        assert "Admin/1" not in text
    assert "By an administrator" in text
