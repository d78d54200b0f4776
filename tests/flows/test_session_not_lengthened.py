"""Tokens never lengthen a browser's session, nor outlive it."""

from __future__ import annotations

import time
from datetime import timedelta

import jwt
import pytest
import time_machine
from django.contrib.sessions.models import Session

from accounts.tokens.models import Family
from tests.fixtures import exchange, sign_in_by_form

pytestmark = pytest.mark.django_db(transaction=True)
HOUR = 3600


def test_twelve_idle_hours_end_the_session_whatever_its_tokens_do(
    make_person, client, api
):
    make_person()
    start = time.time()
    sign_in_by_form(client)
    (ends,) = Session.objects.values_list("expire_date", flat=True)
    with time_machine.travel(start + HOUR):
        refresh = exchange(client).json()["refresh"]
    for hours in range(2, 12):
        with time_machine.travel(start + hours * HOUR):
            answer = api.refresh(refresh)
            assert answer.status_code == 200
            refresh = answer.json()["refresh"]
            claims = jwt.decode(refresh, options={"verify_signature": False})
            assert claims["exp"] <= ends.timestamp()
    assert list(Session.objects.values_list("expire_date", flat=True)) == [ends]
    with time_machine.travel(start + 11.95 * HOUR):
        last = api.refresh(refresh).json()
    with time_machine.travel(start + 12.02 * HOUR):
        assert api.get("/api/me/", last["access"]).status_code == 401
        assert api.refresh(last["refresh"]).status_code == 401
        assert client.get("/dashboard/").status_code == 302


def test_use_of_the_browser_lengthens_session_and_tokens(make_person, client, api):
    make_person()
    start = time.time()
    sign_in_by_form(client)
    refresh = exchange(client).json()["refresh"]
    with time_machine.travel(start + 6 * HOUR):
        assert client.get("/dashboard/").status_code == 200
        refresh = api.refresh(refresh).json()["refresh"]
    with time_machine.travel(start + 13 * HOUR):
        assert api.refresh(refresh).status_code == 200


def test_an_apps_session_lives_by_its_refreshes(make_person, api):
    make_person()
    pair = api.tokens()
    (before,) = Session.objects.values_list("expire_date", flat=True)
    with time_machine.travel(time.time() + 10 * 24 * HOUR):
        assert api.refresh(pair["refresh"]).status_code == 200
    (after,) = Session.objects.values_list("expire_date", flat=True)
    assert after - before > timedelta(days=9)
    assert Family.objects.get().expires_at > after
