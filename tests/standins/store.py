"""What a stand-in remembers, in memory: clients, requests under way, codes, tokens."""

from __future__ import annotations

import secrets
import threading
import time
from dataclasses import dataclass
from typing import Generic, TypeVar

Thing = TypeVar("Thing")


@dataclass(frozen=True)
class Client:
    """A site, as registered."""

    client_id: str
    secret: str
    redirect_uris: list[str]


@dataclass(frozen=True)
class Person:
    """Somebody with an account at the provider."""

    sub: str
    name: str
    email: str
    verified: bool = True


@dataclass(frozen=True)
class Asked:
    """An authorisation request, while its page is shown."""

    client: Client
    redirect_uri: str
    state: str
    scope: str
    nonce: str
    challenge: str


@dataclass(frozen=True)
class Grant:
    """What a code or an access token stands for."""

    asked: Asked
    person: Person
    misfortune: str


class Shelf(Generic[Thing]):
    """Things under random names, for a time."""

    def __init__(self, seconds: float, prefix: str = "") -> None:
        self.seconds, self.prefix = seconds, prefix
        self._things: dict[str, tuple[Thing, float]] = {}
        self._lock = threading.Lock()

    def put(self, thing: Thing, name: str = "") -> str:
        """Its name, a random one unless given."""
        name = name or self.prefix + secrets.token_urlsafe(24)
        with self._lock:
            self._things[name] = (thing, time.monotonic() + self.seconds)
        return name

    def get(self, name: str) -> Thing | None:
        """The thing, when it is there and not too old."""
        with self._lock:
            thing, until = self._things.get(name, (None, 0.0))
        return thing if time.monotonic() < until else None

    def take(self, name: str) -> Thing | None:
        """The same, once: it is gone then."""
        with self._lock:
            thing, until = self._things.pop(name, (None, 0.0))
        return thing if time.monotonic() < until else None

    def drop(self, wanted: Thing) -> None:
        """Forget whatever is this very thing."""
        with self._lock:
            for name in [
                n for n, (thing, _) in self._things.items() if thing is wanted
            ]:
                del self._things[name]
