"""Keys in the admin: what is known of the next one, and two guarded steps."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import Permission

from accounts.audit.models import Action, Event
from accounts.models import User
from accounts.tokens.models import KeyReader, SigningKey
from tests.fixtures import sign_in_by_form

pytestmark = pytest.mark.django_db(transaction=True)
KEYS = "/admin/tokens/signingkey/"


def press(browser, step, reason="monthly"):
    return browser.post(f"{KEYS}step/{step}/", {"reason": reason}, follow=True)


def test_the_screen_says_who_lacks_the_next_key(owner, client):
    page = owner.get(KEYS).content.decode()
    assert "There is no next key yet" in page
    client.get("/.well-known/jwks.json", headers={"x-service-name": "orders-api"})
    press(owner, "rotate")
    SigningKey.objects.update(created_at="2026-01-01T00:00Z")
    page = owner.get(KEYS).content.decode()
    assert "orders-api has not fetched it since" in page
    reader = KeyReader.objects.get()
    reader.kids = list(SigningKey.objects.values_list("kid", flat=True))
    reader.save()
    page = owner.get(KEYS).content.decode()
    assert "It is safe to sign with" in page
    assert owner.get("/admin/tokens/keyreader/").status_code == 200


def test_a_step_is_shown_first_then_taken_with_a_reason(owner, client):
    owner.get(KEYS)
    preview = owner.get(f"{KEYS}step/rotate/").content.decode()
    assert "Nothing has happened yet." in preview
    assert SigningKey.objects.count() == 1
    without = owner.post(f"{KEYS}step/rotate/", {"reason": ""}).content.decode()
    assert "This field is required" in without
    assert SigningKey.objects.count() == 1
    assert "published, not signing yet" in press(owner, "rotate").content.decode()
    event = Event.objects.filter(action=Action.KEY_CREATED).latest("id")
    assert event.actor.email == "owner@example.org"
    assert event.data["reason"] == "monthly"
    SigningKey.objects.update(created_at="2026-01-01T00:00Z")
    client.get("/.well-known/jwks.json", headers={"x-service-name": "orders-api"})
    KeyReader.objects.update(kids=[])
    SigningKey.objects.filter(state="next").update(created_at=now_less(minutes=20))
    assert "waits for them until" in press(owner, "rotate").content.decode()
    assert "signs." in press(owner, "rotate-anyway").content.decode()


def now_less(**span):
    from datetime import timedelta

    from django.utils import timezone

    return timezone.now() - timedelta(**span)


def test_the_emergency_tells_first_what_it_ends(owner, make_person, api):
    make_person()
    pair = api.tokens()
    preview = owner.get(f"{KEYS}step/replace/").content.decode()
    assert "1 app is signed out." in preview
    assert "1 key is removed" in preview
    assert api.get("/api/me/", pair["access"]).status_code == 200
    page = press(owner, "replace", "stolen laptop").content.decode()
    assert "Sign-ins by token ended: 1." in page
    assert api.get("/api/me/", pair["access"]).status_code == 401
    event = Event.objects.get(action=Action.KEY_REMOVED)
    assert event.data["reason"] == "stolen laptop"
    assert owner.get("/dashboard/").status_code == 200


def test_only_a_superuser_takes_a_step(owner, make_person, client, settings):
    settings.STAFF_MFA_REQUIRED = False
    person = make_person("staff@example.org", is_staff=True)
    person.user_permissions.set(Permission.objects.all())
    sign_in_by_form(client, "staff@example.org")
    page = client.get(KEYS).content.decode()
    assert "Emergency" not in page
    for step in ("rotate", "rotate-anyway", "replace"):
        assert client.get(f"{KEYS}step/{step}/").status_code == 403
        assert client.post(f"{KEYS}step/{step}/", {"reason": "x"}).status_code == 403
    assert owner.get(f"{KEYS}step/invented/").status_code == 403
    assert SigningKey.objects.count() <= 1
    assert User.objects.count() == 2


def test_no_page_shows_a_private_part_or_takes_a_change(owner):
    owner.get(KEYS)
    key = SigningKey.objects.get()
    page = owner.get(f"{KEYS}{key.pk}/change/").content.decode()
    assert bytes(key.sealed_private).decode()[:20] not in page
    assert owner.post(f"{KEYS}{key.pk}/change/", {"state": "gone"}).status_code == 403
    assert owner.post(f"{KEYS}{key.pk}/delete/", {"post": "yes"}).status_code == 403
    assert owner.get(f"{KEYS}add/").status_code == 403
