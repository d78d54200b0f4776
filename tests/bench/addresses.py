"""Whether the time of an answer to a typed address tells that it has an account.

Pairs of an address with and one without, in turns, the order by chance. Told is the
ratio of the medians with its 95 % interval (bootstrap): the bound that we set ourselves
is 0.95 to 1.05. BENCH_PAIRS=40 has a quick look.
"""

from __future__ import annotations

import os
import random
import statistics
import sys
import time
from itertools import count
from typing import TYPE_CHECKING

import httpx

import tests.services.environment  # noqa: F401 - sets the environment up
from tests.bench.enumeration import PASSWORD, TOKEN
from tests.services import postgres, server

if TYPE_CHECKING:
    from collections.abc import Callable

PAIRS = int(os.environ.get("BENCH_PAIRS", "400"))
KNOWN, MYSELF = "known@example.org", "myself@example.org"
OFF = ("login", "login_failed", "signup", "reset_password", "confirm_email",
       "manage_email")  # fmt: skip
HEADLESS = "/_allauth/browser/v1"
#: Sessions in which a provider told of somebody, without an address.
ASKED = """
import json
from allauth.socialaccount.adapter import get_adapter
from allauth.socialaccount.models import SocialAccount, SocialLogin
from accounts.models import User
from accounts.policy.sessions import session_store
provider = get_adapter().get_provider(None, "google")
keys = []
for number in range(%d):
    told = SocialLogin(user=User(), provider=provider,
        account=SocialAccount(provider="google", uid=f"bench-{number}"))
    session = session_store()
    session["socialaccount_sociallogin"] = told.serialize()
    session.save()
    keys.append(session.session_key)

print(json.dumps(keys))
"""
Send = "Callable[[httpx.Client, str], Callable[[], httpx.Response]]"


def by_page(path: str, look: str = "", **more: str) -> Send:
    """A form; its page is fetched before the clock starts."""

    def prepare(client: httpx.Client, email: str) -> Callable[[], httpx.Response]:
        found = TOKEN.search(client.get(look or path).text)
        assert found
        data = {"csrfmiddlewaretoken": found.group(1), "email": email, **more}
        return lambda: client.post(path, data=data)

    return prepare


def by_call(path: str, **more: str) -> Send:
    """A call of a browser's script, with its token."""

    def prepare(client: httpx.Client, email: str) -> Callable[[], httpx.Response]:
        body = {"email": email, **more}
        return lambda: client.post(HEADLESS + path, json=body, headers=csrf(client))

    return prepare


def csrf(client: httpx.Client) -> dict[str, str]:
    """The header that a script must send."""
    if "csrftoken" not in client.cookies:
        client.get(f"{HEADLESS}/config")
    return {"X-CSRFToken": client.cookies["csrftoken"]}


def after_sign_up(send: Send) -> Send:
    """The same in a browser in which a sign-up waits for its code."""

    def prepare(client: httpx.Client, email: str) -> Callable[[], httpx.Response]:
        by_call("/auth/signup", password=PASSWORD)(client, email)()
        return send(client, email)

    return prepare


def signed_in(send: Send) -> Send:
    """The same for somebody who is signed in."""

    def prepare(client: httpx.Client, email: str) -> Callable[[], httpx.Response]:
        by_call("/auth/login", password=PASSWORD)(client, MYSELF)()
        return send(client, email)

    return prepare


def asked(keys: list[str], send: Send) -> Send:
    """The same for somebody whom a provider told of."""

    def prepare(client: httpx.Client, email: str) -> Callable[[], httpx.Response]:
        client.cookies.set("sessionid", keys.pop())
        return send(client, email)

    return prepare


def doors(site: server.Site) -> dict[str, Send]:
    """All that works on an address that somebody typed, page and call."""
    keys = site.run(ASKED % (4 * PAIRS))
    again, third = "/accounts/confirm-email/", "/accounts/3rdparty/signup/"
    return {
        "sign-up, page": by_page("/accounts/signup/", password1=PASSWORD),
        "sign-up, call": by_call("/auth/signup", password=PASSWORD),
        "send again, page": after_sign_up(by_page(again, action="resend")),
        "send again, call": after_sign_up(by_call("/auth/email/verify/resend")),
        "reset, page": by_page("/accounts/password/reset/"),
        "reset, call": by_call("/auth/password/request"),
        "code, page": by_page("/accounts/login/code/"),
        "code, call": by_call("/auth/code/request"),
        "add, page": signed_in(by_page("/accounts/email/", action_add="")),
        "add, call": signed_in(by_call("/account/email")),
        "provider, page": asked(keys, by_page(third)),
        "provider, call": asked(keys, by_call("/auth/provider/signup")),
    }


def interval(known: list[float], unknown: list[float]) -> tuple[float, float, float]:
    """The ratio of the medians, and its 95 % interval."""

    def ratio(one: list[float], other: list[float]) -> float:
        return statistics.median(one) / statistics.median(other)

    drawn = sorted(
        ratio(
            random.choices(known, k=len(known)), random.choices(unknown, k=len(known))
        )
        for _ in range(2000)
    )
    return ratio(known, unknown), drawn[50], drawn[-51]


def main() -> None:
    """Print each door's medians and their ratio."""
    database = postgres.new_database(os.environ["DATABASE_URL"], "authsite_addresses")
    with server.site(
        database,
        os.environ["CACHE_URL"],
        workers=1,
        RATE_LIMITS=";".join(f"{name}=" for name in OFF),
        LOGIN_BY_CODE="true",
        GOOGLE_CLIENT_ID="bench",
        GOOGLE_CLIENT_SECRET="bench",
    ) as site:
        for email in (KNOWN, MYSELF):
            site.make_person(email, PASSWORD)
        fresh = count()
        for door, prepare in doors(site).items():
            times: dict[bool, list[float]] = {True: [], False: []}
            for _ in range(PAIRS):
                for is_known in random.sample((True, False), 2):
                    email = KNOWN if is_known else f"new-{next(fresh)}@example.org"
                    with httpx.Client(base_url=site.url, timeout=30) as client:
                        send = prepare(client, email)
                        began = time.perf_counter()
                        answer = send()
                        times[is_known].append(time.perf_counter() - began)
                    assert answer.status_code in {200, 302, 401}, answer.text[:500]
            ratio, low, high = interval(times[True], times[False])
            known, unknown = (statistics.median(times[one]) * 1000 for one in times)
            sys.stdout.write(
                f"{door:18}known {known:6.1f} ms  unknown {unknown:6.1f} ms  "
                f"{ratio:.3f} ({low:.3f} to {high:.3f})\n"
            )
            sys.stdout.flush()


if __name__ == "__main__":
    main()
