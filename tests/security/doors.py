"""Every URL of the project, and what knocking on it with a right password does."""

from __future__ import annotations

import ast
import itertools
import json
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.contrib.sessions.models import Session
from django.core.cache import cache
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver
from django.utils.regex_helper import normalize

from accounts.tokens.models import Family

if TYPE_CHECKING:
    from collections.abc import Iterator

SAMPLE = "1"


@dataclass(frozen=True)
class Place:
    """A URL that can be asked for, and the view behind it."""

    path: str
    view: Any

    @property
    def view_class(self) -> Any:
        """The class of a class-based view, or None."""
        return getattr(self.view, "cls", None) or getattr(self.view, "view_class", None)


def places() -> list[Place]:
    """All URLs of the URLconf, with a sample in place of each argument."""
    return list(dict.fromkeys(_walk(get_resolver().url_patterns, "/")))


def _walk(patterns: list[Any], prefix: str) -> Iterator[Place]:
    for pattern in patterns:
        for piece in _samples(pattern):
            path = prefix + piece
            if isinstance(pattern, URLResolver):
                yield from _walk(pattern.url_patterns, path)
            elif isinstance(pattern, URLPattern):
                yield Place(path, pattern.callback)


def _samples(pattern: Any) -> list[str]:
    found = []
    for text, names in normalize(pattern.pattern.regex.pattern):
        found.append(text % dict.fromkeys(names, SAMPLE))
    return [piece.removeprefix("/") for piece in found[:1]]


def signed_in() -> tuple[int, int]:
    """How many sessions somebody is signed in with, and how many families there are."""
    sessions = sum("_auth_user_id" in s.get_decoded() for s in Session.objects.all())
    return sessions, Family.objects.count()


def knock(path: str, email: str, password: str) -> bool:
    """Whether offering these credentials here, in every usual form, lets one in."""
    body = {
        "email": email, "login": email, "username": email, "identifier": email,
        "password": password, "token": password, "key": password,
    }  # fmt: skip
    basic = __import__("base64").b64encode(f"{email}:{password}".encode()).decode()
    ways: list[dict[str, Any]] = [
        {"data": body},
        {"data": json.dumps(body), "content_type": "application/json"},
        {"data": {}, "headers": {"authorization": f"Basic {basic}"}},
    ]
    for way in ways:
        before = signed_in()
        cache.clear()
        Client(SERVER_NAME="localhost", raise_request_exception=False).post(path, **way)
        if signed_in() != before:
            return True
    return False


#: Calls that make a session or a token, or check a password, and who may make them.
GUARDED_CALLS = {
    "login": {"accounts/policy/account_adapter.py"},
    "alogin": set(),
    "authenticate": {
        "accounts/policy/account_adapter.py",
        "accounts/policy/backend.py",
    },
    "aauthenticate": set(),
    "force_login": set(),
    "check_password": set(),
    "record_authentication": {"accounts/policy/account_adapter.py"},
    "for_user": set(),
    "encode_token": set(),
    "signed": {"accounts/tokens/issue.py"},
    "open_family": {"accounts/api/views.py", "accounts/tokens/strategy.py"},
}


def guarded_calls(root: Path | None = None) -> list[str]:
    """Lines of our code that call one of these from where they may not."""
    root = root or Path(settings.BASE_DIR)
    files = itertools.chain(
        (root / "accounts").rglob("*.py"), (root / "authsite").rglob("*.py")
    )
    return [line for file in files for line in _calls_in(file, root)]


def _calls_in(file: Path, root: Path) -> Iterator[str]:
    where = str(file.relative_to(root))
    for node in ast.walk(ast.parse(file.read_text())):
        if isinstance(node, ast.Call):
            name = getattr(node.func, "attr", getattr(node.func, "id", ""))
            if name in GUARDED_CALLS and where not in GUARDED_CALLS[name]:
                yield f"{where}:{node.lineno} calls {name}()"
