"""Refresh and sign-out raced over several web processes on PostgreSQL."""

from __future__ import annotations

import contextlib
import os
import time
from pathlib import Path

import httpx
import pytest

from tests.counts import count
from tests.races.parallel import together
from tests.services import postgres, server

PASSWORD = "correct horse battery"
PROCESSES = 4
PARALLEL = count(12, 30)
ROUNDS = count(8, 100)


@pytest.fixture(scope="module")
def busy_site():
    database = postgres.new_database(os.environ["DATABASE_URL"], "authsite_races")
    limits = "login=100000/m/ip;token_refresh=100000/m/ip"
    with server.site(
        database, os.environ["CACHE_URL"], workers=PROCESSES, RATE_LIMITS=limits
    ) as found:
        found.make_person("racer@example.org", PASSWORD)
        yield found


@pytest.fixture
def tokens(busy_site):
    def sign_in():
        body = {"email": "racer@example.org", "password": PASSWORD}
        answer = httpx.post(f"{busy_site.url}/api/token/", json=body)
        assert answer.status_code == 200, answer.text
        return answer.json()

    return sign_in


def refresh(site, token):
    def call(client, _):
        return client.post(f"{site.url}/api/token/refresh/", json={"refresh": token})

    return call


def family(site):
    """The newest family's generation, state, and its replay events, as the rows say."""
    return site.run(
        "import json\n"
        "from accounts.audit.models import Event\n"
        "from accounts.tokens.models import Family\n"
        "f = Family.objects.order_by('-created_at').first()\n"
        "replays = Event.objects.filter(action='system:token:replay',"
        " data__family=str(f.pk)).count()\n"
        "print(json.dumps([f.generation, f.revoked_reason, replays]))\n"
    )


def processes_of(site):
    """How many processes run this site, as the system's process table says."""
    mark = f"PORT={site.environment['PORT']}\0".encode()
    found = 0
    for process in Path("/proc").glob("[0-9]*/environ"):
        with contextlib.suppress(OSError):
            found += mark in process.read_bytes()
    return found


def test_parallel_refreshes_have_one_successor(busy_site, tokens):
    token = tokens()["refresh"]
    for _ in range(ROUNDS):
        answers = together(PARALLEL, refresh(busy_site, token))
        assert {answer.status_code for answer in answers} == {200}
        successors = {answer.json()["refresh"] for answer in answers}
        assert len(successors) == 1
        assert len({answer.json()["access"] for answer in answers}) == 1
        (token,) = successors
    assert family(busy_site) == [ROUNDS + 1, "", 0]


def test_a_replay_raced_over_all_processes_is_told_once(busy_site, tokens):
    first = tokens()["refresh"]
    second = httpx.post(
        f"{busy_site.url}/api/token/refresh/", json={"refresh": first}
    ).json()["refresh"]
    third = httpx.post(
        f"{busy_site.url}/api/token/refresh/", json={"refresh": second}
    ).json()
    answers = together(PARALLEL, refresh(busy_site, first))
    assert {answer.status_code for answer in answers} == {401}
    _, reason, replays = family(busy_site)
    assert (reason, replays) == ("replayed", 1)
    after = httpx.post(
        f"{busy_site.url}/api/token/refresh/", json={"refresh": third["refresh"]}
    )
    assert after.status_code == 401


def test_a_revocation_raced_with_refreshes_leaves_nothing_alive(busy_site, tokens):
    for _ in range(count(4, 40)):
        token = tokens()["refresh"]

        def call(client, i, token=token):
            path = "revoke" if i == 0 else "refresh"
            url = f"{busy_site.url}/api/token/{path}/"
            return client.post(url, json={"refresh": token})

        answers = together(6, call)
        assert {answer.status_code for answer in answers} <= {200, 401}
        for answer in answers[1:]:
            if answer.status_code == 200:
                left = answer.json()["refresh"]
                again = httpx.post(
                    f"{busy_site.url}/api/token/refresh/", json={"refresh": left}
                )
                assert again.status_code == 401


def test_a_revoked_token_is_refused_by_every_process_within_seconds(busy_site, tokens):
    pair = tokens()
    bearer = {"Authorization": f"Bearer {pair['access']}"}

    def me(client, _):
        return client.get(f"{busy_site.url}/api/me/", headers=bearer).status_code

    assert set(together(16, me)) == {200}
    httpx.post(f"{busy_site.url}/api/token/revoke/", json={"refresh": pair["refresh"]})
    time.sleep(1.1)  # the snapshot is at most a second old
    assert set(together(16, me)) == {401}


def test_wrong_guesses_in_parallel_reach_the_hash_five_times(busy_site):
    busy_site.make_person("guessed@example.org", PASSWORD)

    def call(client, _):
        return client.post(
            f"{busy_site.url}/api/token/",
            json={"email": "guessed@example.org", "password": "wrong"},
        )

    codes = [answer.status_code for answer in together(24, call)]
    assert codes.count(401) == 5, sorted(codes)
    assert codes.count(429) == 19


def test_the_site_really_runs_in_several_processes(busy_site):
    # The launcher, granian's parent, its workers and the mail worker.
    assert processes_of(busy_site) >= PROCESSES + 2
