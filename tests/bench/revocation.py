"""How long a revocation takes: in our own processes, and at each verifier.

The time from the answer to the revocation until the last request that still let the
token in, with one question every 10 ms. Nobody is asked per request, so what is seen
is the age of lists: ours is read at most every second, theirs polled every second.
"""

from __future__ import annotations

import contextlib
import os
import statistics
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx

from tests.examples import node_services, python_services
from tests.services import postgres, server

TURNS = 100
WATCHED = 2.2  # seconds after each revocation
PAUSE = 0.01
PASSWORD = "correct horse battery"
EMAIL = "bench@example.org"


def last_let_in(url: str, access: str, began: float) -> float:
    """Seconds from `began` to the last question that was answered 200."""
    last = 0.0
    headers = {"Authorization": f"Bearer {access}", "Connection": "close"}
    while (asked := time.perf_counter() - began) < WATCHED:
        if httpx.get(url, headers=headers, timeout=10).status_code == 200:
            last = asked
        time.sleep(PAUSE)
    return last


def main() -> None:
    """Print p50 and p99 for each place."""
    database = postgres.new_database(os.environ["DATABASE_URL"], "authsite_revoke")
    limits = "login=100000/m/ip;token_refresh=100000/m/ip"
    with contextlib.ExitStack() as stack:
        site = stack.enter_context(
            server.site(
                database, os.environ["CACHE_URL"], workers=2, RATE_LIMITS=limits
            )
        )
        site.make_person(EMAIL, PASSWORD)
        made = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        starters = {
            "FastAPI": python_services.install("fastapi_service").running,
            "Django": python_services.install("drf_service").running,
            "Node": node_services.install(made).running,
        }
        places = {"Authsite, 2 processes": f"{site.url}/api/protected-route/"}
        for name, start in starters.items():
            url = stack.enter_context(start(site.url, site.url))
            places[f"{name} verifier"] = f"{url}/protected-route"
        found = measure(site.url, places)
    sys.stdout.write(f"until a revoked token is let in no more, {TURNS} times\n")
    for name, times in found.items():
        p50, p99 = statistics.median(times), sorted(times)[len(times) * 99 // 100 - 1]
        sys.stdout.write(f"{name:24} p50 {p50:5.2f} s  p99 {p99:5.2f} s\n")


def measure(site: str, places: dict[str, str]) -> dict[str, list[float]]:
    """The times of each place, over TURNS sign-ins that are revoked."""
    found: dict[str, list[float]] = {name: [] for name in places}
    body = {"email": EMAIL, "password": PASSWORD}
    with ThreadPoolExecutor(len(places)) as pool:
        for _ in range(TURNS):
            pair = httpx.post(f"{site}/api/token/", json=body).json()
            bearer = {"Authorization": f"Bearer {pair['access']}"}
            for url in places.values():
                answer = httpx.get(url, headers=bearer, timeout=10)
                assert answer.status_code == 200, answer.text
            httpx.post(f"{site}/api/token/revoke/", json={"refresh": pair["refresh"]})
            began = time.perf_counter()
            running = {
                name: pool.submit(last_let_in, url, pair["access"], began)
                for name, url in places.items()
            }
            for name, one in running.items():
                found[name].append(one.result())
    return found


if __name__ == "__main__":
    import tests.services.environment  # noqa: F401 - sets the environment up

    main()
