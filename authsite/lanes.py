"""Requests that hash passwords: they wait for each other, and others do not for them.

A hash takes twenty times as long as most answers. In one queue with everything else, a
flood of sign-ins would hold up every other call for as long as it lasts.
"""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

QUEUE_SECONDS = 2.0  # of work that may wait; a client does not wait for much longer
QUEUE_LEAST = 32  # requests that may wait, however long one takes
PATHS = 64  # at most so many are remembered
#: Known from the start: a process that begins in a flood could learn too late.
SIGN_IN = frozenset(
    {
        ("POST", "/accounts/login/"),
        ("POST", "/api/token/"),
        ("POST", "/_allauth/app/v1/auth/login"),
        ("POST", "/_allauth/browser/v1/auth/login"),
    }
)


class HashLane:
    """At most `width` such requests run at once, a bounded number waits for them.

    Which they are is learned: what has hashed before will hash again. On the event
    loop alone.
    """

    def __init__(self, width: int) -> None:
        self.width = width
        self.waiting = 0
        self.seconds = 0.06  # running mean of one request
        self._free = asyncio.Semaphore(width)
        self._known = set(SIGN_IN)

    def takes(self, environ: dict[str, Any]) -> bool:
        """Whether a request belongs here."""
        return _place(environ) in self._known

    def learn(self, environ: dict[str, Any]) -> None:
        """A request to this method and path has hashed."""
        if len(self._known) < PATHS:
            self._known.add(_place(environ))

    def is_full(self) -> bool:
        """Whether so much waits that another would wait too long."""
        worth = self.waiting * self.seconds / self.width
        return self.waiting >= QUEUE_LEAST and worth >= QUEUE_SECONDS

    @asynccontextmanager
    async def turn(self) -> AsyncIterator[None]:
        """Wait for a place, and hold it."""
        self.waiting += 1
        try:
            await self._free.acquire()
        finally:
            self.waiting -= 1
        loop = asyncio.get_running_loop()
        began = loop.time()
        try:
            yield
        finally:
            self.seconds += 0.1 * (loop.time() - began - self.seconds)
            self._free.release()


def _place(environ: dict[str, Any]) -> tuple[str, str]:
    return environ["REQUEST_METHOD"], environ["PATH_INFO"]
