"""An issuer, a verifier that believes it, and the time of both in the hand.

Run by an example's Python. The issuer is a StandIn behind httpx's own mock transport;
the background thread turns fifty times as fast.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import threading
import time
import traceback

import authsite_verifier.verifier
import httpx
from authsite_verifier import AccessError, Clock, Settings, Verifier
from stand_in import AUDIENCE, JWKS, REVOCATIONS, StandIn

authsite_verifier.verifier.POLL = 0.02


class World:
    """An issuer, a verifier that believes it, and the time of both."""

    def __init__(self, **environment):
        self.issuer = StandIn()
        self.issuer.url = "https://id.example"
        self.monotonic, self.later = 1000.0, 0.0
        self.delay = self.passes = 0.0  # real seconds, and seconds of the clock
        self.instead = {}  # path: what makes another answer
        told = {"AUTH_ISSUER": self.issuer.url, "AUTH_AUDIENCE": AUDIENCE}
        self.verifier = Verifier(
            Settings.read({**told, **environment}, name="scenarios"),
            clock=Clock(lambda: time.time() + self.later, lambda: self.monotonic),
            transport=httpx.MockTransport(self.answer),
        )

    async def answer(self, request):
        issuer, path = self.issuer, request.url.path
        if self.delay:
            await asyncio.sleep(self.delay)
        self.monotonic += self.passes
        if path in issuer.down:
            raise httpx.ConnectError("away")
        if path in self.instead:
            issuer.seen.append((path, 200))
            return self.instead[path]()
        body, headers = issuer.answer(path)
        same = request.headers.get("if-none-match") == headers["ETag"]
        status, content = (304, b"") if same else (200, body)
        issuer.seen.append((path, status))
        return httpx.Response(status, headers=headers, content=content)

    def fetched(self):
        return sum(path == JWKS for path, _ in self.issuer.seen)

    def polls(self, number):
        """Wait until the list was asked for so many times more."""
        first = len([1 for path, _ in self.issuer.seen if path == REVOCATIONS])
        until(
            lambda: (
                len([1 for path, _ in self.issuer.seen if path == REVOCATIONS])
                >= first + number
            )
        )

    def code(self, token):
        try:
            self.verifier.verify(token)
        except AccessError as error:
            return error.code
        return "ok"


def until(what, seconds=5):
    deadline = time.monotonic() + seconds
    while not what():
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.005)


def raises(kind, call, *arguments):
    try:
        call(*arguments)
    except kind as error:
        return error
    raise AssertionError(f"{kind.__name__} was not raised")


def sid_of(world, token):
    return world.verifier.verify(token)["sid"]


def at_once(call, values):
    found = [None] * len(values)

    def one(place, value):
        found[place] = call(value)

    threads = [threading.Thread(target=one, args=pair) for pair in enumerate(values)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return found


class Drip(httpx.AsyncByteStream):
    """One byte now and then, without end: no read of it ever takes long."""

    async def __aiter__(self):
        while True:
            await asyncio.sleep(0.01)
            yield b"x"


def main(scenarios):
    """Prints {name of a scenario: None, or what went wrong}.

    A scenario is a function whose one argument is `world`.
    """
    told = {}
    for name, scenario in scenarios.items():
        code = getattr(scenario, "__code__", None)
        if code is None or code.co_varnames[: code.co_argcount] != ("world",):
            continue
        world, told[name] = World(), None
        try:
            scenario(world)
        except Exception:  # noqa: BLE001 - told to whoever reads, whatever it is
            told[name] = traceback.format_exc(limit=-3)
        with contextlib.suppress(Exception):
            world.verifier.stop()
    print(json.dumps(told))
