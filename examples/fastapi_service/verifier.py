"""Decides whether an access token (RFC 9068) of one issuer is good for one audience."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import jwt
import strict
from jwks import ALGORITHMS, MAX_KID

if TYPE_CHECKING:
    from collections.abc import Callable

    from jwks import JwksClient

MAX_TOKEN_LENGTH = 4096
TYPES = ("at+jwt", "application/at+jwt")
#: All that a header may hold. An allow-list keeps out `jku`, `x5u`, `jwk` and `x5c` (a
#: token must not bring or name its own key), `crit` and `b64` in one line.
HEADER = {"alg", "kid", "typ"}
REQUIRED_TEXTS = ("sub", "jti", "sid", "email")

_jws = jwt.PyJWS(algorithms=list(ALGORITHMS))


class InvalidToken(Exception):
    """The token is refused; the text says why and holds nothing of the token."""


class ExpiredToken(InvalidToken):
    """A good token whose time is over."""


@dataclass(frozen=True, slots=True)
class Jws:
    """A compact JWS (RFC 7515 section 7.1), well-formed but not yet believed."""

    text: bytes
    alg: str
    kid: str
    header: dict[str, Any]
    payload: bytes


def parse(token: str) -> Jws:
    """Take a token apart, before any key is looked at. Raises InvalidToken."""
    if len(token) > MAX_TOKEN_LENGTH:
        msg = "The token is too long"
        raise InvalidToken(msg)
    try:
        text = token.encode("ascii")
        head, body, signature = text.split(b".")
        header = strict.json_object(strict.base64url(head))
        payload = strict.base64url(body)
        strict.base64url(signature)
    except ValueError:
        msg = "The token is malformed"
        raise InvalidToken(msg) from None
    if not header.keys() <= HEADER:
        msg = "The token's header holds what it may not"
        raise InvalidToken(msg)
    alg, kid = header.get("alg"), header.get("kid")
    if type(alg) is not str or alg not in ALGORITHMS:
        msg = "The token's algorithm is not accepted"
        raise InvalidToken(msg)
    if type(kid) is not str or not strict.is_text(kid, MAX_KID):
        msg = "The token names no key"
        raise InvalidToken(msg)
    return Jws(text, alg, kid, header, payload)


def check_signature(token: Jws, key: jwt.PyJWK) -> None:
    """Raises InvalidToken unless this key, by its own algorithm, signed the token."""
    if token.alg != key.algorithm_name:
        msg = "The token's algorithm is not its key's"
        raise InvalidToken(msg)
    try:
        _jws.decode(token.text, key.key, algorithms=[key.algorithm_name])
    except (jwt.PyJWTError, ValueError):
        msg = "The signature does not fit"
        raise InvalidToken(msg) from None


def check_typ(token: Jws) -> None:
    """Raises InvalidToken for any kind of token but an access token (RFC 9068 4)."""
    typ = token.header.get("typ")
    if type(typ) is not str or typ.lower() not in TYPES:
        msg = "This is not an access token"
        raise InvalidToken(msg)


@dataclass(frozen=True)
class Verifier:
    """Knows whom to believe (`issuer`), who we are (`audience`) and where keys are.

    `leeway` is the difference in seconds that clocks of two machines may have.
    """

    issuer: str
    audience: str
    keys: JwksClient
    leeway: float = 0
    clock: Callable[[], float] = time.time

    async def verify(self, token: str) -> dict[str, Any]:
        """The claims of a good access token.

        Raises InvalidToken, and KeysUnavailable when that cannot be found out.
        """
        jws = parse(token)
        # Cheap checks come first: what fails them must not cause a fetch of keys.
        check_typ(jws)
        key = await self.keys.key(jws.kid)
        if key is None:
            msg = "The token's key is not known"
            raise InvalidToken(msg)
        check_signature(jws, key)
        try:
            claims = strict.json_object(jws.payload)
        except ValueError:
            msg = "The claims are malformed"
            raise InvalidToken(msg) from None
        self._check_claims(claims)
        return claims

    def _check_claims(self, claims: dict[str, Any]) -> None:
        # `type(...) is`, not isinstance: True is an int to Python.
        if type(claims.get("iss")) is not str or claims["iss"] != self.issuer:
            msg = "The token is of another issuer"
            raise InvalidToken(msg)
        audiences = claims.get("aud")
        if type(audiences) is str:
            audiences = [audiences]
        if type(audiences) is not list or self.audience not in audiences:
            msg = "The token is for another audience"
            raise InvalidToken(msg)
        if claims.get("token_type") != "access":
            msg = "This is not an access token"
            raise InvalidToken(msg)
        if not all(strict.is_text(claims.get(name)) for name in REQUIRED_TEXTS):
            msg = "A claim is missing or of a wrong type"
            raise InvalidToken(msg)
        self._check_times(claims)

    def _check_times(self, claims: dict[str, Any]) -> None:
        now = self.clock()
        issued, expires = claims.get("iat"), claims.get("exp")
        begins = claims.get("nbf", issued)
        if (
            type(issued) is not int
            or type(expires) is not int
            or type(begins) is not int
        ):
            msg = "A claim is missing or of a wrong type"
            raise InvalidToken(msg)
        if max(issued, begins) > now + self.leeway:
            msg = "The token is not valid yet"
            raise InvalidToken(msg)
        if expires <= now - self.leeway:
            msg = "The token has expired"
            raise ExpiredToken(msg)
