"""Every URL of the project, and what knocking on it with a right password does."""

from __future__ import annotations

import base64
import json
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.contrib.sessions.models import Session
from django.core.cache import cache
from django.test import Client
from django.urls import (
    Resolver404,
    URLPattern,
    URLResolver,
    get_resolver,
    resolve,
)
from django.utils.regex_helper import normalize

from accounts.audit.models import Action, Event
from accounts.tokens.models import Family

if TYPE_CHECKING:
    from collections.abc import Iterator

#: Tried in this order, by what an argument's converter or the whole pattern accepts.
SAMPLES = ("1", "00000000-0000-4000-8000-000000000001", "a", "2026-01-01", ".json")
FORMAT = "json"  # DRF's format suffixes: another one is 404 before anybody is asked


@dataclass(frozen=True)
class Place:
    """A URL that can be asked for, and the view behind it."""

    path: str
    view: Any

    @property
    def view_class(self) -> Any:
        """The class of a class-based view, or None."""
        return getattr(self.view, "cls", None) or getattr(self.view, "view_class", None)

    @property
    def is_found(self) -> bool:
        """Whether the URL leads to some view at all."""
        try:
            resolve(self.path)
        except Resolver404:
            return False
        return True


def places() -> list[Place]:
    """All URLs of the URLconf, with a sample in place of each argument."""
    return list(dict.fromkeys(_walk(get_resolver().url_patterns, "/")))


def _walk(patterns: list[Any], prefix: str) -> Iterator[Place]:
    for pattern in patterns:
        for piece in _pieces(pattern.pattern):
            path = prefix + piece
            if isinstance(pattern, URLResolver):
                yield from _walk(pattern.url_patterns, path)
            elif isinstance(pattern, URLPattern):
                yield Place(path, pattern.callback)


def _pieces(pattern: Any) -> list[str]:
    [(text, names), *_] = normalize(pattern.regex.pattern)
    if not names:
        return [text.removeprefix("/")]
    for sample in (*SAMPLES, *_alternatives(pattern.regex.pattern)):
        filled = {name: _sample(pattern, name, sample) for name in names}
        piece = (text % filled).removeprefix("/")
        if pattern.match(piece):
            return [piece]
    msg = f"No sample fits {pattern}: add one to SAMPLES in tests/security/doors.py."
    raise AssertionError(msg)


def _alternatives(regex: str) -> list[str]:
    """What a group that lists words, such as (?P<app>accounts|audit), accepts."""
    groups = re.findall(r"\(\?P<\w+>([\w|-]+)\)", regex)
    return [word for group in groups for word in group.split("|")]


def _sample(pattern: Any, name: str, otherwise: str) -> str:
    converter = pattern.converters.get(name)
    if converter is None:
        return FORMAT if name == "format" else otherwise
    fitting = (one for one in SAMPLES if re.fullmatch(converter.regex, one))
    return next(fitting, otherwise)


def signed_in() -> tuple[int, int, int]:
    """Sessions that sign somebody in, families, and sessions that were refused."""
    sessions = sum("_auth_user_id" in s.get_decoded() for s in Session.objects.all())
    refused = Event.objects.filter(action=Action.SESSION_REFUSED).count()
    return sessions, Family.objects.count(), refused


def knock(path: str, email: str, password: str) -> bool:
    """Whether offering these credentials here, in every usual form, lets one in.

    Or tried to: a session that was refused as not made by the pipeline counts too.
    """
    body = {
        "email": email, "login": email, "username": email, "identifier": email,
        "password": password, "token": password, "key": password,
    }  # fmt: skip
    basic = base64.b64encode(f"{email}:{password}".encode()).decode()
    ways: list[dict[str, Any]] = [
        {"data": body},
        {"data": json.dumps(body), "content_type": "application/json"},
        {"data": {}, "headers": {"authorization": f"Basic {basic}"}},
    ]
    client = Client(SERVER_NAME="localhost", raise_request_exception=False)
    for way in ways:
        before = signed_in()
        cache.clear()
        client.cookies.clear()
        client.post(path, **way)
        if signed_in() != before:
            return True
    return False
