"""Nobody acts on someone with permissions that they lack, or grants such ones."""

from __future__ import annotations

import pytest
from django.contrib.admin import site
from django.contrib.auth.models import Group, Permission
from django.test import Client, RequestFactory

from accounts.admin_actions import GUARDED
from accounts.models import User
from accounts.tokens.models import Family
from tests.fixtures import Api, enrol_totp, second_step, sign_in_by_form

pytestmark = pytest.mark.django_db(transaction=True)
PEOPLE, GROUPS = "/admin/accounts/user/", "/admin/auth/group/"
FAMILIES = "/admin/tokens/family/"


def permissions(*names):
    return Permission.objects.filter(codename__in=names)


@pytest.fixture
def support(make_person):
    """The browser of staff who may change people, groups and families."""
    user = make_person("support@example.org", is_staff=True)
    labels = ("accounts", "auth", "tokens")
    mine = Permission.objects.filter(content_type__app_label__in=labels)
    user.user_permissions.set(mine.exclude(codename="delete_signingkey"))
    app = enrol_totp(user)
    browser = Client(SERVER_NAME="localhost")
    sign_in_by_form(browser, user.email)
    second_step(browser, app.code(-1))
    assert browser.get(PEOPLE).status_code == 200
    return browser


def by_group(user):
    group = Group.objects.create(name="Strong")
    group.permissions.set(permissions("delete_signingkey"))
    user.groups.add(group)


def by_user(user):
    user.user_permissions.set(permissions("delete_signingkey"))


def deactivated(user):
    by_group(user)
    user.is_active = False
    user.save()


def superuser(user):
    user.is_superuser = True
    user.save()


def weak(user):
    user.user_permissions.set(permissions("view_user"))


STRONGER = [by_group, by_user, deactivated, superuser]


def state(user):
    found = User.objects.get(pk=user.pk)
    return (
        (found.name, found.is_active, found.is_staff, found.is_superuser),
        set(found.groups.values_list("name", flat=True)),
        found.authenticator_set.count(),
        Family.objects.filter(user=found, revoked_at=None).count(),
    )


def everything(browser, user):
    """Whatever the admin offers on a person."""
    browser.post(f"{PEOPLE}{user.pk}/change/", {"name": "Changed", **INLINES})
    for family in Family.objects.filter(user=user):
        browser.post(FAMILIES, {"action": "revoke", "_selected_action": family.pk})
    for guarded in GUARDED:
        body = {"action": guarded.name, "_selected_action": user.pk}
        browser.post(PEOPLE, {**body, "confirm": "yes", "reason": "x"})
    browser.post(f"{PEOPLE}{user.pk}/delete/", {"post": "yes"})
    body = {"action": "delete_selected", "_selected_action": user.pk, "post": "yes"}
    browser.post(PEOPLE, body)


INLINES = {
    f"{prefix}-{name}": "0"
    for prefix in (
        "emailaddress_set",
        "authenticator_set",
        "socialaccount_set",
        "usersession_set",
    )
    for name in ("TOTAL_FORMS", "INITIAL_FORMS")
}


@pytest.fixture
def ada(make_person):
    """Somebody with a family and a factor."""
    user = make_person("ada@example.org")
    Api().tokens("ada@example.org")
    enrol_totp(user)
    user.is_staff = True
    user.save()
    return user


@pytest.mark.parametrize("make", STRONGER)
def test_nothing_is_done_to_someone_stronger(support, ada, make):
    make(ada)
    before = state(ada)
    everything(support, ada)
    assert state(ada) == before


@pytest.mark.parametrize("step", ["change", "revoke", "deactivate", "remove_factors"])
def test_the_same_is_done_to_someone_weaker(support, ada, step):
    weak(ada)
    before = state(ada)
    if step == "change":
        support.post(f"{PEOPLE}{ada.pk}/change/", {"name": "Changed", **INLINES})
    elif step == "revoke":
        family = Family.objects.get(user=ada)
        support.post(FAMILIES, {"action": "revoke", "_selected_action": family.pk})
    else:
        body = {"action": step, "_selected_action": ada.pk}
        support.post(PEOPLE, {**body, "confirm": "yes", "reason": "x"})
    assert state(ada) != before


def test_nobody_grants_what_they_lack(support, ada):
    strong = Group.objects.create(name="Strong")
    strong.permissions.set(permissions("delete_signingkey"))
    mine = User.objects.get(email="support@example.org")
    wish = {
        "name": "Changed", "groups": [strong.pk], "is_superuser": "on",
        "is_staff": "on", "user_permissions": [permissions("delete_signingkey")[0].pk],
        **INLINES,
    }  # fmt: skip
    for person in (ada, mine):
        assert support.post(f"{PEOPLE}{person.pk}/change/", wish).status_code == 302
        found = User.objects.get(pk=person.pk)
        assert not found.is_superuser
        assert not found.groups.exists()
        assert not found.has_perm("tokens.delete_signingkey")
    for path in (f"{GROUPS}add/", f"{GROUPS}{strong.pk}/change/"):
        assert support.post(path, {"name": "Mine"}).status_code == 403
    support.post(f"{GROUPS}{strong.pk}/delete/", {"post": "yes"})
    body = {"action": "delete_selected", "_selected_action": strong.pk}
    support.post(GROUPS, {**body, "post": "yes"})
    assert Group.objects.get().name == "Strong"


def test_no_other_page_of_the_admin_edits_people_or_permissions(support):
    """An app's page that does must be looked at, and named here."""
    request = RequestFactory().get("/")
    request.user = User.objects.get(email="support@example.org")
    request.user.user_permissions.set(Permission.objects.all())
    carriers = {User, Group, Permission}
    editable = set()
    for model, page in site._registry.items():
        touched = {model} | {field.related_model for field in model._meta.many_to_many}
        if touched & carriers and page.has_change_permission(request):
            editable.add(model)
    assert editable == {User}
    assert "groups" in site._registry[User].get_readonly_fields(request)
