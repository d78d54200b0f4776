"""The issuer's keys in memory: fetched seldom, kept through an outage."""

from __future__ import annotations

import asyncio
import logging
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import httpx

from authsite_verifier import fetch
from authsite_verifier.errors import Unavailable
from authsite_verifier.jwk import Keys, read_keys
from authsite_verifier.proven import Proven

if TYPE_CHECKING:
    from authsite_verifier.clock import Clock
    from authsite_verifier.jwk import Key

log = logging.getLogger(__name__)

MAX_AGE = 300.0
MAX_STALE = 86_400.0
COOLDOWN = 10.0
TIMEOUT = 3.0
MAX_BYTES = 65_536


@dataclass(frozen=True, slots=True)
class KeySet:
    """What one fetch brought; `proven` lives as long as the keys stay the same."""

    keys: Keys
    fetched_at: float
    fresh_until: float
    proven: Proven = field(default_factory=Proven, compare=False)


class Jwks:
    """The keys behind one URL; ages in seconds, monotonic.

    `refresh` runs on the one thread that fetches; the rest may be called from any:
    state is replaced, never changed. Fetches are never two at once and never two
    within COOLDOWN, so that invented tokens cannot be turned on the issuer. While they
    fail the last good keys serve on, up to MAX_STALE.
    """

    def __init__(self, url: str, clock: Clock) -> None:
        self._url, self._clock = url, clock
        self._set: KeySet | None = None
        self._tried_at: float | None = None
        self._failing = False
        self.open()

    def open(self) -> None:
        """Before each start: the lock belongs to one event loop."""
        self._one_at_a_time = asyncio.Lock()

    def current(self) -> KeySet | None:
        """The keys as they are known, None without any that may still be trusted."""
        known, now = self._set, self._clock.monotonic()
        if known is None or not known.keys or now - known.fetched_at > MAX_STALE:
            return None
        return known

    def find(self, kid: str) -> Key | None:
        """The key of this name, of whatever age; None when it is not known."""
        return self._set.keys.get(kid) if self._set else None

    @property
    def is_failing(self) -> bool:
        """Whether the last fetch failed: a key not known may then be a new one."""
        return self._failing

    def may_learn(self) -> bool:
        """Whether a fetch runs or may begin: worth waiting for."""
        return self._one_at_a_time.locked() or not self._cools_down()

    def unavailable(self, text: str) -> Unavailable:
        """The error to raise, with the time until the next fetch."""
        now = self._clock.monotonic()
        tried_at = now - COOLDOWN if self._tried_at is None else self._tried_at
        return Unavailable(text, max(1, round(tried_at + COOLDOWN - now)))

    async def refresh(self, http: httpx.AsyncClient, kid: str | None = None) -> None:
        """Fetch when keys are old, or when `kid` is not among them; never fails."""
        async with self._one_at_a_time:
            if self._is_answered(kid) or self._cools_down():
                return
            self._tried_at, self._failing = self._clock.monotonic(), True
            try:
                self._set = await self._fetch(http)
            except (
                httpx.HTTPError, httpx.InvalidURL, ValueError, TimeoutError
            ) as error:  # fmt: skip
                log.warning("JWKS not fetched from %s: %r", self._url, error)
            else:
                self._failing = False

    def _is_answered(self, kid: str | None) -> bool:
        if kid is not None:
            return self.find(kid) is not None
        return self._set is not None and self._clock.monotonic() < self._set.fresh_until

    def _cools_down(self) -> bool:
        now = self._clock.monotonic()
        return self._tried_at is not None and now - self._tried_at < COOLDOWN

    async def _fetch(self, http: httpx.AsyncClient) -> KeySet:
        answer = await fetch.get(http, self._url, seconds=TIMEOUT, most=MAX_BYTES)
        keys = read_keys(answer.body or b"")
        now, known = self._clock.monotonic(), self._set
        fresh_until = now + _lifetime(answer.headers)
        if known is not None and known.keys == keys:
            return KeySet(known.keys, now, fresh_until, known.proven)
        return KeySet(keys, now, fresh_until)


def _lifetime(headers: httpx.Headers) -> float:
    said = re.search(r"\bmax-age=([0-9]{1,9})\b", headers.get("cache-control", ""))
    return min(float(said[1]), MAX_AGE) if said else MAX_AGE
