"""factor_removal: someone who lost their phone and their codes has a way back."""

from __future__ import annotations

import io
import json
import re
from datetime import timedelta

import pytest
from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from allauth.socialaccount.models import SocialAccount
from allauth.usersessions.models import UserSession
from django.core.management import call_command
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.audit.history import recent_events
from accounts.audit.models import Action, Event
from accounts.models import User
from accounts.policy import removal_due
from accounts.policy.models import FactorRemoval
from accounts.tokens.models import Family
from authsite.supervise import upkeep
from tests.fixtures import (
    PASSWORD,
    code_in,
    deliver_mail,
    enrol_totp,
    exchange,
    later,
    second_step,
    sign_in_by_form,
)

pytestmark = pytest.mark.django_db(transaction=True)
LOST, CODE, CANCEL = (
    "/accounts/2fa/lost/",
    "/accounts/2fa/lost/code/",
    "/accounts/2fa/lost/cancel/",
)
LINK = re.compile(r"http://localhost(/accounts/2fa/lost/cancel/\S+)")
BANNER = "All your second steps will be removed on"
SECOND = "second@example.org"


@pytest.fixture
def maya(make_person):
    """Someone with an authenticator app and two confirmed addresses."""
    user = make_person(name="Maya Lindqvist")
    EmailAddress.objects.create(user=user, email=SECOND, verified=True)
    EmailAddress.objects.create(user=user, email="typo@example.org", verified=False)
    user.app = enrol_totp(user)
    return user


def a_browser():
    return Client(SERVER_NAME="localhost")


def halfway(browser=None, **more):
    """Whose password was right; the second step is asked for."""
    browser = browser or a_browser()
    answer = sign_in_by_form(browser, **more)
    assert answer["Location"] == "/accounts/2fa/authenticate/"
    return browser


def signed_in(user, steps=0):
    browser = halfway()
    assert second_step(browser, user.app.code(steps))["Location"] == "/dashboard/"
    return browser


def ask(browser, password=None):
    """The whole way to an open request; returns the code that was used."""
    body = {"password": password} if password else {}
    answer = browser.post(LOST, body)
    assert (answer.status_code, answer["Location"]) == (303, CODE), answer.content
    code = code_in(deliver_mail()[-1])
    answer = browser.post(CODE, {"code": code})
    assert (answer.status_code, answer["Location"]) == (303, LOST), answer.content
    return code


def emails(subject):
    """Who got an email whose subject ends so."""
    found = [m for m in deliver_mail() if m.subject.endswith(subject)]
    return sorted(m.to[0] for m in found)


def link():
    """The link of the last email that has one."""
    found = [m.body for m in deliver_mail() if LINK.search(m.body)]
    return LINK.search(found[-1]).group(1)


def row():
    return FactorRemoval.objects.get()


def test_the_journey_of_someone_who_lost_phone_and_codes(maya, settings):
    settings.BRAND_SUPPORT_EMAIL = "help@example.org"
    browser = halfway()
    page = browser.get("/accounts/2fa/authenticate/").content.decode()
    assert f'href="{LOST}"' in page
    page = browser.get(LOST).content.decode()
    assert "<b>It takes 72 hours.</b>" in page
    assert "help@example.org" in page
    assert 'name="password"' not in page  # just given
    ask(browser)
    assert timedelta(hours=71.9) < row().due_at - timezone.now() <= timedelta(hours=72)
    assert emails("your second steps will be removed") == ["maya@example.org", SECOND]
    page = browser.get(LOST).content.decode()
    assert "Your second steps will be removed" in page
    assert "Cancel the request" not in page  # only a session or an email may
    assert browser.get("/dashboard/").status_code == 302  # nobody was signed in
    removal_due.run_due()
    assert emails("removed tomorrow") == []
    with later(hours=49):
        assert removal_due.run_due() == 0
        removal_due.run_due()
        assert emails("removed tomorrow") == ["maya@example.org", SECOND]
        assert Authenticator.objects.exists()
    with later(hours=71):
        assert removal_due.run_due() == 0
        assert Authenticator.objects.exists()
    with later(hours=72, minutes=1):
        upkeep()
        assert not Authenticator.objects.exists()
        assert emails("your second steps were removed") == ["maya@example.org", SECOND]
        assert sign_in_by_form(a_browser())["Location"] == "/dashboard/"
        assert removal_due.run_due() == 0
    actions = list(Event.objects.order_by("pk").values_list("action", flat=True))
    assert actions.count(Action.REMOVAL_ASKED) == 1
    assert actions.count(Action.REMOVAL_DONE) == 1
    titles = {moment.title for moment in recent_events(maya, 9)}
    assert "All second steps removed after 72 hours" in titles


def test_at_the_end_everything_is_signed_out_and_no_browser_is_trusted(maya, api):
    trusted = halfway(remember="on")  # else it ends after twelve idle hours
    second_step(trusted, maya.app.code(), trust=True)
    pair = exchange(trusted).json()
    ask(halfway())
    with later(hours=49):
        removal_due.run_due()
    with later(hours=72, minutes=1):
        assert removal_due.run_due() == 1
        assert not UserSession.objects.exists()
        assert Family.objects.get().revoked_at is not None
        assert api.refresh(pair["refresh"]).status_code == 401
        page = trusted.get("/dashboard/", follow=True).content.decode()
        assert "because your second steps were removed" in page
        enrol_totp(maya)
        assert sign_in_by_form(trusted)["Location"] == "/accounts/2fa/authenticate/"


def test_who_must_have_a_factor_sets_up_a_new_one(maya, settings):
    settings.STAFF_MFA_REQUIRED = True
    User.objects.update(is_staff=True)
    ask(halfway())
    with later(hours=49):
        removal_due.run_due()
    with later(hours=73):
        removal_due.run_due()
        browser = a_browser()
        sign_in_by_form(browser)
        assert browser.get("/dashboard/")["Location"] == "/accounts/2fa/"


def test_someone_signed_in_types_the_password(maya):
    browser = signed_in(maya)
    for page in ("/accounts/2fa/", "/accounts/2fa/reauthenticate/"):
        assert f'href="{LOST}"' in browser.get(page).content.decode(), page
    assert 'name="password"' in browser.get(LOST).content.decode()
    for wrong in ({}, {"password": "wrong"}):
        answer = browser.post(LOST, wrong)
        assert answer.status_code == 200
        assert b'id="id_password_error"' in answer.content
    assert CODE not in browser.get(CODE)["Location"]
    ask(browser, PASSWORD)
    page = browser.get(LOST).content.decode()
    assert "Cancel the request" in page
    assert row().user == maya


def test_every_session_shows_it_and_can_cancel(maya):
    other = signed_in(maya)
    ask(halfway())
    for page in ("/dashboard/", "/profile/", "/accounts/2fa/", "/accounts/sessions/"):
        assert BANNER in other.get(page).content.decode(), page
    assert other.get(CANCEL).status_code == 405
    with later(hours=10):  # long after it last confirmed who it is
        answer = other.post(CANCEL, follow=True)
        assert b"Your second steps stay as they are." in answer.content
        assert BANNER not in other.get("/dashboard/").content.decode()
        assert row().cancelled_by == FactorRemoval.CancelledBy.SESSION
        assert emails("your second steps stay") == ["maya@example.org", SECOND]
        again = other.post(CANCEL, follow=True)
        assert b"had ended already" in again.content
    with later(hours=73):
        assert removal_due.run_due() == 0
        assert Authenticator.objects.count() == 2
    assert Event.objects.filter(action=Action.REMOVAL_CANCELLED).count() == 1


def test_people_without_a_request_cost_no_further_statement(maya):
    browser = signed_in(maya)
    browser.get("/profile/")
    with CaptureQueriesContext(connection) as without:
        browser.get("/profile/")
    ask(halfway())
    with CaptureQueriesContext(connection) as having:
        assert BANNER in browser.get("/profile/").content.decode()
    assert len(having) == len(without)
    asking = [q for q in having if "policy_factorremoval" in q["sql"]]
    assert len(asking) == 1
    assert "accounts_user" in asking[0]["sql"]


def test_the_link_of_any_email_cancels_signed_out(maya):
    ask(halfway())
    path = link()
    stranger = a_browser()
    page = stranger.get(path)
    assert b"Keep your second steps?" in page.content
    assert page["Referrer-Policy"] == "strict-origin"
    assert row().cancelled_at is None  # scanners open links too
    answer = stranger.post(path, follow=True)
    assert answer.redirect_chain == [("/accounts/2fa/lost/cancelled/", 303)]
    assert row().cancelled_by == FactorRemoval.CancelledBy.EMAIL
    assert stranger.get(path).status_code == 410
    assert stranger.post(path).status_code == 410
    assert stranger.get(CANCEL + "x/").status_code == 410
    ask(halfway())  # a link names one request
    assert stranger.post(path).status_code == 410
    assert FactorRemoval.objects.filter(FactorRemoval.OPEN).count() == 1


def test_a_second_request_is_the_first_one(maya):
    ask(halfway())
    first = row()
    browser = halfway()
    assert b"Your second steps will be removed" in browser.post(LOST).content
    browser.get(CODE)
    with later(hours=10):
        assert b"unless someone cancels" in halfway().get(LOST).content
    assert row().due_at == first.due_at


@pytest.mark.parametrize(
    ("what", "by"),
    [
        ("code", "factor"),
        ("recovery code", "factor"),
        ("change", "password"),
        ("reset", "password"),
        ("not me", "signed_out"),
        ("close", "signed_out"),
        ("deactivate", "signed_out"),
    ],
)
def test_what_else_cancels_it(maya, what, by, rf):
    from accounts.policy.recovery import Authenticator as Codes

    browser = signed_in(maya, -1)
    ask(halfway())
    if what == "code":
        second_step(halfway(), maya.app.code())
    elif what == "recovery code":
        codes = Codes.objects.get(user=maya, type="recovery_codes").wrap()
        second_step(halfway(), codes.get_unused_codes()[0])
    elif what == "change":
        body = {"oldpassword": PASSWORD, "password1": "another long phrase"}
        assert browser.post("/accounts/password/change/", body).status_code == 302
    elif what == "reset":
        reset_password("another long phrase")
    elif what == "not me":
        path = re.search(r"http://localhost(/accounts/not-me/\S+)", mail_body())
        a_browser().post(path.group(1))
    elif what == "close":
        assert browser.post("/accounts/close/").status_code == 303
    else:
        user = User.objects.get()
        user.is_active = False
        user.save()
    assert row().cancelled_by == by
    assert emails("your second steps stay") == ["maya@example.org", SECOND]
    with later(hours=49):
        assert removal_due.run_due() == 0


def mail_body():
    return next(m.body for m in deliver_mail() if "not-me" in m.body)


def reset_password(new):
    browser = a_browser()
    browser.post("/accounts/password/reset/", {"email": "maya@example.org"})
    path = re.search(r"http://localhost(\S+/reset/key/\S+)", deliver_mail()[-1].body)
    form = browser.get(path.group(1))["Location"]
    assert browser.post(form, {"password1": new}).status_code == 302


def test_a_late_worker_still_gives_a_days_notice(maya):
    ask(halfway())
    with later(days=9):
        assert removal_due.run_due() == 0
        assert emails("removed tomorrow") == ["maya@example.org", SECOND]
        assert row().due_at > timezone.now() + timedelta(hours=22)
        assert removal_due.run_due() == 0
    with later(days=10):
        assert removal_due.run_due() == 1


def test_who_was_disabled_behind_our_back_keeps_their_factors(maya):
    ask(halfway())
    with later(hours=49):
        removal_due.run_due()
    User.objects.update(is_active=False)
    with later(hours=73):
        assert removal_due.run_due() == 0
    assert Authenticator.objects.count() == 2
    assert row().cancelled_at is not None


def test_one_that_fails_delays_no_other(maya, make_person, monkeypatch):
    other = make_person("other@example.org")
    enrol_totp(other)
    now = timezone.now()
    for number, user in enumerate((maya, other)):
        FactorRemoval.objects.create(
            user=user, reminded_at=now, due_at=now - timedelta(minutes=2 - number)
        )
    tell = removal_due.tell

    def fail(found, template, **more):
        if found.user_id == maya.pk:
            raise RuntimeError
        tell(found, template, **more)

    monkeypatch.setattr(removal_due, "tell", fail)
    assert removal_due.run_due() == 1
    assert {one.user_id for one in Authenticator.objects.all()} == {maya.pk}
    monkeypatch.setattr(removal_due, "tell", tell)
    assert removal_due.run_due() == 1


def test_prune_runs_it_and_forgets_old_requests(maya):
    ask(halfway())
    with later(hours=49):
        call_command("prune", stdout=io.StringIO())
    with later(hours=73):
        call_command("prune", stdout=io.StringIO())
        assert row().done_at is not None
    with later(days=29):
        call_command("prune", stdout=io.StringIO())
        assert FactorRemoval.objects.exists()
    with later(days=34):
        call_command("prune", stdout=io.StringIO())
        assert not FactorRemoval.objects.exists()


def test_doctor_says_that_nothing_removes_them(maya):
    from authsite.management.commands.doctor import Trouble, removals

    ask(halfway())
    assert removals() == "no removal is overdue"
    with later(days=5), pytest.raises(Trouble, match="overdue: 1"):
        removals()


def test_it_goes_with_the_person(maya):
    ask(halfway())
    maya.delete()
    assert not FactorRemoval.objects.exists()


@pytest.mark.parametrize("connected", [True, False])
def test_without_a_password_a_fresh_sign_in_by_a_provider_is_asked_for(maya, connected):
    browser = signed_in(maya)
    User.objects.update(password="!")
    user = User.objects.get()
    session = browser.session
    session["_auth_user_hash"] = user.get_session_auth_hash()
    if connected:
        SocialAccount.objects.create(user=user, provider="google", uid="1")
        session["account_authentication_methods"] = [
            {"method": "socialaccount", "at": timezone.now().timestamp()}
        ]
    session.save()
    page = browser.get(LOST).content.decode()
    assert 'name="password"' not in page
    assert ("Email me a code" in page) == connected
    if connected:
        with later(minutes=6):
            assert "Email me a code" not in browser.get(LOST).content.decode()
        ask(browser)
        return
    assert browser.post(LOST).status_code == 200
    assert emails("your code to remove your second steps") == []


def test_strangers_and_people_without_a_factor_are_led_on(make_person, browser):
    for path in (LOST, CODE):
        assert browser.get(path)["Location"].startswith("/accounts/login/")
    make_person()
    sign_in_by_form(browser)
    for path in (LOST, CODE):
        assert browser.get(path)["Location"] == "/accounts/2fa/"


class Headless:
    """The headless API's browser or app client."""

    def __init__(self, api, session):
        self.api, self.session = api, session

    def __call__(self, method, path, body=None):
        return self.api.client().generic(
            method,
            f"/_allauth/app/v1/{path}",
            "" if body is None else json.dumps(body),
            content_type="application/json",
            headers={"x-session-token": self.session} if self.session else {},
        )


def test_the_same_headless(maya, api):
    anyone = Headless(api, "")
    assert anyone("POST", "auth/2fa/removal/request", {}).status_code == 401
    assert anyone("GET", "account/authenticators/removal").status_code == 401
    body = {"email": "maya@example.org", "password": PASSWORD}
    login = anyone("POST", "auth/login", body)
    pending = Headless(api, login.json()["meta"]["session_token"])
    assert pending("POST", "auth/2fa/removal/confirm", {"code": "1"}).status_code == 409
    assert pending("POST", "auth/2fa/removal/request", {}).json() == {"status": 200}
    code = code_in(deliver_mail()[-1])
    wrong = pending("POST", "auth/2fa/removal/confirm", {"code": "0000-0000"})
    assert (wrong.status_code, wrong.json()["errors"][0]["param"]) == (400, "code")
    told = pending("POST", "auth/2fa/removal/confirm", {"code": code})
    assert told.status_code == 200
    assert told.json()["data"]["due_at"] == row().due_at.timestamp()
    assert pending("POST", "auth/2fa/removal/request", {}).status_code == 409
    assert pending("GET", "account/authenticators/removal").status_code == 401
    assert pending("DELETE", "account/authenticators/removal").status_code == 401
    assert row().cancelled_at is None


def test_an_app_sees_and_cancels_it(maya, api):
    from tests.fixtures import session_token

    mine = Headless(api, session_token(signed_in(maya)))
    assert mine("GET", "account/authenticators/removal").status_code == 404
    refused = mine("POST", "auth/2fa/removal/request", {})
    assert refused.json()["errors"][0]["param"] == "password"
    answer = mine("POST", "auth/2fa/removal/request", {"password": PASSWORD})
    assert answer.status_code == 200
    code = code_in(deliver_mail()[-1])
    assert mine("POST", "auth/2fa/removal/confirm", {"code": code}).status_code == 200
    told = mine("GET", "account/authenticators/removal").json()["data"]
    assert told["due_at"] - told["asked_at"] == pytest.approx(72 * 3600)
    assert mine("DELETE", "account/authenticators/removal").status_code == 200
    assert mine("DELETE", "account/authenticators/removal").status_code == 404
    assert row().cancelled_by == "session"


ADMIN = "/admin/policy/factorremoval/"


def test_administrators_see_and_cancel_requests(maya, owner):
    ask(halfway())
    shown = owner.get(ADMIN).content.decode()
    assert "maya@example.org" in shown
    assert owner.get(f"{ADMIN}{row().pk}/change/").status_code == 200
    assert owner.get(f"{ADMIN}add/").status_code == 403
    body = {"action": "cancel", "_selected_action": [row().pk]}
    answer = owner.post(ADMIN, body, follow=True)
    assert b"1 request cancelled." in answer.content
    assert row().cancelled_by == "admin"
    event = Event.objects.get(action=Action.REMOVAL_CANCELLED)
    assert event.actor.email == "owner@example.org"
    told = deliver_mail()[-1]
    assert told.subject.endswith("your second steps stay")
    assert "127.0.0.1" not in told.body


def test_support_does_not_cancel_a_superusers(maya, owner):
    from django.contrib.auth.models import Permission

    ask(halfway())
    User.objects.filter(pk=maya.pk).update(is_superuser=True)
    staff = User.objects.get(email="owner@example.org")
    staff.is_superuser = False
    staff.save()
    for name in ("change_user", "view_factorremoval"):
        staff.user_permissions.add(Permission.objects.get(codename=name))
    body = {"action": "cancel", "_selected_action": [row().pk]}
    assert b"0 requests cancelled." in owner.post(ADMIN, body, follow=True).content
    assert row().cancelled_at is None


def test_an_administrators_reset_ends_it_with_one_email(maya, owner):
    from tests.flows.test_admin_action import press

    ask(halfway())
    press(owner, "remove_factors", maya, confirm="yes", reason="asked in person")
    assert row().cancelled_by == "admin"
    assert emails("your second steps stay") == []
    assert emails("your second steps were removed") == ["maya@example.org", SECOND]


def test_nothing_is_removed_without_a_reminder(maya, monkeypatch):
    ask(halfway())
    monkeypatch.setattr(removal_due, "SOON", "no such email")
    with later(hours=80):
        assert removal_due.run_due() == 0
        assert row().reminded_at is None
        assert Authenticator.objects.count() == 2
