"""Decides whether an access token (RFC 9068) of one issuer is good for one audience."""

from __future__ import annotations

import asyncio
import hashlib
import threading
from typing import TYPE_CHECKING, Any

import httpx

from authsite_verifier import claims as rules
from authsite_verifier import strict
from authsite_verifier.background import Background, every
from authsite_verifier.clock import Clock
from authsite_verifier.errors import InvalidToken, RevokedToken, Unavailable
from authsite_verifier.jwks import TIMEOUT, Jwks
from authsite_verifier.jws import check_signature, check_typ, parse
from authsite_verifier.revocations import Revocations

if TYPE_CHECKING:
    from authsite_verifier.jwk import Key
    from authsite_verifier.jwks import KeySet
    from authsite_verifier.settings import Settings

#: How often the list of revocations is asked for, in seconds.
POLL = 1.0
#: How many threads may wait for a key that is not known, once others are: the rest of
#: a pool stays free for tokens whose key is.
MOST_WAITING = 4


class Verifier:
    """One for a process, shared by its threads.

    A daemon thread keeps keys and revocations up to date; it starts with `start()` or
    with the first token, in the process that serves, and ends with `stop()`.
    `transport` is httpx's, and `clock` ours: for tests.
    """

    def __init__(
        self,
        settings: Settings,
        *,
        clock: Clock | None = None,
        transport: httpx.AsyncBaseTransport | None = None,
    ) -> None:
        self._settings, self._transport = settings, transport
        self._clock = clock or Clock()
        self._expected = rules.Expected(
            settings.issuer, settings.audience, settings.leeway
        )
        self._jwks = Jwks(settings.jwks_url, self._clock)
        self._revocations = Revocations(settings, self._jwks, self._clock)
        self._background = Background(self._prepare, self._follow)

    def start(self) -> None:
        """Begin to follow the issuer; without it the first token begins."""
        self._background.start()

    def stop(self) -> None:
        """End the background thread; another `start` or token begins anew."""
        self._background.stop()

    def verify(self, token: str) -> dict[str, Any]:
        """The claims of a good access token.

        Raises InvalidToken, RevokedToken (one of them), or Unavailable when that
        cannot be found out. Waits at most 7 s, and only for a key that is not known or
        for the first list of revocations; otherwise it is pure computing.
        """
        self._background.start()
        # What is foreign to a token becomes "?", which no proven token holds.
        digest = hashlib.sha256(token.encode("ascii", "replace")).digest()
        kid, payload = self._proven(digest, token) or self._prove(digest, token)
        try:
            claims = strict.json_object(payload)
        except ValueError:
            raise InvalidToken("The claims are malformed") from None
        self._expected.check(claims, self._clock.wall())
        self._revocations.check(kid, claims["sid"])
        return claims

    def require_recent(
        self,
        claims: dict[str, Any],
        *,
        max_age: int | None = None,
        acr: str | None = None,
    ) -> None:
        """Raises InsufficientAuthentication: see claims.require_recent."""
        rules.require_recent(
            claims,
            max_age=max_age,
            acr=acr,
            leeway=self._settings.leeway,
            now=self._clock.wall(),
        )

    def _proven(self, digest: bytes, token: str) -> tuple[str, bytes] | None:
        known = self._jwks.current()
        kid = known.proven.get(digest) if known else None
        if kid is None:
            return None
        return kid, strict.base64url(token.split(".", 2)[1].encode("ascii"))

    def _prove(self, digest: bytes, token: str) -> tuple[str, bytes]:
        jws = parse(token)
        # Cheap checks come first: what fails them must not cause a fetch of keys.
        check_typ(jws, rules.TYPES, "This is not an access token")
        known, key = self._key(jws.kid)
        check_signature(jws, key)
        known.proven.add(digest, jws.kid)
        return jws.kid, jws.payload

    def _key(self, kid: str) -> tuple[KeySet, Key]:
        if self._jwks.find(kid) is None:
            # A key that was taken out is no reason to ask for keys.
            if not self._revocations.has_removed(kid) and self._jwks.may_learn():
                self._learn(kid)
            if self._revocations.has_removed(kid):
                raise RevokedToken("The token's key was taken out")
        known = self._jwks.current()
        if known is None:
            raise self._jwks.unavailable("The issuer's keys cannot be had")
        key = known.keys.get(kid)
        if key is None and self._jwks.is_failing:
            # It may be a new key that we could not learn of: not the caller's fault.
            raise self._jwks.unavailable("The token's key cannot be looked up")
        if key is None:
            raise InvalidToken("The token's key is not known")
        return known, key

    def _learn(self, kid: str) -> None:
        waiting = self._waiting
        limited = self._jwks.current() is not None
        if limited and not waiting.acquire(blocking=False):
            raise Unavailable("The token's key is being looked up")
        try:
            # The fetch has its own limit; a second more, for the thread to be heard.
            self._background.run(self._jwks.refresh(self._http, kid), TIMEOUT + 1)
        finally:
            if limited:
                waiting.release()

    def _prepare(self) -> None:
        self._jwks.open()
        self._revocations.open()
        self._waiting = threading.BoundedSemaphore(MOST_WAITING)
        # No redirects: keys come from the configured address or not at all.
        self._http = httpx.AsyncClient(
            transport=self._transport,
            timeout=TIMEOUT,
            follow_redirects=False,
            headers={"X-Service-Name": self._settings.name},
        )

    async def _follow(self) -> None:
        http = self._http
        async with http, asyncio.TaskGroup() as tasks:
            tasks.create_task(every(POLL, lambda: self._jwks.refresh(http)))
            if self._settings.revocations_max_age is not None:
                tasks.create_task(every(POLL, lambda: self._revocations.poll(http)))
