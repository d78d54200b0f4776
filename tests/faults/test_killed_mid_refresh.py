"""kill -9 of web processes while they refresh: nobody is signed out, nothing forks.

A client whose answer was lost asks again with the token it has, as any client must.
"""

from __future__ import annotations

import os
import random
import signal
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path

import httpx
import pytest

from tests.counts import count
from tests.services import postgres, server

PASSWORD = "correct horse battery"
PROCESSES = 4
CLIENTS = 3
KILLS = count(6, 100)
#: granian gives up on a worker that dies twice within 5.5 s.
APART = 6.5 / PROCESSES


@dataclass
class Client:
    """Refreshes without pause and keeps count of what it met."""

    url: str
    refresh: str
    going: threading.Event
    busy: threading.Event
    answered: threading.Event
    successors: set[str] = field(default_factory=set)
    refused: list[str] = field(default_factory=list)
    lost: int = 0

    def __post_init__(self):
        # A connection for each, to whichever worker takes it. Made beforehand: what
        # httpx does for a client alone takes longer than an answer.
        each = httpx.Limits(max_keepalive_connections=0)
        self.http = httpx.Client(limits=each, verify=False, timeout=5)

    def run(self):
        while self.going.is_set():
            self.turn()
            time.sleep(0.05)  # leaves the machine to the workers that start

    def turn(self):
        """One refresh, asked again until it is answered; gives up after 8 s."""
        until = time.monotonic() + 8  # within the grace of ten
        while time.monotonic() < until:
            self.busy.set()
            try:
                answer = self.http.post(
                    f"{self.url}/api/token/refresh/", json={"refresh": self.refresh}
                )
            except httpx.TransportError:
                self.lost += 1
                continue
            if answer.status_code == 200:
                self.refresh = answer.json()["refresh"]
                self.successors.add(self.refresh)
                self.answered.set()
                return
            self.refused.append(f"{answer.status_code} {answer.text[:200]}")
            if answer.status_code < 500:
                self.going.clear()
                return
        self.refused.append("no answer")


def children(pid):
    tasks = Path(f"/proc/{pid}/task/{pid}/children")
    return [int(one) for one in tasks.read_text().split()]


def is_granian(pid):
    return b"authsite.server" in Path(f"/proc/{pid}/cmdline").read_bytes()


def workers(site):
    """The pids of granian's web processes, oldest first."""
    (parent,) = filter(is_granian, children(site.process.pid))
    return sorted(filter(is_granian, children(parent)), key=started)


def started(pid):
    """When a process was started, in ticks since the machine was."""
    return int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[19])


def kill_workers(site, busy, answered, clients):
    """KILLS times the oldest worker: the one that was started longest ago.

    A few more when by chance none of them was at work on an answer. Each time somebody
    was answered since the last one: a busy machine takes seconds to start another.
    """
    killed = set()
    while len(killed) < 3 * KILLS:
        if len(killed) >= KILLS and any(client.lost for client in clients):
            break
        time.sleep(APART)
        assert answered.wait(60), site.log.read_text()[-2000:]
        alive = [pid for pid in workers(site) if pid not in killed]
        assert alive, site.log.read_text()[-2000:]
        busy.clear()
        assert busy.wait(5)
        time.sleep(random.uniform(0, 0.02))
        os.kill(alive[0], signal.SIGKILL)
        killed.add(alive[0])
        answered.clear()
    return killed


@pytest.fixture
def site():
    database = postgres.new_database(os.environ["DATABASE_URL"], "authsite_kills")
    limits = "login=100000/m/ip;token_refresh=1000000/m/ip"
    with server.site(
        database, os.environ["CACHE_URL"], workers=PROCESSES, RATE_LIMITS=limits
    ) as found:
        yield found


def test_nobody_is_signed_out_and_no_family_forks(site):
    going, busy, answered = (threading.Event() for _ in range(3))
    going.set()
    clients = []
    for number in range(CLIENTS):
        email = f"killed-{number}@example.org"
        site.make_person(email, PASSWORD)
        body = {"email": email, "password": PASSWORD}
        pair = httpx.post(f"{site.url}/api/token/", json=body).json()
        clients.append(Client(site.url, pair["refresh"], going, busy, answered))
    threads = [threading.Thread(target=client.run, daemon=True) for client in clients]
    for thread in threads:
        thread.start()
    try:
        killed = kill_workers(site, busy, answered, clients)
        time.sleep(1)
    finally:
        going.clear()
    for thread in threads:
        thread.join(15)
    assert len(killed) >= KILLS
    assert [client.refused for client in clients] == [[]] * CLIENTS
    assert sum(client.lost for client in clients) > 0  # or nothing was put to the test
    rows = site.run(
        "import json\n"
        "from accounts.tokens.models import Family\n"
        "rows = Family.objects.values_list('user__email', 'generation',"
        " 'revoked_reason')\n"
        "print(json.dumps(sorted(rows)))\n"
    )
    assert rows == [
        [f"killed-{number}@example.org", len(client.successors) + 1, ""]
        for number, client in enumerate(clients)
    ]
    for client in clients:  # each goes on
        client.going.set()
        client.turn()
        client.http.close()
        assert client.refused == []
