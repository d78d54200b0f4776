"""Rotations while people sign in and refresh and three services verify: nobody notices.

In `make test` one rotation with one web process; in `make test-long` three with two.
"""

from __future__ import annotations

import contextlib
import os
import random
import threading
import time
from collections import deque
from dataclasses import dataclass, field

import httpx
import jwt
import pytest

from tests.counts import LONG, count
from tests.examples.tools import PASSWORD, ask, wait_for
from tests.services import postgres, server

ROTATIONS = count(1, 3)
PROCESSES = count(1, 2)
#: Until every process has read the ring again, and has signed a little.
KNOWN = 33
#: A person has 25 sessions at most: whoever refreshes is not the one who signs in.
EMAIL, PATIENT = "load@example.org", "patient@example.org"
#: A key that is taken out by the same run: processes hear of that within a second, and
#: read the ring at once, not after half a minute.
READ_ANEW = """
gone = new_key(SigningKey.State.RETIRED)
gone.retired_at = now - timedelta(days=400)
gone.save()
"""
LIMITS = "login=100000/m/ip;token_refresh=100000/m/ip"


@dataclass
class Load:
    """Signs in, refreshes, and shows every live token to every service, until told."""

    site: server.Site
    services: list[str]
    stop: threading.Event = field(default_factory=threading.Event)
    live: deque = field(default_factory=lambda: deque(maxlen=60))
    wrong: list[str] = field(default_factory=list)
    pair: dict = field(default_factory=dict)
    shown: int = 0

    def repeat(self, what, pause):
        with httpx.Client(timeout=30) as client:
            while not self.stop.wait(pause):
                try:
                    what(client)
                except Exception as error:  # noqa: BLE001 - told at the end
                    self.wrong.append(f"{what.__name__}: {error!r}")

    def token(self, client, path, body):
        answer = client.post(f"{self.site.url}/api/token/{path}", json=body)
        assert answer.status_code == 200, f"{path} {answer.text}"
        self.live.append(answer.json()["access"])
        return answer.json()

    def sign_in(self, client):
        self.token(client, "", {"email": EMAIL, "password": PASSWORD})

    def refresh(self, client):
        if not self.pair:
            self.pair = self.token(client, "", {"email": PATIENT, "password": PASSWORD})
        body = {"refresh": self.pair["refresh"]}
        self.pair = self.token(client, "refresh/", body)

    def show(self, client):
        token = random.choice(self.live)
        own = f"{self.site.url}/api/protected-route/"
        for url in [own, *(f"{one}/protected-route" for one in self.services)]:
            answer = client.get(url, headers={"Authorization": f"Bearer {token}"})
            self.shown += 1
            if answer.status_code != 200:
                self.wrong.append(f"{url}: {answer.status_code} {answer.text}")


def rotate(site):
    """Make the next key, let it be known, let it sign."""
    site.manage("rotate_keys")
    if PROCESSES > 1:
        time.sleep(KNOWN)  # what the ten minutes are for
    told = site.run(
        "import io, json\n"
        "from datetime import timedelta\n"
        "from django.core.management import call_command\n"
        "from django.utils import timezone\n"
        "from accounts.tokens.models import SigningKey\n"
        "from accounts.tokens.ring import new_key\n"
        "def rotate(*options):\n"
        "    said = io.StringIO()\n"
        "    call_command('rotate_keys', '--now', *options, stdout=said)\n"
        "    return said.getvalue()\n"
        "\n"
        "now = timezone.now()\n"
        "early = now - timedelta(minutes=11)\n"
        "SigningKey.objects.filter(state='next').update(created_at=early)\n"
        "behind = rotate()\n"
        f"{READ_ANEW if PROCESSES == 1 else ''}"
        "print(json.dumps([behind, rotate('--anyway')]))\n"
    )
    behind, done = told
    assert "signs." in behind + done
    return behind


def kid(token):
    return jwt.get_unverified_header(token)["kid"]


@pytest.fixture
def everything(installed, node_example):
    """The site, and the three services that trust it."""
    database = postgres.new_database(os.environ["DATABASE_URL"], "authsite_load")
    with contextlib.ExitStack() as stack:
        site = stack.enter_context(
            server.site(
                database,
                os.environ["CACHE_URL"],
                workers=PROCESSES,
                RATE_LIMITS=LIMITS,
            )
        )
        for email in (EMAIL, PATIENT):
            site.make_person(email, PASSWORD)
        starters = [
            installed("fastapi_service").running,
            installed("drf_service").running,
            node_example.running,
        ]
        urls = [stack.enter_context(one(site.url, site.url)) for one in starters]
        yield site, urls


def test_no_live_token_is_refused_and_the_retired_key_is_at_its_end(everything):
    site, services = everything
    load = Load(site, services)
    with httpx.Client() as client:
        load.sign_in(client)
    threads = [
        threading.Thread(target=load.repeat, args=(what, pause), daemon=True)
        for what, pause in (
            (load.sign_in, 0.5), (load.refresh, 0.2), (load.show, 0.05),
            (load.show, 0.05),
        )
    ]  # fmt: skip
    for thread in threads:
        thread.start()
    time.sleep(11)  # past the cool-down of the services' first fetch
    kids, said = [kid(load.live[-1])], []
    try:
        for _ in range(ROTATIONS):
            last = load.live[-1]
            said.append(rotate(site))
            wait_for(lambda last=last: kid(load.live[-1]) != kid(last), 45)
            kids.append(kid(load.live[-1]))
            time.sleep(3)
    finally:
        load.stop.set()
        for thread in threads:
            thread.join(30)
    assert load.wrong == []
    assert load.shown > 100
    assert len(set(kids)) == ROTATIONS + 1
    # It is guided: each service was known by its name, and lacked the first new key.
    for name in ("fastapi-service", "drf-service", "node-service"):
        assert f"{name} has not fetched it since" in said[0]
    old = next(token for token in reversed(load.live) if kid(token) == kids[-2])
    at_its_end(site, services, old)


def at_its_end(site, services, token):
    """Fifteen days later the retired key goes, and its tokens are refused at once."""
    urls = [(url, "/protected-route") for url in services]
    urls.append((site.url, "/api/protected-route/"))
    for url, path in urls:
        assert ask(url, token, path=path).status_code == 200
    site.run(
        "from datetime import timedelta\n"
        "from django.utils import timezone\n"
        "from accounts.tokens.models import SigningKey\n"
        "early = timezone.now() - timedelta(days=15)\n"
        "SigningKey.objects.filter(state='retired').update(retired_at=early)\n"
        "print(0)\n"
    )
    assert "its last token has expired" in site.manage("rotate_keys")
    for url, path in urls:
        wait_for(lambda url=url, path=path: refused_now(url, path, token))
    if LONG:
        replaced_at_once(site, urls)


def replaced_at_once(site, urls):
    """A key was stolen: what it signed is refused, what the new one signs is not."""
    body = {"email": EMAIL, "password": PASSWORD}
    access = httpx.post(f"{site.url}/api/token/", json=body).json()["access"]
    assert {ask(url, access, path=path).status_code for url, path in urls} == {200}
    time.sleep(10)  # the cool-down of the last fetch
    assert "signs." in site.manage("rotate_keys", "--emergency")
    for url, path in urls:
        wait_for(lambda url=url, path=path: refused_now(url, path, access))
    fresh = wait_for(lambda: minted_by_another(site, body, access))
    assert {ask(url, fresh, path=path).status_code for url, path in urls} == {200}


def minted_by_another(site, body, token):
    """A new token once another key signs, else None."""
    new = httpx.post(f"{site.url}/api/token/", json=body).json()["access"]
    return new if kid(new) != kid(token) else None


def refused_now(url, path, token):
    return ask(url, token, path=path).status_code == 401
