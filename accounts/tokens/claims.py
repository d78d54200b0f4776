"""What tokens say, and what they must say to be believed. Free of Django.

Access tokens follow RFC 9068; `amr` values are RFC 8176's, and `fed` for a provider.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any
from uuid import UUID

if TYPE_CHECKING:
    from collections.abc import Callable

ACCESS_TYP = "at+jwt"
REFRESH_TYP = "rt+jwt"
AAL1 = "aal1"
AAL2 = "aal2"
LEVELS = (AAL1, AAL2)
MAX_TOKEN_LENGTH = 4096

Claims = dict[str, Any]
Record = dict[str, Any]

_FIRST_FACTORS = {
    "password": "pwd",
    "code": "otp",
    "socialaccount": "fed",
}
_SECOND_FACTORS = {
    "totp": "otp",
    "recovery_codes": "otp",
    "webauthn": "pop",
}


class InvalidClaims(ValueError):
    """A claim is missing, of a wrong type, or not for us."""


class Expired(InvalidClaims):
    """All is well with the token but its time."""


def methods(records: list[Record]) -> list[str]:
    """`amr` for a session, from the authentication records of the pipeline, sorted."""
    found: set[str] = set()
    for record in records:
        if record["method"] != "mfa":
            method = str(record["method"])
            found.add(_FIRST_FACTORS.get(method, method))
            continue
        found.add(_SECOND_FACTORS.get(record.get("type", ""), "otp"))
        if not record.get("passwordless"):
            found.add("mfa")
    return sorted(found)


def assurance(records: list[Record]) -> str:
    """`acr`: aal2 once a second factor or a passkey was used, else aal1."""
    strong = any(record["method"] == "mfa" for record in records)
    return AAL2 if strong else AAL1


def authenticated_at(records: list[Record]) -> int:
    """`auth_time`: the last proof, in seconds since the epoch."""
    return int(max(record["at"] for record in records))


def access_jti(refresh_jti: str) -> str:
    """The id of the access token that goes with a refresh token.

    Derived, so that a repeated answer carries the same pair byte for byte.
    """
    return hashlib.sha256(f"access:{refresh_jti}".encode()).hexdigest()[:32]


def check(claims: Any, *, now: float, issuer: str, audience: str, kind: str) -> Claims:
    """Everything about a signed token's claims that is not its signature.

    Raises Expired or InvalidClaims. `kind` is `access` or `refresh`.
    """
    if type(claims) is not dict:
        msg = "claims are not an object"
        raise InvalidClaims(msg)
    try:
        right = _is_for(claims, issuer, audience, kind) and _has_types(claims, kind)
        current = claims["iat"] <= now + 1 and claims.get("nbf", 0) <= now
        expired = claims["exp"] <= now
    except (KeyError, TypeError):
        right = current = expired = False
    if not (right and current):
        msg = "claims are missing, of a wrong type or not for us"
        raise InvalidClaims(msg)
    if expired:
        msg = "expired"
        raise Expired(msg)
    return claims


def _is_for(claims: Claims, issuer: str, audience: str, kind: str) -> bool:
    aud = claims["aud"]
    return (
        claims["iss"] == issuer
        and claims["token_type"] == kind
        and (aud == audience or (type(aud) is list and audience in aud))
    )


def _has_types(claims: Claims, kind: str) -> bool:
    needed = {"exp": int, "iat": int, **dict.fromkeys(("sub", "sid", "jti"), str)}
    if kind == "access":
        needed["email"] = str
    # `type(...) is`, not isinstance: True is an int to Python.
    return (
        all(type(claims[name]) is kind for name, kind in needed.items())
        and all(
            is_right(claims[name])
            for name, is_right in OPTIONAL.items()
            if name in claims
        )
        and _is_uuid(claims["sub"])
        and _is_uuid(claims["sid"])
    )


def _is_texts(value: object) -> bool:
    return type(value) is list and all(type(one) is str for one in value)


def _is_whole(value: object) -> bool:
    return type(value) is int


#: What a token may do without, and must not get wrong.
OPTIONAL: dict[str, Callable[[object], bool]] = {
    "nbf": _is_whole,
    "auth_time": _is_whole,
    "email_verified": lambda value: type(value) is bool,
    "groups": _is_texts,
    "amr": _is_texts,
    "acr": lambda value: value in LEVELS,
}


def _is_uuid(text: str) -> bool:
    # In its one spelling: UUID() reads braces, capitals and more as the same.
    try:
        return str(UUID(text)) == text
    except ValueError:
        return False
