"""request.user of a bearer call: a User for id and address without a statement."""

from __future__ import annotations

import copy
import pickle

import pytest
from allauth.account.models import EmailAddress
from allauth.usersessions.models import UserSession
from django.apps import apps
from django.contrib.auth.models import Group
from django.contrib.contenttypes.models import ContentType
from django.db import connection, transaction
from django.db.models import Q, prefetch_related_objects
from django.db.models.signals import post_delete, post_save
from django.forms import modelform_factory
from django.test.utils import CaptureQueriesContext
from django.urls import path
from rest_framework import serializers
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.response import Response
from rest_framework.throttling import UserRateThrottle
from rest_framework.views import APIView

from accounts.api.base import BearerView
from accounts.models import User
from accounts.tokens.person import person_of
from tests.fixtures import Api

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def maya(make_person):
    return make_person("maya@example.org", name="Maya")


def told_of(person):
    """request.user, as it is when this person's token comes in."""
    return person_of({"sub": str(person.pk), "email": person.email})


@pytest.fixture
def user(maya):
    return told_of(maya)


class Counted(CaptureQueriesContext):
    def __init__(self, count):
        super().__init__(connection)
        self.count = count

    def __exit__(self, *error):
        super().__exit__(*error)
        if error[0] is None:
            assert len(self) == self.count, [one["sql"] for one in self]


def gone(user):
    User.objects.get(pk=user.pk).delete()


def banned(user):
    User.objects.filter(pk=user.pk).update(is_active=False)


class HalfAddress(serializers.ModelSerializer):
    class Meta:
        model = EmailAddress
        fields = ("email",)


def test_it_is_a_user_without_a_statement(user, maya):
    with Counted(0):
        assert isinstance(user, User)
        assert user.pk == user.id == maya.pk
        assert user.email == str(user) == "maya@example.org"
        assert user.is_authenticated
        assert not user.is_anonymous
        assert user.is_active
        assert (user == maya, maya == user, hash(user) == hash(maya)) == (True,) * 3
        assert user in {maya, None}
        assert user._state.db == "default"
        assert user._meta.concrete_model is User


def test_it_stands_in_foreign_keys_without_a_statement_of_its_own(user, maya):
    with Counted(1):
        mine = EmailAddress.objects.filter(user=user)
        assert [one.email for one in mine] == ["maya@example.org"]
    with Counted(1):
        assert EmailAddress.objects.filter(Q(user=user) | Q(user__in=[user])).exists()
    with Counted(1):
        assert EmailAddress.objects.exclude(user=user).count() == 0
    body = HalfAddress(data={"email": "second@example.org"})
    assert body.is_valid(), body.errors
    with Counted(1):
        saved = body.save(user=user)
    assert saved.user_id == maya.pk


def test_what_refers_to_it_is_reached_by_its_row(user, maya):
    with Counted(2):
        assert list(user.emailaddress_set.values_list("verified", flat=True)) == [True]
    with Counted(1):
        assert list(user.groups.all()) == []
    for end in (banned, gone):
        for reach in (
            lambda user: list(user.groups.all()),
            lambda user: user.groups.add(Group.objects.get_or_create(name="g")[0]),
            lambda user: user.user_permissions.clear(),
            lambda user: user.emailaddress_set.create(email="second@example.org"),
            lambda user: prefetch_related_objects([user], "groups"),
        ):
            user = told_of(maya)
            assert user.email  # told
            end(maya)
            with pytest.raises(AuthenticationFailed) as refusal:
                reach(user)
            assert refusal.value.get_codes() == "token_revoked"
            User.objects.bulk_create([maya], ignore_conflicts=True)
            User.objects.filter(pk=maya.pk).update(is_active=True)
    assert not User.groups.through.objects.exists()
    assert not EmailAddress.objects.filter(email="second@example.org").exists()


def test_anything_more_is_one_statement(user):
    with Counted(1):
        assert user.name == user.get_full_name() == "Maya"
        assert user.is_staff is False
        assert user.is_superuser is False
        assert user.has_usable_password()
        assert user.date_joined


def test_permissions_are_those_of_the_row(make_person):
    owner = make_person("o@example.org", is_staff=True, is_superuser=True)
    assert told_of(owner).has_perm("accounts.delete_user")
    plain = make_person("p@example.org")
    assert not told_of(plain).has_perm("accounts.delete_user")


def test_save_writes_what_the_caller_changed_and_nothing_of_the_token(user, maya):
    # The token is minutes old: the address has changed and the person is banned.
    User.objects.filter(pk=maya.pk).update(email="new@example.org", is_active=False)
    user.name = "Maya B."
    with Counted(1) as seen:
        user.save()
    assert "is_active" not in seen[0]["sql"].partition("WHERE")[0]
    maya.refresh_from_db()
    assert (maya.name, maya.email, maya.is_active) == (
        "Maya B.",
        "new@example.org",
        False,
    )


def test_update_fields_writes_nothing_of_the_token_either(user, maya):
    User.objects.filter(pk=maya.pk).update(email="new@example.org")
    user.name = "Maya B."
    user.save(update_fields=["email", "name"])
    maya.refresh_from_db()
    assert (maya.name, maya.email) == ("Maya B.", "new@example.org")


def test_what_the_token_says_is_written_once_it_is_assigned(maya):
    for read in (lambda user: None, lambda user: user.name):
        User.objects.filter(pk=maya.pk).update(email="new@example.org")
        user = told_of(maya)
        user.email = maya.email
        assert read(user) in {None, "Maya"}
        assert user.email == maya.email
        with Counted(1) as seen:
            user.save()
        assert "name" not in seen[0]["sql"].partition("WHERE")[0]
        assert User.objects.get(pk=maya.pk).email == "maya@example.org"
        with Counted(0):
            user.save()


def test_an_assignment_outlives_a_read_that_finds_the_same(user, maya):
    user.name = "Maya B."
    User.objects.filter(pk=maya.pk).update(name="Maya B.")
    assert user.language == ""
    User.objects.filter(pk=maya.pk).update(name="By another")
    user.save()
    assert User.objects.get(pk=maya.pk).name == "Maya B."


ALL_BUT_EMAIL = {field.name for field in User._meta.fields} - {"email"}


@pytest.mark.parametrize(
    "write",
    [
        lambda user: User.objects.bulk_update([user], ["email", "is_staff"]),
        lambda user: user.save_base(update_fields=["email"]),
        lambda user: (user.full_clean(exclude=ALL_BUT_EMAIL), user.save()),
        lambda user: (user.clean(), user.save()),
        lambda user: modelform_factory(User, fields=["name"])(
            {"name": "N"}, instance=user
        ).save(),
    ],
    ids=["bulk_update", "save_base", "full_clean", "clean", "form"],
)
def test_nothing_that_writes_whole_rows_writes_what_the_token_says(user, maya, write):
    User.objects.filter(pk=maya.pk).update(email="new@example.org", is_staff=True)
    write(user)
    row = User.objects.get(pk=maya.pk)
    assert (row.email, row.is_active, row.is_staff) == ("new@example.org", True, True)


def test_bulk_update_writes_what_was_assigned(user, maya):
    user.email, user.name = "mine@example.org", "Maya B."
    User.objects.bulk_update([user], ["email", "name"])
    row = User.objects.get(pk=maya.pk)
    assert (row.email, row.name) == ("mine@example.org", "Maya B.")


def test_save_after_the_row_was_read_writes_what_changed(user, maya):
    assert user.name == "Maya"
    User.objects.filter(pk=maya.pk).update(name="By another", language="de")
    user.language = "en"
    user.save()
    maya.refresh_from_db()
    assert (maya.name, maya.language) == ("By another", "en")
    with Counted(0):
        user.save()  # nothing is left to write


def test_what_was_changed_outlives_a_read_of_something_else(user, maya):
    user.name = "Maya B."
    assert user.language == ""
    assert user.name == "Maya B."
    user.save()
    maya.refresh_from_db()
    assert maya.name == "Maya B."


def test_a_read_brings_the_row_and_not_the_token(user, maya):
    User.objects.filter(pk=maya.pk).update(email="new@example.org", name="New")
    assert user.name == "New"
    assert user.email == "new@example.org"
    User.objects.filter(pk=maya.pk).update(name="Newer")
    user.name = "mine"
    user.refresh_from_db()
    assert user.name == "Newer"


def test_receivers_get_a_user(user, maya):
    seen = []

    def saved(sender, instance, update_fields, **kwargs):
        seen.append((sender, type(instance), instance.pk, update_fields))

    def deleted(sender, **kwargs):
        seen.append(sender)

    post_save.connect(saved, sender=User)
    post_delete.connect(deleted, sender=User)
    try:
        user.name = "Maya B."
        user.save()
        user.delete()
    finally:
        post_save.disconnect(saved, sender=User)
        post_delete.disconnect(deleted, sender=User)
    assert seen == [(User, User, maya.pk, frozenset({"name"})), User]
    assert not User.objects.filter(pk=maya.pk).exists()
    assert not EmailAddress.objects.filter(user_id=maya.pk).exists()


def test_deactivating_oneself_ends_every_session(maya, api):
    api.tokens()
    user = told_of(maya)
    user.is_active = False
    user.save()
    assert not UserSession.objects.filter(user=maya).exists()


def test_a_new_password_is_saved_whole(user, maya):
    user.set_password("another long enough one")
    user.save()
    maya.refresh_from_db()
    assert maya.check_password("another long enough one")


def test_copies_and_pickles_are_plain_users_with_their_row(user, maya):
    User.objects.filter(pk=maya.pk).update(email="new@example.org")
    for make in (lambda one: pickle.loads(pickle.dumps(one)), copy.copy, copy.deepcopy):
        user = told_of(maya)
        assert user.pk
        made = make(user)
        assert type(made) is User
        assert made == maya
        assert made.get_deferred_fields() == set()
        assert made.email == "new@example.org"


def test_it_has_no_type_or_permission_of_its_own(user):
    before = ContentType.objects.count()
    for concrete in (True, False):
        found = ContentType.objects.get_for_model(user, for_concrete_model=concrete)
        assert found.model_class() is User
    assert ContentType.objects.count() == before
    assert user._meta.label == User._meta.label
    assert not {model for model in apps.get_models() if model._meta.proxy}


def test_the_row_can_be_locked(user, maya):
    with transaction.atomic():
        assert User.objects.select_for_update().get(pk=user.pk) == maya


class Probe(BearerView):
    """Does what the test says with request.user."""

    throttle_classes = (UserRateThrottle,)
    act = staticmethod(lambda user: None)

    def get(self, request):
        return Response({"found": str(type(self).act(request.user))})


class OrdinaryProbe(APIView):
    def get(self, request):
        return Response({"found": str(Probe.act(request.user))})


@pytest.fixture(params=["api/lean/", "api/ordinary/"])
def ask(request, plant, monkeypatch, maya, api):
    """GET a view of a team's with Maya's token; `act` gets request.user."""
    monkeypatch.setattr(UserRateThrottle, "rate", "100/min", raising=False)
    plant(
        path("api/lean/", Probe.as_view()),
        path("api/ordinary/", OrdinaryProbe.as_view()),
    )
    access = api.tokens()["access"]
    Api().get("/api/protected-route/", access)  # the ring and the list are read

    def get(act):
        monkeypatch.setattr(Probe, "act", staticmethod(act))
        return Api().get(f"/{request.param}", access)

    return get


def test_a_view_that_needs_no_row_costs_no_statement(ask, maya):
    with Counted(0):
        answer = ask(lambda user: (user.pk, user.email))
    assert answer.json()["found"] == str((maya.pk, maya.email))
    with Counted(1):
        assert ask(lambda user: user.name).json()["found"] == "Maya"


def refused(answer):
    assert (answer.status_code, answer.json()["code"]) == (401, "token_revoked")
    assert 'error="invalid_token"' in answer["WWW-Authenticate"]


@pytest.mark.parametrize("what", [gone, banned])
def test_who_goes_during_a_call_is_refused_once_the_row_is_read(ask, what):
    refused(ask(lambda user: (what(user), user.get_full_name())))


def test_who_goes_during_a_call_cannot_be_saved(ask):
    def rename(user):
        gone(user)
        user.name = "x"
        user.save()

    refused(ask(rename))
