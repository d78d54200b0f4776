"""Attacks that once got through, each by its name."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor

import pytest
import time_machine
from django.contrib.auth.models import Group, Permission
from django.test import Client

from accounts.audit.models import Action, Event
from accounts.models import User
from accounts.policy import hashing
from accounts.tokens.models import Family
from tests.fixtures import PASSWORD, enrol_totp, second_step, sign_in_by_form

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def helper(make_person, browser, settings):
    """A browser of staff with every right but no superuser's."""
    settings.STAFF_MFA_REQUIRED = False
    user = make_person("helper@example.org", is_staff=True)
    user.user_permissions.set(Permission.objects.all())
    sign_in_by_form(browser, "helper@example.org")
    return browser


@pytest.mark.parametrize(
    "path",
    [
        "accounts/user/?email__exact=root@example.org&password__startswith=argon2",
        "accounts/user/?password__startswith=argon2",
        "tokens/family/?session_key__startswith=a",
        "tokens/family/?session_sid__startswith=a",
        "tokens/family/?current_jti__startswith=a",
        "tokens/signingkey/?sealed_private__startswith=a",
        "audit/event/?session__startswith=a",
        "audit/event/?user__password__startswith=argon2",
        "accounts/user/?authenticator__data__contains=a",
        "accounts/user/?is_active__exact=1&password__regex=.",
    ],
)
def test_no_list_of_the_admin_can_be_asked_about_a_hidden_column(
    make_person, helper, api, path
):
    make_person("root@example.org", is_superuser=True)
    api.tokens("root@example.org")
    assert helper.get(f"/admin/{path}").status_code == 400


def test_the_filters_that_are_shown_still_work(helper):
    for path in ("accounts/user/?is_active__exact=1", "tokens/family/?acr=aal1",
                 "audit/event/?outcome__exact=success"):  # fmt: skip
        assert helper.get(f"/admin/{path}").status_code == 200


@pytest.mark.parametrize("text", ["abc", "%", "'", "é", "1.2.3", "x" * 500, "a b"])
def test_any_search_in_any_list_is_answered(helper, text):
    for path in ("accounts/user", "tokens/family", "audit/event", "admin/logentry"):
        assert helper.get(f"/admin/{path}/", {"q": text}).status_code == 200, path


def test_staff_cannot_give_their_own_group_more_rights(make_person, helper):
    group = Group.objects.create(name="helpers")
    rights = list(Permission.objects.values_list("pk", flat=True))
    body = {"name": "helpers", "permissions": rights}
    assert helper.post(f"/admin/auth/group/{group.pk}/change/", body).status_code == 403
    assert helper.post("/admin/auth/group/add/", body).status_code == 403
    assert not group.permissions.exists()


def test_staff_cannot_touch_a_superuser_by_another_way(make_person, helper, api):
    root = make_person("root@example.org", is_superuser=True, is_staff=True)
    api.tokens("root@example.org")
    helper.post(f"/admin/accounts/user/{root.pk}/change/", {"name": "x"})
    family = Family.objects.get(user=root)
    body = {"action": "revoke", "_selected_action": [str(family.pk)]}
    helper.post("/admin/tokens/family/", body)
    root.refresh_from_db()
    family.refresh_from_db()
    assert root.name == ""
    assert family.revoked_at is None


def test_groups_and_their_rights_are_recorded(make_person):
    user, group = make_person(), Group.objects.create(name="finance")
    user.groups.add(group)
    group.user_set.remove(user)
    group.permissions.set(Permission.objects.all()[:2])
    changed = Event.objects.filter(action=Action.GROUPS_CHANGED, user=user)
    changed = changed.order_by("id")
    assert [event.data["change"] for event in changed] == ["added", "removed"]
    assert Event.objects.get(action=Action.RIGHTS_CHANGED).data["group"] == "finance"


def test_a_factor_that_was_removed_opens_the_admin_no_more(make_person, browser):
    user = make_person(is_staff=True, is_superuser=True)
    app = enrol_totp(user)
    sign_in_by_form(browser)
    second_step(browser, app.code())
    assert browser.get("/admin/").status_code == 200
    browser.post("/accounts/2fa/totp/deactivate/")
    assert not user.authenticator_set.exists()
    assert browser.get("/admin/").status_code == 302


def test_keys_of_links_and_queries_are_not_logged(client, caplog):
    import logging

    with caplog.at_level(logging.INFO):
        client.get("/accounts/password/reset/key/1-secretkey/")
        client.get("/accounts/confirm-email/secretkey/")
        client.get("/accounts/google/login/callback/?code=secretkey&state=x")
        client.get("/nothing/?code=secretkey")
    formatter = logging.getLogger().handlers[0].formatter
    lines = [formatter.format(record) for record in caplog.records]
    assert any("/password/reset/key/***/" in line for line in lines)
    assert not [line for line in lines if "secretkey" in line]


@pytest.fixture
def hashes(monkeypatch):
    """How many passwords were hashed: nearly all the time that an answer takes."""
    done = []
    real = hashing.slots.take

    def counting():
        done.append(1)
        return real()

    monkeypatch.setattr(hashing.slots, "take", counting)
    return done


@pytest.mark.parametrize(
    "path", ["/accounts/login/", "/api/token/", "/_allauth/app/v1/auth/login"]
)
def test_a_refused_sign_in_takes_as_long_whatever_the_reason(make_person, hashes, path):
    make_person("maya@example.org")
    make_person("disabled@example.org", is_active=False)
    make_person("social@example.org", password=None)
    make_person("unverified@example.org", verified=False)
    counts = {}
    for email, password in (
        ("maya@example.org", "wrong"),
        ("nobody@example.org", "wrong"),
        ("disabled@example.org", "wrong"),
        ("disabled@example.org", PASSWORD),
        ("social@example.org", "wrong"),
        ("unverified@example.org", "wrong"),
    ):
        hashes.clear()
        body = {"email": email, "login": email, "password": password}
        kind = (
            {} if path.startswith("/accounts") else {"content_type": "application/json"}
        )
        Client(SERVER_NAME="localhost").post(path, body, **kind)
        counts[email, password] = len(hashes)
    assert set(counts.values()) == {1}, counts


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        ("/accounts/signup/", None),
        ("/_allauth/app/v1/auth/signup", "application/json"),
        ("/_allauth/browser/v1/auth/signup", "application/json"),
    ],
)
def test_signing_up_takes_as_long_for_an_address_that_is_taken(
    make_person, hashes, path, kind
):
    make_person("known@example.org")
    counts = {}
    for email in ("known@example.org", "new@example.org"):
        hashes.clear()
        body = {"email": email, "password1": PASSWORD, "password": PASSWORD}
        more = {"content_type": kind} if kind else {}
        Client(SERVER_NAME="localhost").post(path, body, **more)
        counts[email] = len(hashes)
    assert set(counts.values()) == {1}, counts


def test_a_right_second_step_does_not_forgive_guesses_at_others(make_person, api):
    mine = make_person("mine@example.org")
    make_person("victim@example.org")
    enrol_totp(mine)
    codes = mine.authenticator_set.get(type="recovery_codes").wrap()
    statuses = []
    for number in range(12):
        wrong = api.sign_in(f"victim{number}@example.org", "x")
        statuses.append(wrong.status_code)
        if number % 4 == 3:
            pending = api.sign_in("mine@example.org").json().get("pending_token")
            if pending:
                body = {"pending_token": pending, "code": codes.get_unused_codes()[0]}
                assert api.post("/api/token/mfa/", body).status_code == 200
                mine.refresh_from_db()
                codes = mine.authenticator_set.get(type="recovery_codes").wrap()
    assert statuses.count(401) == 10
    assert statuses[-2:] == [429, 429]


def test_no_session_token_outlives_the_absolute_end(make_person, api):
    make_person()
    tokens, now = api.tokens(), time.time()
    last = 90 * 86400 - 60  # seconds: a minute before the end
    for after in (*(day * 86400 for day in range(13, 90, 13)), last):
        with time_machine.travel(now + after):
            tokens = api.refresh(tokens["refresh"]).json()
    for after, expected in ((last, 200), (last + 61, 401)):
        with time_machine.travel(now + after):
            answer = api.get(
                "/_allauth/app/v1/auth/session", session=tokens["session_token"]
            )
        assert answer.status_code == expected


def test_the_cookie_of_a_session_is_no_session_token(make_person, browser, api):
    make_person()
    sign_in_by_form(browser)
    key = browser.cookies["sessionid"].value
    answer = api.get("/_allauth/app/v1/auth/session", session=key)
    assert answer.status_code == 410
    assert browser.get("/dashboard/").status_code == 200


def test_refreshing_over_headless_is_limited_too(api, settings):
    settings.ACCOUNT_RATE_LIMITS = {
        **settings.ACCOUNT_RATE_LIMITS,
        "token_refresh": "5/m/ip",
    }
    path = "/_allauth/app/v1/tokens/refresh"
    statuses = [api.post(path, {"refresh_token": "x"}).status_code for _ in range(7)]
    assert statuses == [400] * 5 + [429] * 2


def test_a_replaced_refresh_token_does_not_verify(make_person, api):
    make_person()
    first = api.tokens()["refresh"]
    api.refresh(first)
    assert api.post("/api/token/verify/", {"token": first}).status_code == 200  # grace
    with time_machine.travel(time.time() + 11):
        answer = api.post("/api/token/verify/", {"token": first})
    assert answer.status_code == 401


def test_sixteen_uses_of_one_recovery_code_at_once(make_person, api):
    user = make_person()
    enrol_totp(user)
    code = (
        user.authenticator_set.get(type="recovery_codes").wrap().get_unused_codes()[0]
    )
    pending = [api.sign_in().json()["pending_token"] for _ in range(4)]

    def use(token):
        from django.db import connection

        body = {"pending_token": token, "code": code}
        try:
            return api.post("/api/token/mfa/", body).status_code
        finally:
            connection.close()

    with ThreadPoolExecutor(4) as pool:
        statuses = list(pool.map(use, pending))
    assert statuses.count(200) == 1, statuses
    assert User.objects.count() == 1
