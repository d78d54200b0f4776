"""simplejwt's token backend over our key ring: the only place that signs or decodes.

Stricter than PyJWT where RFC 8725 and its advisories ask for it: the header must be
exactly what we write, segments must be canonical base64url, JSON must not repeat a
name, and all of that is looked at before a key is touched.
"""

from __future__ import annotations

import base64
import binascii
import json
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NoReturn

import orjson
from cryptography.hazmat.primitives.asymmetric.ec import (
    ECDSA,
    SECP256R1,
    EllipticCurvePrivateKey,
)
from cryptography.hazmat.primitives.hashes import SHA256
from jwt.algorithms import ECAlgorithm
from jwt.api_jws import PyJWS
from jwt.exceptions import PyJWTError
from jwt.utils import der_to_raw_signature
from rest_framework_simplejwt.backends import TokenBackend
from rest_framework_simplejwt.exceptions import (
    TokenBackendError,
    TokenBackendExpiredToken,
)

from accounts.tokens import claims as rules
from accounts.tokens.keys import ALGORITHMS, SHARED

if TYPE_CHECKING:
    from collections.abc import Callable, Collection

    from accounts.tokens.keys import Key
    from accounts.tokens.ring import Ring


class DeterministicES256(ECAlgorithm):
    """ES256 with RFC 6979 nonces: the same pair again is the same bytes again."""

    def sign(self, msg: bytes, key: EllipticCurvePrivateKey) -> bytes:
        """The raw signature (RFC 7518 3.4)."""
        der = key.sign(msg, ECDSA(SHA256(), deterministic_signing=True))
        return der_to_raw_signature(der, key.curve)


jws = PyJWS(algorithms=[*ALGORITHMS, SHARED])
jws.unregister_algorithm("ES256")
jws.register_algorithm(
    "ES256", DeterministicES256(ECAlgorithm.SHA256, expected_curve=SECP256R1)
)


class RingBackend(TokenBackend):
    """Signs with the ring's active key, verifies with the key that `kid` names."""

    def __init__(
        self,
        ring: Callable[[], Ring],
        *,
        typ: str,
        kind: str,
        issuer: str,
        audiences: Collection[str],
    ) -> None:
        super().__init__(ALGORITHMS[0], audience=audiences, issuer=issuer)
        self.ring, self.typ, self.kind = ring, typ, kind
        self.audiences = audiences

    def encode(self, payload: dict[str, Any], kid: str = "") -> str:
        """A token signed by the key called `kid`; its payload names its audience.

        Raises KeyError when the ring does not hold it: a key that was taken out must
        not be replaced by another, whose tokens no list of revocations would name.
        """
        body = {**payload, "iss": self.issuer}
        return sign(body, self.ring().signs(self.kind, kid), self.typ)

    def decode(self, token: Any, verify: bool = True) -> dict[str, Any]:
        """The claims of a token of this kind.

        `verify` exists for simplejwt's signature; nothing here skips a check.
        Raises TokenBackendExpiredToken or TokenBackendError.
        """
        try:
            key, payload = self._proven(token)
            claims = rules.check(
                payload,
                now=time.time(),
                issuer=str(self.issuer),
                audiences=self.audiences,
                kind=self.kind,
            )
            self._signed_in_time(claims, key)
        except rules.Expired:
            msg = "Token is expired"
            raise TokenBackendExpiredToken(msg) from None
        except (ValueError, RecursionError, PyJWTError):
            msg = "Token is invalid"
            raise TokenBackendError(msg) from None
        return claims

    def _signed_in_time(self, claims: dict[str, Any], key: Key) -> None:
        """Raises ValueError for a token made after its key was retired."""
        if claims["iat"] > self.ring().signs_until(self.kind, key.kid):
            msg = "its key was retired"
            raise ValueError(msg)

    def _proven(self, token: Any) -> tuple[Key, Any]:
        """Key and payload, once form, header and signature hold. Raises ValueError."""
        raw = token.encode("ascii") if isinstance(token, str) else token
        if not isinstance(raw, bytes) or len(raw) > rules.MAX_TOKEN_LENGTH:
            raise ValueError(len(raw) if isinstance(raw, bytes) else type(token))
        parts = read(raw)
        kid = parts.header.get("kid")
        key = self.ring().verifies(self.kind).get(kid) if type(kid) is str else None
        if key is None or parts.header != header_of(key, self.typ):
            msg = "header"
            raise ValueError(msg)
        body = _strict_json(parts.payload)
        check_signature(raw, key)
        return key, body


@dataclass(frozen=True, slots=True)
class Parts:
    """A compact JWS, read and not yet believed."""

    header: dict[str, Any]
    payload: bytes


def sign(payload: dict[str, Any], key: Key, typ: str) -> str:
    """A compact JWS over this payload; the same input gives the same bytes."""
    return jws.encode(
        rules.encoded(payload),
        key.private,
        algorithm=key.algorithm,
        headers=header_of(key, typ),
    )


def header_of(key: Key, typ: str) -> dict[str, str]:
    """All that a header of ours holds."""
    return {"alg": key.algorithm, "kid": key.kid, "typ": typ}


def read(raw: bytes) -> Parts:
    """The parts of a compact JWS (RFC 7515 7.1), in its one spelling.

    Raises ValueError: for a form that is not canonical, and for a header that holds
    anything but `alg`, `kid` and `typ`. So a token can neither bring nor name its own
    key (`jwk`, `jku`, `x5u`), nor ask for rules of its own (`crit`, `b64`).
    """
    head, payload, signature = raw.split(b".")
    header = _strict_json(_strict_base64(head))
    if type(header) is not dict or not header.keys() <= {"alg", "kid", "typ"}:
        msg = "header"
        raise ValueError(msg)
    _strict_base64(signature)
    return Parts(header, _strict_base64(payload))


def check_signature(raw: bytes, key: Key) -> None:
    """Raises PyJWTError unless this key signed it, by the key's own algorithm."""
    jws.decode(raw, key.public, algorithms=[key.algorithm])


def _strict_base64(text: bytes) -> bytes:
    """RFC 7515 base64url: no padding, and one spelling for each value."""
    try:
        data = base64.urlsafe_b64decode(text + b"=" * (-len(text) % 4))
    except binascii.Error as error:
        raise ValueError(text) from error
    if base64.urlsafe_b64encode(data).rstrip(b"=") != text:
        raise ValueError(text)
    return data


#: No claim of ours is an object or a list of lists.
DEEPEST = 8


def _strict_json(data: bytes) -> Any:
    """RFC 8259 with one reading only: no name twice, no NaN, no absurd depth.

    And the same to orjson, which reads a token whose signature is remembered: it
    refuses lone surrogates and rounds integers beyond 64 bits. Raises ValueError.
    """

    def unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        found = dict(pairs)
        if len(found) != len(pairs):
            msg = "a name stands twice"
            raise ValueError(msg)
        return found

    def refuse(constant: str) -> NoReturn:
        raise ValueError(constant)

    value = json.loads(data.decode(), object_pairs_hook=unique, parse_constant=refuse)
    if _depth(value) > DEEPEST:
        msg = "nested too deep"
        raise ValueError(msg)
    if orjson.loads(data) != value:
        msg = "another reader sees something else"
        raise ValueError(msg)
    return value


def _depth(value: Any) -> int:
    inner = value.values() if type(value) is dict else value
    if type(value) not in {dict, list}:
        return 0
    return 1 + max(map(_depth, inner), default=0)
