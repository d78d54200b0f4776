"""Whether the time of an answer tells who has an account: medians of 200 each.

In turns and in any order, so that a busy moment meets all kinds alike. The bound that
we set ourselves: each kind's median within 0.95 and 1.05 of the unknown address's.
"""

from __future__ import annotations

import os
import random
import re
import statistics
import sys
import time
from itertools import count

import httpx

import tests.services.environment  # noqa: F401 - sets the environment up
from tests.services import postgres, server

TURNS = 200
PASSWORD = "correct horse battery"
LIMITS = ";".join(
    f"{name}=" for name in ("login", "login_failed", "signup", "reset_password")
)
#: Kinds of addresses, and the fields of their people; None: there is nobody.
KINDS = {
    "unknown": None,
    "ordinary": {},
    "disabled": {"is_active": False},
    "no password": {"password": None},
}
TOKEN = re.compile(r'name="csrfmiddlewaretoken" value="([^"]+)"')


def page(client: httpx.Client, path: str, **fields: str) -> float:
    """Seconds that a form took; its page is fetched before the clock starts."""
    found = TOKEN.search(client.get(path).text)
    assert found
    data = {"csrfmiddlewaretoken": found.group(1), **fields}
    began = time.perf_counter()
    answer = client.post(path, data=data)
    taken = time.perf_counter() - began
    assert answer.status_code in {200, 302}, answer.status_code
    return taken


def call(client: httpx.Client, path: str, **body: str) -> float:
    """Seconds that a call took."""
    began = time.perf_counter()
    answer = client.post(path, json=body)
    taken = time.perf_counter() - began
    assert answer.status_code in {200, 401}, answer.text
    return taken


DOORS = {
    "sign-in, form": lambda c, email: page(
        c, "/accounts/login/", login=email, password="wrong horse"
    ),
    "sign-in, API": lambda c, email: call(
        c, "/api/token/", email=email, password="wrong horse"
    ),
    "reset, form": lambda c, email: page(c, "/accounts/password/reset/", email=email),
    "sign-up, form": lambda c, email: page(
        c, "/accounts/signup/", email=email, password1=PASSWORD
    ),
    "sign-up, API": lambda c, email: call(
        c, "/_allauth/app/v1/auth/signup", email=email, password=PASSWORD
    ),
    "code, API": lambda c, email: call(
        c, "/_allauth/app/v1/auth/code/request", email=email
    ),
}


def main() -> None:
    """Print each door's medians, and their ratio to the unknown address's."""
    database = postgres.new_database(os.environ["DATABASE_URL"], "authsite_enumerate")
    with server.site(
        database,
        os.environ["CACHE_URL"],
        workers=1,
        RATE_LIMITS=f"{LIMITS};confirm_email=",
        LOGIN_BY_CODE="true",
    ) as site:
        for kind, fields in KINDS.items():
            if fields is not None:
                person = {"password": PASSWORD, **fields}
                site.make_person(address(kind), **person)
        fresh = count()
        for door, knock in DOORS.items():
            times: dict[str, list[float]] = {kind: [] for kind in KINDS}
            for _ in range(TURNS):
                for kind in random.sample(sorted(KINDS), len(KINDS)):
                    email = address(kind)
                    if kind == "unknown":  # limits count by address
                        email = f"nobody-{next(fresh)}@example.org"
                    with httpx.Client(base_url=site.url, timeout=30) as client:
                        times[kind].append(knock(client, email))
            medians = {kind: statistics.median(found) for kind, found in times.items()}
            told = "  ".join(
                f"{kind} {median * 1000:6.1f} ms ({median / medians['unknown']:.3f})"
                for kind, median in medians.items()
            )
            sys.stdout.write(f"{door:16}{told}\n")


def address(kind: str) -> str:
    """The address of the one person of a kind."""
    return f"{kind.replace(' ', '-')}@example.org"


if __name__ == "__main__":
    main()
