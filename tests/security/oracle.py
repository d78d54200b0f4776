"""Where a right password is answered otherwise than a wrong one.

A view that checks passwords by itself tells who guessed right, whatever it then makes
of it: a session, a token of its own, or a word.
"""

from __future__ import annotations

import base64
import json
import re
from typing import TYPE_CHECKING, Any

from django.core.cache import cache
from django.test import Client

if TYPE_CHECKING:
    from collections.abc import Iterator

WRONG = ("wrong horse battery", "other horse battery")
#: What differs between any two answers: CSRF tokens, challenges, ids, moments.
RANDOM = re.compile(rb"[A-Za-z0-9_+/=-]{16,}|[0-9]{2}:[0-9]{2}(:[0-9]{2})?|[0-9.]{10,}")


def tells(path: str, email: str, password: str) -> str:
    """How a URL tells the right password from a wrong one; "" when it does not."""
    # One client for all: each new one creates every middleware again.
    client = Client(SERVER_NAME="localhost", raise_request_exception=False)
    ways = [dict(_ways(email, one)) for one in (WRONG[0], password, WRONG[1])]
    for name in ways[0]:
        wrong, right = (_answer(client, path, way[name]) for way in ways[:2])
        # What differs each time tells nothing of the password.
        if wrong != right and wrong == _answer(client, path, ways[2][name]):
            return name
    return ""


def _ways(email: str, password: str) -> Iterator[tuple[str, dict[str, Any]]]:
    names = ("email", "username", "login")
    bodies = {"all": dict.fromkeys(names, email)} | {one: {one: email} for one in names}
    for name, body in bodies.items():
        given = {**body, "password": password}
        yield f"a form with {name}", {"data": given}
        text = json.dumps(given)
        kind = {"content_type": "application/json"}
        yield f"JSON with {name}", {"data": text, **kind}
    basic = base64.b64encode(f"{email}:{password}".encode()).decode()
    headers = {"headers": {"authorization": f"Basic {basic}"}}
    yield "HTTP Basic, POST", headers
    yield "HTTP Basic, GET", {**headers, "method": "GET"}
    query = {"data": {**bodies["all"], "password": password}, "method": "GET"}
    yield "a query", query


def _answer(client: Client, path: str, way: dict[str, Any]) -> tuple[Any, ...]:
    cache.clear()
    client.cookies.clear()
    method = way.get("method", "POST").lower()
    given = {key: value for key, value in way.items() if key != "method"}
    answer = getattr(client, method)(path, **given)
    body = b"".join(answer) if answer.streaming else answer.content
    return (
        answer.status_code,
        RANDOM.sub(b"*", body),
        sorted(answer.cookies),
        sorted(answer.headers.keys() - {"Retry-After"}),
        answer.headers.get("Location", ""),
    )
