"""One hostile request at the real server: the process goes on serving others."""

from __future__ import annotations

import os
import threading

import httpx
import pytest

from authsite.bounds import MAX_BODY
from tests.security import hostile_texts
from tests.services import postgres, server

#: Generous: an honest answer takes milliseconds, the slow one took minutes.
DEADLINE = 5  # seconds


@pytest.fixture(scope="module")
def alone():
    """One process, so that nobody else can answer for it."""
    database = postgres.new_database(os.environ["DATABASE_URL"], "authsite_hostile")
    with server.site(database, os.environ["CACHE_URL"], workers=1) as found:
        yield found


def full(name):
    make = hostile_texts.FOR_JSON[name]
    return make(MAX_BODY).encode()


@pytest.mark.parametrize("name", ["nothing but escaped quotes", "combining marks"])
@pytest.mark.parametrize("path", ["/api/token/", "/accounts/login/",
                                  "/_allauth/app/v1/auth/login"])  # fmt: skip
def test_others_are_served_while_a_hostile_body_is_read(alone, path, name):
    body, answers = full(name), []
    assert len(body) > MAX_BODY * 0.95

    def send():
        kind = {"Content-Type": "application/json"}
        url = f"{alone.url}{path}"
        answers.append(httpx.post(url, content=body, headers=kind, timeout=60))

    sender = threading.Thread(target=send)
    sender.start()
    for _ in range(20):
        healthy = httpx.get(f"{alone.url}/healthz", timeout=DEADLINE)
        assert healthy.status_code == 200
    sender.join(60)
    (answer,) = answers
    assert 400 <= answer.status_code < 500


def get(site, path="/api/me/", **headers):
    headers = {name.replace("_", "-"): value for name, value in headers.items()}
    return httpx.get(f"{site.url}{path}", headers=headers, timeout=DEADLINE)


def test_a_head_that_no_honest_client_sends_is_refused(alone):
    assert get(alone, cookie="a" * 300_000).status_code == 431
    assert get(alone, authorization="Bearer " + "a" * 9000).status_code == 431
    assert get(alone, content_type="a/b" + ";" * 300_000).status_code == 431
    assert get(alone, path="/api/" + "a" * 9000).status_code == 414
    many = {f"x_{number}": "a" * 8000 for number in range(6)}
    assert get(alone, **many).status_code == 431
    assert get(alone, cookie="a=" + "b" * 8000).status_code == 401


def test_escapes_in_a_cookie_are_not_read(alone):
    hostile = 'csrftoken="' + '\\"' * 8000 + '"'
    answer = get(alone, "/.well-known/change-password", cookie=hostile)
    assert answer.status_code == 302
