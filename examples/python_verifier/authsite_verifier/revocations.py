"""Follows the issuer's list of revocations; knows how old its knowledge is."""

from __future__ import annotations

import logging
import threading
from typing import TYPE_CHECKING

import httpx

from authsite_verifier import fetch
from authsite_verifier.errors import InvalidToken, RevokedToken, Unavailable
from authsite_verifier.revoked import (
    MAX_BYTES,
    TOLERANCE,
    Revoked,
    parse_list,
    read_list,
)

if TYPE_CHECKING:
    from authsite_verifier.clock import Clock
    from authsite_verifier.jwks import Jwks
    from authsite_verifier.settings import Settings

log = logging.getLogger(__name__)

TIMEOUT = 2.0
FIRST_POLL = 3.0


class Revocations:
    """What the issuer has revoked; `poll` runs on the one thread that fetches."""

    def __init__(self, settings: Settings, jwks: Jwks, clock: Clock) -> None:
        self._settings, self._jwks, self._clock = settings, jwks, clock
        self._held = Revoked()
        self._polled_at: float | None = None  # monotonic
        self._etag: str | None = None
        self._expires_at = 0
        self._failing = False
        self.open()

    def open(self) -> None:
        """Before each start: the first poll may then be waited for again."""
        self._first_poll = threading.Event()

    def has_removed(self, kid: str) -> bool:
        """Whether a signing key of this name was taken out."""
        return kid in self._held.kids

    def check(self, kid: str, sid: str) -> None:
        """Raises RevokedToken, and Unavailable when the list is too old to say."""
        held = self._held
        if kid in held.kids:
            raise RevokedToken("The token's key was taken out")
        if sid in held.sids:
            raise RevokedToken("The token's sign-in was ended")
        max_age = self._settings.revocations_max_age
        if max_age is None or self._age() <= max_age:
            return
        if not self._first_poll.is_set():
            # Just started, or forked: the first answer is on its way.
            self._first_poll.wait(FIRST_POLL)
            if self._age() <= max_age:
                self.check(kid, sid)
                return
        raise self._too_old(max_age)

    async def poll(self, http: httpx.AsyncClient) -> None:
        """Ask for the list once; never fails."""
        started = self._clock.monotonic()
        try:
            await self._poll(http)
        except (
            httpx.HTTPError, httpx.InvalidURL, ValueError, TimeoutError, InvalidToken
        ) as error:  # fmt: skip
            if not self._failing:  # once for an outage, not once a second
                url = self._settings.revocations_url
                log.warning("List of revocations not had from %s: %r", url, error)
            self._failing = True
        else:
            # The start: what was revoked while the answer travelled is not in it.
            self._polled_at, self._failing = started, False
        finally:
            self._first_poll.set()

    async def _poll(self, http: httpx.AsyncClient) -> None:
        etag, self._etag = self._etag, None  # without it next time unless all is well
        answer = await fetch.get(
            http,
            self._settings.revocations_url,
            seconds=TIMEOUT,
            most=MAX_BYTES,
            etag=etag,
        )
        if answer.body is None:
            if self._expires_at <= self._clock.wall() - TOLERANCE:
                msg = "not modified, yet out of date"
                raise ValueError(msg)
            self._etag = etag
            return
        await self._believe(http, answer.body)
        self._etag = answer.headers.get("etag")

    async def _believe(self, http: httpx.AsyncClient, body: bytes) -> None:
        jws = parse_list(body)
        if self.has_removed(jws.kid):
            raise InvalidToken("The list's key was taken out")
        key = self._jwks.find(jws.kid)
        if key is None:
            # A new key is learnt here, before its first token comes.
            await self._jwks.refresh(http, jws.kid)
            key = self._jwks.find(jws.kid)
        if key is None:
            raise InvalidToken("The list's key is not known")
        now = self._clock.wall()
        fresh = read_list(jws, key, self._settings.issuer, now)
        self._held = self._held.merged(fresh, now)
        self._expires_at = fresh.expires_at

    def _age(self) -> float:
        polled_at = self._polled_at
        if polled_at is None:
            return float("inf")
        return self._clock.monotonic() - polled_at

    def _too_old(self, max_age: int) -> Unavailable:
        age = self._age()
        if age == float("inf"):
            return Unavailable("The list of revoked sign-ins could not be had yet")
        return Unavailable(
            f"The list of revoked sign-ins is {age:.0f} s old; more than {max_age} s "
            "is not trusted"
        )
