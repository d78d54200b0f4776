"""Calls that arrive together do not get past a limit."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connection

from tests.fixtures import Api

MANY, LIMIT = 16, 5


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("call", ["verify", "revoke", "refresh"])
def test_parallel_calls_are_all_counted(settings, call):
    settings.ACCOUNT_RATE_LIMITS = {
        **settings.ACCOUNT_RATE_LIMITS,
        "token_refresh": f"{LIMIT}/m/ip",
    }
    together = threading.Barrier(MANY)

    def one(_):
        together.wait()
        try:
            body = {"token": "x", "refresh": "x"}
            return Api().post(f"/api/token/{call}/", body)
        finally:
            connection.close()

    with ThreadPoolExecutor(MANY) as pool:
        answers = list(pool.map(one, range(MANY)))
    limited = [answer for answer in answers if answer.status_code == 429]
    assert len(limited) == MANY - LIMIT
    for answer in limited:
        assert int(answer["Retry-After"]) >= 1
        assert answer.json()["code"] == "throttled"


@pytest.mark.django_db
def test_one_count_for_the_api_and_the_headless_call(settings):
    settings.ACCOUNT_RATE_LIMITS = {
        **settings.ACCOUNT_RATE_LIMITS,
        "token_refresh": "4/m/ip",
    }
    ways = [
        ("/api/token/refresh/", {"refresh": "x"}),
        ("/_allauth/app/v1/tokens/refresh", {"refresh_token": "x"}),
    ] * 3
    statuses = [Api().post(path, body).status_code for path, body in ways]
    assert statuses == [401, 400, 401, 400, 429, 429]
