"""closing: shut at once, deleted after the grace, kept by the link until then."""

from __future__ import annotations

import io
import re
from datetime import timedelta

import pytest
from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from allauth.socialaccount.models import SocialAccount
from allauth.usersessions.models import UserSession
from django.core.management import call_command
from django.db.models.signals import pre_delete
from django.test import Client
from django.utils import timezone

from accounts.audit.models import Action, Event
from accounts.crypto import keyed_hash
from accounts.models import User
from accounts.policy import closing
from accounts.tokens.models import Family
from tests.fixtures import (
    deliver_mail,
    enrol_totp,
    exchange,
    later,
    sign_in_by_form,
)
from tests.flows.test_admin_action import PEOPLE, press

pytestmark = pytest.mark.django_db(transaction=True)
PATH = "/accounts/close/"
LINK = re.compile(r"http://localhost(/accounts/close/undo/\S+)")


@pytest.fixture
def maya(make_person):
    """Signed in."""
    make_person(name="Maya Lindqvist")
    browser = Client(SERVER_NAME="localhost")
    sign_in_by_form(browser)
    return browser


def close(browser):
    answer = browser.post(PATH)
    assert (answer.status_code, answer["Location"]) == (303, "/accounts/close/done/")
    return LINK.search(deliver_mail()[-1].body).group(1)


def prune():
    out = io.StringIO()
    call_command("prune", stdout=out)
    return out.getvalue().rpartition(", ")[2]


def test_what_will_happen_is_shown_first(maya):
    profile = maya.get("/profile/").content.decode()
    assert f'href="{PATH}"' in profile
    assert "btn-danger" not in profile
    page = maya.get(PATH).content.decode()
    for told in (
        "Nothing has happened yet.",
        "<b>One device</b>",
        "maya@example.org",
        "after 14 days",
        "<b>The account is deleted for good</b>",
    ):
        assert told in page
    assert User.objects.get().is_active


def test_at_once_everything_ends_and_the_link_keeps_it(maya, api):
    pair = exchange(maya).json()
    path = close(maya)
    user = User.objects.get()
    assert not user.is_active
    assert timedelta(days=13.9) < user.closes_at - timezone.now() < timedelta(days=14)
    assert maya.get("/dashboard/").status_code == 302
    assert maya.get("/accounts/close/done/").status_code == 200
    assert not UserSession.objects.exists()
    assert api.get("/api/me/", pair["access"]).json()["code"] == "token_revoked"
    assert api.refresh(pair["refresh"]).status_code == 401
    assert sign_in_by_form(maya).status_code == 200
    page = Client(SERVER_NAME="localhost").get(path)
    assert b"Keep your account?" in page.content
    assert not User.objects.get().is_active
    answer = Client(SERVER_NAME="localhost").post(path, follow=True)
    assert answer.redirect_chain == [("/accounts/login/", 303)]
    assert b"Your account stays as it was." in answer.content
    user = User.objects.get()
    assert (user.is_active, user.closes_at) == (True, None)
    assert "your account stays" in deliver_mail()[-1].subject
    assert sign_in_by_form(maya)["Location"] == "/dashboard/"
    actions = set(Event.objects.values_list("action", flat=True))
    assert {Action.CLOSE_ASKED, Action.CLOSE_UNDONE} <= actions


def test_a_browser_that_comes_back_is_told_why(maya):
    phone = Client(SERVER_NAME="localhost")
    sign_in_by_form(phone)
    close(maya)
    page = phone.get("/dashboard/", follow=True).content.decode()
    assert "this account is closing" in page


def test_proof_is_asked_again(maya):
    with later(minutes=6):
        assert maya.get(PATH)["Location"].startswith("/accounts/reauthenticate/")
        assert maya.post(PATH)["Location"] == PATH
    assert User.objects.get().is_active


def test_two_presses_are_one_closing(maya):
    other = Client(SERVER_NAME="localhost")
    sign_in_by_form(other)
    close(maya)
    assert other.post(PATH)["Location"].startswith("/accounts/login/")
    assert Event.objects.filter(action=Action.CLOSE_ASKED).count() == 1


def test_after_the_grace_the_person_is_gone_and_the_events_stay(maya, make_person):
    user = User.objects.get()
    make_person("else@example.org")
    SocialAccount.objects.create(user=user, provider="google", uid="1")
    exchange(maya)
    close(maya)
    enrol_totp(user)
    with later(days=13):
        assert prune() == "0 closed accounts.\n"
    with later(days=14, minutes=1):
        assert prune() == "1 closed accounts.\n"
    assert User.objects.get().email == "else@example.org"
    assert not EmailAddress.objects.exclude(email="else@example.org").exists()
    for model in (Authenticator, SocialAccount, UserSession):
        assert not model.objects.exists(), model
    assert Family.objects.get().user is None
    assert Event.objects.filter(action=Action.CLOSE_ASKED, user=None).exists()
    event = Event.objects.get(action=Action.CLOSED)
    assert event.user is None
    assert event.data["mark"] == keyed_hash(str(user.pk), closing.PURPOSE)[:16]
    assert user.email not in str(list(Event.objects.values()))


def test_the_address_is_free_again_and_nothing_comes_back(maya, make_person):
    path = close(maya)
    with later(days=15):
        prune()
        assert Client(SERVER_NAME="localhost").post(path).status_code == 410
        assert make_person().name == ""


def test_who_cannot_be_deleted_holds_nobody_else_up(make_person, monkeypatch):
    monkeypatch.setattr(closing, "BATCH", 2)
    over = timezone.now() - timedelta(minutes=1)
    people = [
        make_person(f"{n}@example.org", is_active=False, closes_at=over)
        for n in range(5)
    ]
    stuck = people[2].pk

    def refuse(instance, **kwargs):
        if instance.pk == stuck:
            raise RuntimeError

    pre_delete.connect(refuse, sender=User)
    try:
        assert prune() == "4 closed accounts.\n"
        assert User.objects.get().pk == stuck
        assert EmailAddress.objects.get().user_id == stuck
        assert Event.objects.filter(action=Action.CLOSED).count() == 4
    finally:
        pre_delete.disconnect(refuse, sender=User)
    assert prune() == "1 closed accounts.\n"


def test_who_is_kept_at_the_last_moment_stays(make_person):
    over = timezone.now() - timedelta(minutes=1)
    people = [
        make_person(f"{n}@example.org", is_active=False, closes_at=over)
        for n in range(2)
    ]
    second = max(person.pk for person in people)

    def keep(**kwargs):
        User.objects.filter(pk=second).update(is_active=True, closes_at=None)

    pre_delete.connect(keep, sender=User)
    try:
        assert prune() == "1 closed accounts.\n"
    finally:
        pre_delete.disconnect(keep, sender=User)
    assert User.objects.get().pk == second


def test_nobody_else_is_deleted(make_person):
    over = timezone.now() - timedelta(minutes=1)
    make_person("active@example.org", closes_at=over)
    make_person("disabled@example.org", is_active=False)
    make_person(
        "later@example.org", is_active=False, closes_at=over + timedelta(hours=1)
    )
    assert prune() == "0 closed accounts.\n"
    assert User.objects.count() == 3


def test_the_last_superuser_stays(owner, make_person):
    page = owner.get(PATH).content.decode()
    assert "only administrator with all rights" in page
    assert "btn-danger" not in page
    assert owner.post(PATH).status_code == 409
    assert User.objects.get().is_active
    make_person("gone@example.org", is_superuser=True, is_active=False)
    assert owner.post(PATH).status_code == 409
    make_person("root@example.org", is_superuser=True)
    assert owner.post(PATH).status_code == 303
    assert not User.objects.get(email="owner@example.org").is_active


@pytest.mark.parametrize("action", ["deactivate", "reactivate"])
def test_an_administrator_overrules_it(maya, owner, action):
    path = close(maya)
    person = User.objects.get(email="maya@example.org")
    assert b"closing" in press(owner, action, person).content
    press(owner, action, person, confirm="yes", reason="asked us")
    person.refresh_from_db()
    assert (person.is_active, person.closes_at) == (action == "reactivate", None)
    assert Client(SERVER_NAME="localhost").post(path).status_code == 410
    with later(days=15):
        assert prune() == "0 closed accounts.\n"


def test_administrators_find_them(maya, owner):
    close(maya)
    shown = owner.get(PEOPLE, {"closes_at__isempty": "0"}).content.decode()
    assert "maya@example.org" in shown
    assert "Not closing" in shown
    rows = shown.split("<tbody>")[1]
    assert "owner@example.org" not in rows
