"""Slow requests: they wait for each other, and other requests do not wait for them.

A password hash takes twenty times as long as most answers, and a call to a provider
that hangs takes a thousand times as long. In one queue with everything else, a flood of
either would hold up every other request for as long as it lasts.
"""

from __future__ import annotations

import asyncio
import re
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

from authsite.bodies import Gone

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable

    Receive = Callable[[], Awaitable[Any]]

QUEUE_SECONDS = 2.0  # of work that may wait; a client does not wait for much longer
QUEUE_LEAST = 32  # requests that may wait for a hash, however long one takes
CALLS_LEAST = 4  # the same for calls to providers: one may take several seconds
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


#: Where a sign-in by a provider begins, where it comes back, and both for apps.
CALLS = re.compile(
    r"/accounts/[^/]+(?:/[^/]+)?/login/(?:callback/)?"
    r"|/_allauth/[^/]+/v1/auth/provider/(?:redirect|token)"
)


class Lane:
    """At most `width` requests run at once, and a bounded number waits for them.

    On the event loop alone.
    """

    def __init__(self, width: int, least: int, seconds: float) -> None:
        """`least` requests may always wait; one takes about `seconds` at first."""
        self.width, self.least = width, least
        self.seconds = seconds  # running mean of one request
        self.waiting = 0
        self._free = asyncio.Semaphore(width)

    def is_full(self) -> bool:
        """Whether so much waits that another would wait too long."""
        worth = self.waiting * self.seconds / self.width
        return self.waiting >= self.least and worth >= QUEUE_SECONDS

    @asynccontextmanager
    async def turn(self, receive: Receive) -> AsyncIterator[None]:
        """Wait for a place, and hold it. Raises Gone when the client leaves first.

        `receive` is ASGI's, after the whole request has been received.
        """
        self.waiting += 1
        try:
            await self._acquire(receive)
        finally:
            self.waiting -= 1
        loop = asyncio.get_running_loop()
        began = loop.time()
        try:
            yield
        finally:
            self.seconds += 0.1 * (loop.time() - began - self.seconds)
            self._free.release()

    async def _acquire(self, receive: Receive) -> None:
        if not self._free.locked():
            await self._free.acquire()
            return
        place = asyncio.ensure_future(self._free.acquire())
        leaving = asyncio.ensure_future(_left(receive))
        stays = False
        try:
            await asyncio.wait({place, leaving}, return_when=asyncio.FIRST_COMPLETED)
            stays = not leaving.done()
        finally:
            leaving.cancel()
            if not stays and not place.cancel():
                self._free.release()  # the place came at the same moment
        if not stays:
            raise Gone


async def _left(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


class HashLane(Lane):
    """Requests that hash passwords.

    Which they are is learned: what has hashed before will hash again.
    """

    def __init__(self, width: int) -> None:
        super().__init__(width, QUEUE_LEAST, seconds=0.06)
        self._known = set(SIGN_IN)

    def takes(self, environ: dict[str, Any]) -> bool:
        """Whether a request belongs here."""
        return _place(environ) in self._known

    def learn(self, environ: dict[str, Any]) -> None:
        """A request to this method and path has hashed."""
        if len(self._known) < PATHS:
            self._known.add(_place(environ))


class CallLane(Lane):
    """Requests whose thread may wait for a provider's answer."""

    def __init__(self, width: int) -> None:
        super().__init__(width, CALLS_LEAST, seconds=0.5)

    def takes(self, environ: dict[str, Any]) -> bool:
        """Whether a request belongs here."""
        return CALLS.fullmatch(environ["PATH_INFO"]) is not None


def _place(environ: dict[str, Any]) -> tuple[str, str]:
    return environ["REQUEST_METHOD"], environ["PATH_INFO"]
