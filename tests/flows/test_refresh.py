"""refresh: rotation, the grace for lost answers, the death of a family."""

from __future__ import annotations

from datetime import timedelta

import pytest
import time_machine
from allauth.usersessions.models import UserSession
from django.utils import timezone

from accounts.tokens.models import Family
from tests.fixtures import PASSWORD, deliver_mail, exchange, sign_in_by_form

pytestmark = pytest.mark.django_db(transaction=True)


def test_it_rotates(make_person, api):
    make_person()
    first = api.tokens()
    answer = api.refresh(first["refresh"])
    assert answer.status_code == 200
    assert answer["Cache-Control"] == "no-store"
    second = answer.json()
    assert second["refresh"] != first["refresh"]
    assert second["access"] != first["access"]
    assert api.get("/api/me/", second["access"]).status_code == 200


def test_a_lost_answer_is_repeated_byte_for_byte(make_person, api):
    make_person()
    first = api.tokens()["refresh"]
    assert api.refresh(first).content == api.refresh(first).content
    assert Family.objects.get().generation == 2


def test_a_replay_after_the_grace_kills_the_family_and_tells_the_person(
    make_person, api
):
    make_person()
    first = api.tokens()["refresh"]
    second = api.refresh(first).json()
    with time_machine.travel(timezone.now() + timedelta(seconds=11)):
        replay = api.refresh(first)
        assert (replay.status_code, replay.json()["code"]) == (401, "token_revoked")
        assert 'error="invalid_token"' in replay["WWW-Authenticate"]
        assert api.refresh(second["refresh"]).status_code == 401
        assert api.get("/api/me/", second["access"]).json()["code"] == "token_revoked"
    assert Family.objects.get().revoked_reason == "replayed"
    assert ["signed out" in m.subject for m in deliver_mail()] == [True]


def test_a_token_two_generations_old_is_a_replay_at_once(make_person, api):
    make_person()
    first = api.tokens()["refresh"]
    second = api.refresh(first).json()["refresh"]
    third = api.refresh(second).json()["refresh"]
    assert api.refresh(first).status_code == 401
    assert api.refresh(third).status_code == 401


@pytest.mark.parametrize("path", ["/api/token/revoke/", "/api/token/blacklist/"])
def test_revocation_ends_both_tokens_and_always_answers_200(make_person, api, path):
    make_person()
    pair = api.tokens()
    for token in (pair["refresh"], pair["refresh"], "nonsense"):
        answer = api.post(path, {"refresh": token})
        assert (answer.status_code, answer.json()) == (200, {})
    assert api.refresh(pair["refresh"]).status_code == 401
    assert api.get("/api/me/", pair["access"]).json()["code"] == "token_revoked"


def test_sliding_ends_after_14_days_idle(make_person, api):
    make_person()
    first = api.tokens()["refresh"]
    with time_machine.travel(timezone.now() + timedelta(days=13)):
        second = api.refresh(first)
        assert second.status_code == 200
    with time_machine.travel(timezone.now() + timedelta(days=26)):
        assert api.refresh(second.json()["refresh"]).status_code == 200
    with time_machine.travel(timezone.now() + timedelta(days=41)):
        assert api.refresh(second.json()["refresh"]).status_code == 401


def test_nothing_extends_a_sign_in_beyond_90_days(make_person, api):
    make_person()
    token, start = api.tokens()["refresh"], timezone.now()
    for day in range(13, 90, 13):
        with time_machine.travel(start + timedelta(days=day)):
            answer = api.refresh(token)
            assert answer.status_code == 200, day
            token = answer.json()["refresh"]
    with time_machine.travel(start + timedelta(days=90, minutes=1)):
        assert api.refresh(token).status_code == 401


def test_a_family_dies_with_its_browser_session(make_person, api, browser):
    make_person()
    sign_in_by_form(browser)
    pair = exchange(browser).json()
    assert api.get("/api/me/", pair["access"]).status_code == 200
    browser.post("/accounts/logout/")
    assert api.refresh(pair["refresh"]).status_code == 401
    assert api.get("/api/me/", pair["access"]).status_code == 401


def test_a_family_dies_when_its_device_is_ended(make_person, api):
    user = make_person()
    pair = api.tokens()
    UserSession.objects.get(user=user).end()
    assert api.refresh(pair["refresh"]).status_code == 401
    assert api.get("/api/me/", pair["access"]).status_code == 401


def test_a_family_dies_with_the_password_however_it_was_changed(make_person, api):
    user = make_person()
    pair = api.tokens()
    user.set_password("another password 9")
    user.save()
    assert api.get("/api/me/", pair["access"]).status_code == 401
    assert api.refresh(pair["refresh"]).status_code == 401


def test_changing_the_password_keeps_the_own_session_and_ends_the_others(
    make_person, api, browser
):
    make_person()
    elsewhere = api.tokens()
    sign_in_by_form(browser)
    mine = exchange(browser).json()
    changed = browser.post(
        "/accounts/password/change/",
        {"oldpassword": PASSWORD, "password1": "another password 9"},
    )
    assert changed.status_code == 302
    assert browser.get("/dashboard/").status_code == 200
    assert api.refresh(mine["refresh"]).status_code == 200
    assert api.refresh(elsewhere["refresh"]).status_code == 401
    assert api.get("/api/me/", elsewhere["access"]).status_code == 401


def test_a_disabled_person_is_out_at_once(make_person, api, browser):
    user = make_person()
    pair = api.tokens()
    sign_in_by_form(browser)
    user.is_active = False
    user.save()
    assert api.refresh(pair["refresh"]).status_code == 401
    assert api.get("/api/me/", pair["access"]).status_code == 401
    assert browser.get("/dashboard/").status_code == 302


def test_a_deleted_person_is_refused_not_an_error(make_person, api):
    user = make_person()
    pair = api.tokens()
    user.delete()
    assert api.refresh(pair["refresh"]).status_code == 401
    assert api.get("/api/me/", pair["access"]).status_code == 401


def test_proof_given_later_steps_up_the_next_token(make_person, api, browser):
    import json

    from django.contrib.sessions.models import Session

    from tests.fixtures import enrol_totp
    from tests.flows.test_api_sign_in import claims

    user = make_person()
    sign_in_by_form(browser)
    pair = exchange(browser).json()
    assert claims(pair["access"])["acr"] == "aal1"
    app = enrol_totp(user)
    browser.post("/accounts/2fa/reauthenticate/", {"code": app.code()})
    assert Session.objects.count() == 1 and json
    stepped = api.refresh(pair["refresh"]).json()
    assert claims(stepped["access"])["acr"] == "aal2"
    assert "mfa" in claims(stepped["access"])["amr"]


def test_signing_in_without_end_ends_the_oldest(make_person, api):
    make_person()
    first = api.tokens()
    for _ in range(26):
        from django.core.cache import cache

        cache.clear()
        api.tokens()
    assert UserSession.objects.count() == 25
    assert api.refresh(first["refresh"]).status_code == 401
