"""The issuer's public keys: read strictly, fetched seldom, kept through an outage."""

from __future__ import annotations

import asyncio
import logging
import re
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import httpx
import jwt
import strict

if TYPE_CHECKING:
    from collections.abc import Callable

log = logging.getLogger(__name__)

#: Each algorithm that is let in, with the only key type and curve that it goes with.
ALGORITHMS: dict[str, tuple[str, str | None]] = {
    "ES256": ("EC", "P-256"),
    "EdDSA": ("OKP", "Ed25519"),
    "RS256": ("RSA", None),
}
#: The public members of each key type: nothing else of a JWK is handed on.
MEMBERS = {"EC": ("crv", "x", "y"), "OKP": ("crv", "x"), "RSA": ("n", "e")}
RSA_BITS = range(2048, 4097)
MAX_KID = 128
MAX_KEYS = 32

Keys = dict[str, jwt.PyJWK]


class KeysUnavailable(Exception):
    """The keys cannot be had now: nobody is let in. Try again in `retry_after` s."""

    def __init__(self, retry_after: int) -> None:
        super().__init__("the signing keys cannot be had")
        self.retry_after = retry_after


def read_keys(data: bytes) -> Keys:
    """The usable signing keys of a JWK Set (RFC 7517) by `kid`.

    A key that is not ours to use (other algorithm, other use, weak) is left out.
    Raises ValueError when the set is malformed or a `kid` stands for two keys.
    """
    listed = strict.json_object(data).get("keys")
    if type(listed) is not list or len(listed) > MAX_KEYS:
        msg = "not a JWK Set"
        raise ValueError(msg)
    keys: Keys = {}
    seen: set[str] = set()
    for jwk in listed:
        kid = jwk.get("kid") if type(jwk) is dict else None
        if not strict.is_text(kid, MAX_KID):
            continue
        if kid in seen:
            msg = "a kid stands for two keys"
            raise ValueError(msg)
        seen.add(kid)
        key = read_key(jwk)
        if key is not None:
            keys[kid] = key
    return keys


def read_key(jwk: dict[str, Any]) -> jwt.PyJWK | None:
    """A public key pinned to the one algorithm that its JWK names, None if unusable."""
    alg, kty, operations = (
        jwk.get("alg"),
        jwk.get("kty"),
        jwk.get("key_ops", ["verify"]),
    )
    if type(alg) is not str or ALGORITHMS.get(alg) != (kty, jwk.get("crv")):
        return None
    if jwk.get("use", "sig") != "sig" or type(operations) is not list:
        return None
    if "verify" not in operations:
        return None
    try:
        public = {name: jwk[name] for name in MEMBERS[kty]}
        for name in set(public) - {"crv"}:
            strict.base64url(public[name].encode("ascii"))
        key = jwt.PyJWK({"kty": kty, **public}, algorithm=alg)
    except (KeyError, AttributeError, ValueError, jwt.PyJWTError):
        return None
    return key if kty != "RSA" or _strong_rsa(key.key) else None


def _strong_rsa(key: Any) -> bool:
    exponent = key.public_numbers().e
    return key.key_size in RSA_BITS and exponent % 2 == 1 and 65537 <= exponent < 2**32


@dataclass
class JwksClient:
    """The keys behind one URL, shared by all requests of a process; times in seconds.

    A fetch happens on first use, when the keys are older than `max_age` (or what the
    answer's Cache-Control says, if less), and for an unknown `kid`; never two at once
    and never two within `cooldown`, so that a flood of invented tokens cannot be turned
    on the issuer. While fetches fail the last good keys serve on, up to `max_stale`.
    """

    url: str
    max_age: float = 300
    max_stale: float = 86_400
    cooldown: float = 10
    timeout: float = 3
    max_bytes: int = 65_536
    clock: Callable[[], float] = time.monotonic

    def __post_init__(self) -> None:
        self._keys: Keys = {}
        self._fetched_at: float | None = None
        self._tried_at: float | None = None
        self._fresh_until = 0.0
        self._failing = False
        self._one_at_a_time = asyncio.Lock()
        # No redirects: keys come from the configured address or not at all.
        self._http = httpx.AsyncClient(timeout=self.timeout, follow_redirects=False)

    async def close(self) -> None:
        """Let go of the connections."""
        await self._http.aclose()

    async def key(self, kid: str) -> jwt.PyJWK | None:
        """The key of this name, None when the issuer has none.

        Raises KeysUnavailable when the issuer cannot be asked and memory cannot answer.
        """
        known = kid in self._keys
        fresh = known and self.clock() < self._fresh_until
        # Whoever finds a known key while another fetches need not wait for it.
        if not fresh and not (known and self._one_at_a_time.locked()):
            await self._refresh(kid)
        now = self.clock()
        if self._fetched_at is None or now - self._fetched_at > self.max_stale:
            raise KeysUnavailable(self._retry_after(now))
        if kid not in self._keys and self._failing:
            # It may be a new key that we could not learn of: not the caller's fault.
            raise KeysUnavailable(self._retry_after(now))
        return self._keys.get(kid)

    async def _refresh(self, kid: str) -> None:
        async with self._one_at_a_time:
            now = self.clock()
            if kid in self._keys and now < self._fresh_until:
                return
            if self._tried_at is not None and now - self._tried_at < self.cooldown:
                return
            self._tried_at = now
            self._failing = True
            try:
                async with asyncio.timeout(self.timeout):
                    keys, max_age = await self._fetch()
            except (
                httpx.HTTPError,
                httpx.InvalidURL,
                ValueError,
                TimeoutError,
            ) as error:
                log.warning("JWKS not fetched from %s: %r", self.url, error)
                return
            self._keys, self._failing = keys, False
            self._fetched_at = self.clock()
            self._fresh_until = self._fetched_at + max_age

    async def _fetch(self) -> tuple[Keys, float]:
        async with self._http.stream("GET", self.url) as response:
            if response.status_code != httpx.codes.OK:
                msg = f"status {response.status_code}"
                raise ValueError(msg)
            body = b""
            async for chunk in response.aiter_bytes():
                body += chunk
                if len(body) > self.max_bytes:
                    msg = "too long"
                    raise ValueError(msg)
        return read_keys(body), self._lifetime(response.headers)

    def _lifetime(self, headers: httpx.Headers) -> float:
        said = re.search(r"\bmax-age=(\d{1,9})\b", headers.get("cache-control", ""))
        return min(float(said[1]), self.max_age) if said else self.max_age

    def _retry_after(self, now: float) -> int:
        tried_at = now if self._tried_at is None else self._tried_at
        return max(1, round(tried_at + self.cooldown - now))
