"""`make bench`: rates and times of the real server on PostgreSQL and Valkey.

Each figure is taken in turns with what it is compared to, in one run, on one machine:
the ratios mean something elsewhere, the figures do not.
"""

from __future__ import annotations

import contextlib
import itertools
import os
import statistics
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import httpx

import tests.services.environment  # noqa: F401 - sets the environment up
from tests.bench import addresses, enumeration, pages, revocation
from tests.services import postgres, server

SECONDS = 3
ROUNDS = 3
PASSWORD = "correct horse battery"
EMAIL = "bench{}@example.org"
LIMITS = "login=1000000/m/ip;login_failed=1000000/m/ip;token_refresh=1000000/m/ip"
PEOPLE = 32  # one for each client: attempts under way count against a person's limit


def repeat(threads, make_call):
    """Call without end in so many threads, for SECONDS; returns how long, and times."""
    times, stop = [], threading.Event()

    def work(_):
        with make_call() as call:
            while not stop.is_set():
                began = time.perf_counter()
                call()
                times.append(time.perf_counter() - began)

    with ThreadPoolExecutor(threads) as pool:
        began = time.perf_counter()
        running = [pool.submit(work, number) for number in range(threads)]
        time.sleep(SECONDS)
        stop.set()
        for one in running:
            one.result()
    return time.perf_counter() - began, times


def rate(call, clients):
    """Successes a second of call(client) by so many clients, and the median ms."""

    @contextlib.contextmanager
    def make_call():
        with httpx.Client(timeout=30) as client:
            yield lambda: call(client)

    taken, times = repeat(clients, make_call)
    return len(times) / taken, statistics.median(times) * 1000


def raw_hashes():
    """Argon2id at our parameters, on every core: the limit of signing in."""
    from argon2 import PasswordHasher

    hasher = PasswordHasher(time_cost=2, memory_cost=19_456, parallelism=1)
    known = hasher.hash(PASSWORD)
    verify = contextlib.nullcontext(lambda: hasher.verify(known, PASSWORD))
    taken, times = repeat(os.cpu_count() or 1, lambda: verify)
    return len(times) / taken


def main() -> None:
    """Print a table."""
    database = postgres.new_database(os.environ["DATABASE_URL"], "authsite_bench")
    with server.site(
        database, os.environ["CACHE_URL"], workers=2, RATE_LIMITS=LIMITS
    ) as site:
        for number in range(PEOPLE):
            site.make_person(EMAIL.format(number), PASSWORD)
        local, numbers = threading.local(), itertools.count()

        def sign_in(client):
            if not hasattr(local, "email"):
                local.email = EMAIL.format(next(numbers) % PEOPLE)
            body = {"email": local.email, "password": PASSWORD}
            answer = client.post(f"{site.url}/api/token/", json=body)
            assert answer.status_code == httpx.codes.OK, answer.text
            return answer.json()

        with httpx.Client() as client:
            access = sign_in(client)["access"]
        bearer = {"Authorization": f"Bearer {access}"}

        def refresh(client):
            token = getattr(local, "token", None) or sign_in(client)["refresh"]
            url = f"{site.url}/api/token/refresh/"
            answer = client.post(url, json={"refresh": token})
            local.token = answer.json()["refresh"]

        calls = {
            "sign-in, 1 client": (sign_in, 1),
            "sign-in, 8 clients": (sign_in, 8),
            "sign-in, 32 clients": (sign_in, 32),
            "refresh, 8 clients": (refresh, 8),
            "protected, 8 clients": (
                lambda c: c.get(f"{site.url}/api/protected-route/", headers=bearer),
                8,
            ),
            "login page, 8 clients": (
                lambda c: c.get(f"{site.url}/accounts/login/"),
                8,
            ),
        }
        limits, found = [], {name: [] for name in calls}
        for _ in range(ROUNDS):
            limits.append(raw_hashes())
            for name, (call, clients) in calls.items():
                found[name].append(rate(call, clients))
    limit = statistics.median(limits)
    sys.stdout.write(f"{'raw hashes, all cores':24}{limit:9.1f} /s\n")
    for name, rounds in found.items():
        per_second = statistics.median(one[0] for one in rounds)
        median = statistics.median(one[1] for one in rounds)
        line = f"{name:24}{per_second:9.1f} /s  median {median:7.1f} ms"
        if name.startswith("sign-in"):
            line += f"  {per_second / limit:.2f} of the limit"
        sys.stdout.write(line + "\n")
    sys.stdout.write(
        "The client is Python on the same cores: above about 1000 /s it is the limit.\n"
    )


if __name__ == "__main__":
    main()
    revocation.main()
    enumeration.main()
    addresses.main()
    pages.main()
