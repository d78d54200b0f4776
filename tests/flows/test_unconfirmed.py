"""Accounts that an earlier release created before their address was confirmed."""

from __future__ import annotations

import io
from datetime import timedelta

import pytest
from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from allauth.socialaccount.models import SocialAccount
from django.contrib.auth.models import Group, Permission
from django.core.management import call_command
from django.db import connection
from django.db.migrations.executor import MigrationExecutor
from django.test import Client
from django.utils import timezone

from accounts.audit.models import Action, Event
from accounts.models import User
from tests.fixtures import PASSWORD, code_in, deliver_mail, later, sign_in_by_form

pytestmark = pytest.mark.django_db(transaction=True)
BEFORE, AFTER = "0002_language_and_closing", "0003_unconfirmed_sign_up"
OLD = timedelta(days=8)
EMAIL = "left@example.org"


def migrate(to):
    executor = MigrationExecutor(connection)
    executor.migrate([("accounts", to)])


@pytest.fixture
def migrated():
    """The rows are made under the newest models, and read by the migration anew."""
    yield lambda: (migrate(BEFORE), migrate(AFTER))
    migrate(AFTER)


@pytest.fixture
def people(make_person):
    """By what becomes of them."""
    long_ago = {"verified": False, "date_joined": timezone.now() - OLD}

    def make(name, **fields):
        return make_person(f"{name}@example.org", **{**long_ago, **fields})

    make("gone")
    with_rows = make("gone-with-rows")
    Authenticator.objects.create(user=with_rows, type="totp", data={})
    SocialAccount.objects.create(user=with_rows, provider="google", uid="1")
    Event.objects.create(user=with_rows, action=Action.SIGN_UP, outcome="success")
    make("young", date_joined=timezone.now() - timedelta(days=6))
    make("signed-in", last_login=timezone.now())
    make("staff", is_staff=True)
    make("root", is_superuser=True)
    make("disabled", is_active=False)
    make("in-a-group").groups.add(Group.objects.create(name="g"))
    make("with-permission").user_permissions.add(Permission.objects.first())
    make("confirmed", verified=True)
    two = make("confirmed-another")
    EmailAddress.objects.create(user=two, email="two@example.org", verified=True)
    User.objects.create_user(
        "by-script@example.org", date_joined=long_ago["date_joined"]
    )


MARKED = [
    "disabled", "in-a-group", "root", "signed-in", "staff", "with-permission", "young",
]  # fmt: skip
PLAIN = ["by-script", "confirmed", "confirmed-another"]


def names(**fields):
    found = User.objects.filter(**fields).values_list("email", flat=True)
    return sorted(email.partition("@")[0] for email in found)


def test_the_migration_deletes_whom_nobody_misses_and_marks_the_others(
    people, migrated
):
    migrated()
    assert names(unconfirmed_sign_up=True) == MARKED
    assert names(unconfirmed_sign_up=False) == PLAIN
    assert not Authenticator.objects.exists()
    assert not SocialAccount.objects.exists()
    assert Event.objects.get(action=Action.SIGN_UP).user is None


def test_back_and_forth_changes_nobody_else(people, migrated):
    migrated()
    before = names()
    migrated()
    assert names() == before
    assert names(unconfirmed_sign_up=True) == MARKED


@pytest.fixture
def remnant(make_person):
    """Somebody signed up under the earlier release and never confirmed."""
    return make_person(EMAIL, verified=False, unconfirmed_sign_up=True)


def prune():
    out = io.StringIO()
    call_command("prune", stdout=out)
    return out.getvalue()


def test_prune_deletes_those_that_grew_old(people, remnant):
    User.objects.filter(email__startswith="s").update(unconfirmed_sign_up=True)
    assert "unconfirmed" not in prune()
    User.objects.filter(pk=remnant.pk).update(date_joined=timezone.now() - OLD)
    assert prune().endswith(", 1 unconfirmed sign-ups.\n")
    assert not User.objects.filter(email=EMAIL).exists()
    assert {"signed-in", "staff"} <= set(names())


def test_its_owner_signs_up_as_if_it_were_not_there(remnant):
    owner = Client(SERVER_NAME="localhost")
    typed = {"email": EMAIL, "password1": "a password of the owner"}
    owner.post("/accounts/signup/", typed)
    owner.post("/accounts/confirm-email/", {"code": code_in(deliver_mail()[-1])})
    assert owner.get("/dashboard/").status_code == 200
    user = User.objects.get(email=EMAIL)
    assert user.pk != remnant.pk
    assert not user.check_password(PASSWORD)
    assert not user.unconfirmed_sign_up


@pytest.mark.parametrize("fields", [{"is_staff": True}, {"last_login": timezone.now()}])
def test_one_with_permissions_or_a_history_is_an_account_as_any_other(
    make_person, fields
):
    make_person(EMAIL, verified=False, unconfirmed_sign_up=True, **fields)
    Client(SERVER_NAME="localhost").post(
        "/accounts/signup/", {"email": EMAIL, "password1": PASSWORD}
    )
    assert "You have one already" in deliver_mail()[-1].body


def test_confirming_it_takes_the_mark_away(remnant, api):
    answer = api.post("/api/token/", {"email": EMAIL, "password": PASSWORD})
    assert answer.json()["code"] == "email_unverified"
    browser = Client(SERVER_NAME="localhost")
    with later(seconds=11):
        sign_in_by_form(browser, EMAIL)
        browser.post("/accounts/confirm-email/", {"code": code_in(deliver_mail()[-1])})
        assert browser.get("/dashboard/").status_code == 200
    remnant.refresh_from_db()
    assert not remnant.unconfirmed_sign_up


def test_the_admin_shows_the_mark(remnant, owner):
    page = owner.get(f"/admin/accounts/user/{remnant.pk}/change/").content.decode()
    assert "unconfirmed sign-up" in page.lower()
