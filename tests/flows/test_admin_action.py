"""admin_action: the pipeline, a second factor, a preview, a reason, the event."""

from __future__ import annotations

import re

import pytest
from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from allauth.socialaccount.models import SocialAccount
from django.contrib.admin import site
from django.contrib.auth.models import Group, Permission
from django.contrib.sessions.models import Session
from django.test import Client

from accounts.audit.models import Action, AppendOnly, Event
from accounts.models import User
from accounts.tokens.models import Family, SigningKey
from tests.fixtures import PASSWORD, deliver_mail, enrol_totp, sign_in_by_form

pytestmark = pytest.mark.django_db(transaction=True)
PEOPLE = "/admin/accounts/user/"


def press(browser, action, *people, **more):
    keys = [str(person.pk) for person in people]
    return browser.post(PEOPLE, {"action": action, "_selected_action": keys, **more})


def test_nobody_signed_in_goes_to_the_one_sign_in(client):
    for path in ("/admin/", PEOPLE, "/admin/login/?next=/admin/"):
        answer = client.get(path, follow=True)
        assert answer.redirect_chain[-1][0].startswith("/accounts/login/?next=")
    answer = client.post("/admin/login/", {"username": "x", "password": "y"})
    assert answer["Location"].startswith("/accounts/login/")


def test_whoever_is_not_staff_is_refused_and_it_is_recorded(make_person, browser):
    make_person()
    sign_in_by_form(browser)
    assert browser.get("/admin/", follow=True).status_code == 403
    assert Event.objects.filter(action=Action.ADMIN_DENIED).exists()


def test_staff_without_a_factor_are_led_to_enrol_one(make_person, browser):
    make_person(is_staff=True, is_superuser=True)
    sign_in_by_form(browser)
    answer = browser.get("/admin/", follow=True)
    assert answer.redirect_chain[-1][0].startswith("/accounts/2fa/totp/activate/")
    assert b"asks for a second step" in answer.content


def test_staff_who_used_no_factor_in_this_session_are_asked_for_it(
    make_person, browser
):
    user = make_person(is_staff=True, is_superuser=True)
    sign_in_by_form(browser)
    app = enrol_totp(user)
    answer = browser.get("/admin/", follow=True)
    assert answer.redirect_chain[-1][0].startswith("/accounts/2fa/reauthenticate/")
    done = browser.post(answer.redirect_chain[-1][0], {"code": app.code()})
    assert browser.get(done["Location"], follow=True).status_code == 200
    assert browser.get("/admin/").status_code == 200


def test_a_switch_lets_staff_in_without_a_factor(make_person, browser, settings):
    settings.STAFF_MFA_REQUIRED = False
    make_person(is_staff=True, is_superuser=True)
    sign_in_by_form(browser)
    assert browser.get("/admin/").status_code == 200


def test_a_session_that_skipped_the_pipeline_stays_out(make_person, client, settings):
    settings.STAFF_MFA_REQUIRED = False
    client.force_login(make_person(is_staff=True, is_superuser=True))
    assert client.get("/admin/").status_code == 302


def test_createsuperuser_then_sign_in_then_enrol(db, browser, monkeypatch):
    from django.core.management import call_command

    monkeypatch.setenv("DJANGO_SUPERUSER_PASSWORD", PASSWORD)
    call_command(
        "createsuperuser", email="owner@example.org", interactive=False, verbosity=0
    )
    assert EmailAddress.objects.get(email="owner@example.org").verified
    assert sign_in_by_form(browser, "owner@example.org")["Location"] == "/dashboard/"
    answer = browser.get("/admin/", follow=True)
    assert answer.redirect_chain[-1][0].startswith("/accounts/2fa/totp/activate/")


def test_people_are_found_by_the_beginning_of_their_address(make_person, owner):
    make_person("ada@example.org")
    make_person("bob@example.org")
    page = owner.get(PEOPLE, {"q": "ADA"}).content.decode()
    assert "ada@example.org" in page
    assert "bob@example.org" not in page
    assert owner.get(PEOPLE, {"q": "%_'\""}).status_code == 200


def test_a_deactivation_is_shown_first_then_done_and_recorded(make_person, owner):
    victim = make_person("ada@example.org")
    theirs = Client(SERVER_NAME="localhost")
    sign_in_by_form(theirs, "ada@example.org")
    from tests.fixtures import exchange

    access = exchange(theirs).json()["access"]
    preview = press(owner, "deactivate", victim)
    assert b"Nothing has happened yet." in preview.content
    assert b"1 session ends, 1 app is signed out" in preview.content
    victim.refresh_from_db()
    assert victim.is_active
    without_reason = press(owner, "deactivate", victim, confirm="yes", reason="")
    assert b"This field is required" in without_reason.content
    press(owner, "deactivate", victim, confirm="yes", reason="left the company")
    victim.refresh_from_db()
    assert not victim.is_active
    assert theirs.get("/dashboard/").status_code == 302
    bearer = {"authorization": f"Bearer {access}"}
    answer = Client(SERVER_NAME="localhost").get("/api/me/", headers=bearer)
    assert (answer.status_code, answer.json()["code"]) == (401, "token_revoked")
    event = Event.objects.get(action=Action.DEACTIVATED)
    assert event.user == victim
    assert event.actor.email == "owner@example.org"
    assert event.data["reason"] == "left the company"
    press(owner, "reactivate", victim, confirm="yes", reason="came back")
    assert sign_in_by_form(theirs, "ada@example.org").status_code == 302


def test_someone_is_made_staff_and_no_longer(make_person, owner):
    person = make_person("ada@example.org")
    press(owner, "make_staff", person, confirm="yes", reason="helps out")
    person.refresh_from_db()
    assert person.is_staff
    press(owner, "remove_staff", person, confirm="yes", reason="helped out")
    person.refresh_from_db()
    assert not person.is_staff


def test_signing_someone_out_everywhere_leaves_the_account(make_person, owner, api):
    person = make_person("ada@example.org")
    pair = api.tokens("ada@example.org")
    press(owner, "sign_out", person, confirm="yes", reason="lost phone")
    assert api.refresh(pair["refresh"]).status_code == 401
    assert api.sign_in("ada@example.org").status_code == 200


def test_nobody_does_it_to_themselves(owner):
    me = User.objects.get(email="owner@example.org")
    page = press(owner, "deactivate", me, confirm="yes", reason="x")
    assert b"you may not do this to them" in page.content
    me.refresh_from_db()
    assert me.is_active


def test_staff_with_rights_over_people_cannot_touch_superusers_or_give_rights(
    make_person, browser, settings
):
    settings.STAFF_MFA_REQUIRED = False
    root = make_person("root@example.org", is_staff=True, is_superuser=True)
    helper = make_person("helper@example.org", is_staff=True)
    rights = Permission.objects.filter(content_type__app_label="accounts")
    helper.user_permissions.set(rights)
    group = Group.objects.create(name="finance")
    sign_in_by_form(browser, "helper@example.org")
    press(browser, "deactivate", root, confirm="yes", reason="x")
    press(browser, "make_staff", helper, confirm="yes", reason="x")
    change = {"name": "Helper", "groups": [group.pk], "is_superuser": "on"}
    browser.post(f"{PEOPLE}{helper.pk}/change/", change)
    for user in (root, helper):
        user.refresh_from_db()
    assert root.is_active
    assert not helper.is_superuser
    assert not helper.groups.exists()


def test_no_page_of_the_admin_shows_a_hash_a_secret_or_a_token(make_person, owner, api):
    person = make_person("ada@example.org")
    app = enrol_totp(person)
    pending = api.sign_in("ada@example.org").json()["pending_token"]
    pair = api.post(
        "/api/token/mfa/", {"pending_token": pending, "code": app.code()}
    ).json()
    family = Family.objects.get(user=person)
    secrets = {
        person.password,
        person.password.split("$")[-1],
        app.secret,
        *(
            a.data.get("secret") or a.data["seed"]
            for a in person.authenticator_set.all()
        ),
        pair["access"],
        pair["refresh"],
        pair["refresh"].split(".")[-1],
        family.current_jti,
        family.session_key,
        family.session_sid,
        *(session.session_key for session in Session.objects.all()),
        SigningKey.objects.get().sealed_private.hex(),
    }
    pages = list(walk_admin(owner))
    assert len(pages) > 12
    for path, text in pages:
        shown = {secret for secret in secrets if secret and secret in text}
        assert not shown, path


def walk_admin(browser):
    """Every list of the admin, and the first row's page behind each."""
    for model in site._registry:
        base = f"/admin/{model._meta.app_label}/{model._meta.model_name}/"
        listed = browser.get(base)
        assert listed.status_code == 200, base
        yield base, listed.content.decode()
        rows = re.findall(
            rf'href="({base}[^"]+/change/)[^"]*"', listed.content.decode()
        )
        for row in rows[:3]:
            page = browser.get(row)
            assert page.status_code == 200, row
            yield row, page.content.decode()


def test_events_can_be_read_and_not_changed(make_person, owner):
    event = Event.objects.first()
    page = owner.get(f"/admin/audit/event/{event.pk}/change/")
    assert b'name="_save"' not in page.content
    for path in ("add/", f"{event.pk}/delete/"):
        assert owner.get(f"/admin/audit/event/{path}").status_code == 403
    answer = owner.post(f"/admin/audit/event/{event.pk}/change/", {"action": "x"})
    assert answer.status_code == 403
    for change in (event.save, event.delete):
        with pytest.raises(AppendOnly):
            change()


def test_people_cannot_be_added_deleted_or_given_a_password_there(make_person, owner):
    person = make_person("ada@example.org")
    for path in ("add/", f"{person.pk}/delete/", f"{person.pk}/password/"):
        answer = owner.get(PEOPLE + path)
        assert answer.status_code in {302, 403, 404}, path
    before = person.password
    owner.post(f"{PEOPLE}{person.pk}/change/", {"password": "x", "name": "Ada"})
    person.refresh_from_db()
    assert person.password == before


def test_a_family_can_be_revoked(make_person, owner, api):
    make_person("ada@example.org")
    pair = api.tokens("ada@example.org")
    family = Family.objects.get(user__email="ada@example.org")
    owner.post(
        "/admin/tokens/family/",
        {"action": "revoke", "_selected_action": [str(family.pk)]},
    )
    assert api.refresh(pair["refresh"]).status_code == 401
    assert api.get("/api/me/", pair["access"]).json()["code"] == "token_revoked"


def test_the_admins_own_sign_out_and_password_pages_lead_to_ours(owner):
    assert (
        owner.get("/admin/password_change/")["Location"] == "/accounts/password/change/"
    )
    assert owner.get("/admin/logout/")["Location"] == "/accounts/logout/"
    assert owner.get("/admin/").status_code == 200
    assert owner.post("/admin/logout/")["Location"] == "/"
    assert owner.get("/dashboard/").status_code == 302


def test_second_steps_can_be_removed_for_who_lost_them(owner, make_person):
    user = make_person()
    enrol_totp(user)
    preview = press(owner, "remove_factors", user)
    assert b"Be sure who asks you for this" in preview.content
    assert Authenticator.objects.filter(user=user).count() == 2
    press(owner, "remove_factors", user, confirm="yes", reason="lost the phone")
    assert not Authenticator.objects.filter(user=user).exists()
    event = Event.objects.get(action=Action.FACTORS_REMOVED)
    assert (event.user, event.data["reason"]) == (user, "lost the phone")
    (letter,) = [m for m in deliver_mail() if m.to == [user.email]]
    assert "An administrator removed all second steps" in letter.body


def test_a_person_s_page_shows_their_ways_in_and_no_secret(owner, make_person):
    user = make_person()
    app = enrol_totp(user)
    SocialAccount.objects.create(
        user=user, provider="google", uid="42", extra_data={"hd": "a-private-thing"}
    )
    page = owner.get(f"{PEOPLE}{user.pk}/change/").content.decode()
    for shown in ("google", ">42<", "TOTP", "Recovery codes"):
        assert shown in page
    for hidden in (app.secret, "a-private-thing", "seed"):
        assert hidden not in page
