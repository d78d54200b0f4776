"""What tokens say, and what they must say to be believed. Free of Django.

Access tokens follow RFC 9068; `amr` values are RFC 8176's, and `fed` for a provider.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Collection, Iterable
from typing import Any
from uuid import UUID

ACCESS_TYP = "at+jwt"
REFRESH_TYP = "rt+jwt"
SESSION_TYP = "st+jwt"
AAL1 = "aal1"
AAL2 = "aal2"
LEVELS = (AAL1, AAL2)
#: RFC 9068 2.2 requires a `client_id`: this one for sign-ins on our own pages and API.
CLIENT_ID = "first-party"
MAX_TOKEN_LENGTH = 4096
#: As long as a sign-in may take from its first step to its last.
EVENT_SECONDS = 900
LONGEST_TEXT = 512
#: What a site may set, in bytes of JSON (authsite.checks). An audience may be the
#: issuer and a path.
MAX_ISSUER_BYTES = 160
MAX_AUDIENCE_BYTES = 176
#: An address's longest form (RFC 5321 4.5.3.1.3, less its brackets).
MAX_EMAIL_BYTES = 254
#: What `groups` may take, in bytes of JSON. With the longest issuer, audience and
#: email, and an RS256 signature by a key of 3072 bits, a token then has at most
#: MAX_TOKEN_LENGTH characters.
MAX_GROUPS_BYTES = 1600

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


def last_event(records: list[Record]) -> list[Record]:
    """The proofs that belong to the last time that the person was asked.

    `acr`, `amr` and `auth_time` speak of one authentication (OpenID Connect Core 2):
    a password today does not make a second factor of last week a fresh one.
    """
    began = authenticated_at(records) - EVENT_SECONDS
    return [record for record in records if record["at"] >= began]


def methods(records: list[Record]) -> list[str]:
    """`amr`, from authentication records of the pipeline, sorted (RFC 8176)."""
    found: set[str] = set()
    for record in records:
        if record["method"] != "mfa":
            method = str(record["method"])
            found.add(_FIRST_FACTORS.get(method, method))
        else:
            found.add(_SECOND_FACTORS.get(record.get("type", ""), "otp"))
    if _has_both(records):
        found.add("mfa")
    return sorted(found)


def assurance(records: list[Record]) -> str:
    """`acr`, from the records of one event (last_event).

    aal2 takes both steps, or a passkey that verified its person; a code or a key's
    touch alone is one factor (NIST SP 800-63B 4.2.1).
    """
    alone = any(map(_is_verified_passkey, records))
    return AAL2 if alone or _has_both(records) else AAL1


def _has_both(records: list[Record]) -> bool:
    second = {record["method"] == "mfa" for record in records}
    return second == {True, False}


def _is_verified_passkey(record: Record) -> bool:
    # A sign-in by passkey alone always asks for a PIN, finger or face.
    return bool(record.get("passwordless") or record.get("user_verified"))


def authenticated_at(records: list[Record]) -> int:
    """`auth_time`: the last proof, in seconds since the epoch."""
    return int(max(record["at"] for record in records))


def encoded(value: Any) -> bytes:
    """JSON as tokens hold it: compact, and in UTF-8 (RFC 8259 8.1).

    The same value gives the same bytes. A letter beyond ASCII costs two to four bytes;
    an escape would cost six or twelve.
    """
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()


def encoded_size(text: str) -> int:
    """How many bytes an item takes in a JSON array, its comma included."""
    return len(encoded(text)) + 1


def fitting(groups: Iterable[str], email: str = "") -> list[str]:
    """The groups, by name, that fit into a token; the first that does not ends them.

    `email` is the token's: one of more bytes than MAX_EMAIL_BYTES, as an address with
    letters beyond ASCII may have, takes room from the groups.
    """
    left = MAX_GROUPS_BYTES - max(0, len(encoded(email)) - 2 - MAX_EMAIL_BYTES)
    kept = []
    for name in sorted(groups):
        left -= encoded_size(name)
        if left < 0:
            break
        kept.append(name)
    return kept


def access_jti(refresh_jti: str, audience: str) -> str:
    """The id of the access token for an audience that goes with a refresh token.

    Derived, so that a repeated answer carries the same tokens byte for byte.
    """
    return _derived(f"access:{audience}:{refresh_jti}")


def session_jti(refresh_jti: str) -> str:
    """The id of the session token that goes with a refresh token."""
    return _derived(f"session:{refresh_jti}")


def _derived(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:32]


def check(
    claims: Any, *, now: float, issuer: str, audiences: Collection[str], kind: str
) -> Claims:
    """Everything about a signed token's claims that is not its signature.

    `kind` is `access`, `refresh` or `session`; `audiences` are those that the caller
    accepts. We mint one audience as a string, so a list (RFC 7519 4.1.3) is refused.
    Raises Expired or InvalidClaims.
    """
    if type(claims) is not dict:
        msg = "claims are not an object"
        raise InvalidClaims(msg)
    try:
        right = _is_for(claims, issuer, audiences, kind) and _has_types(claims, kind)
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


def _is_for(claims: Claims, issuer: str, audiences: Collection[str], kind: str) -> bool:
    return (
        claims["iss"] == issuer
        and claims["token_type"] == kind
        and type(claims["aud"]) is str
        and claims["aud"] in audiences
    )


def _has_types(claims: Claims, kind: str) -> bool:
    needed = NEEDED | NEEDED_IN_ACCESS if kind == "access" else NEEDED
    return all(is_right(claims[name]) for name, is_right in needed.items()) and all(
        is_right(claims[name]) for name, is_right in OPTIONAL.items() if name in claims
    )


# `type(...) is`, not isinstance: True is an int to Python.
def _is_text(value: object) -> bool:
    return value != "" and _is_name(value)


def _is_name(value: object) -> bool:
    # A group may be called "". A lone surrogate is legal in JSON, and fails wherever it
    # is written.
    return (
        type(value) is str
        and len(value) <= LONGEST_TEXT
        and not any("\ud800" <= letter <= "\udfff" for letter in value)
    )


def _is_bool(value: object) -> bool:
    return type(value) is bool


def _is_texts(value: object) -> bool:
    return type(value) is list and all(map(_is_name, value))


def _is_time(value: object) -> bool:
    # A NumericDate (RFC 7519 2) that a date can be made of, up to the year 9999.
    return type(value) is int and 0 <= value < 253_402_300_800


def _is_uuid(value: object) -> bool:
    # In its one spelling: UUID() reads braces, capitals and more as the same.
    try:
        return type(value) is str and str(UUID(value)) == value
    except ValueError:
        return False


Check = Callable[[object], bool]
NEEDED: dict[str, Check] = {
    "sub": _is_uuid,
    "sid": _is_uuid,
    "jti": _is_text,
    "exp": _is_time,
    "iat": _is_time,
}
NEEDED_IN_ACCESS: dict[str, Check] = {
    "email": _is_text,
    "email_verified": _is_bool,
    "groups": _is_texts,
}
#: What a token may do without, and must not get wrong.
OPTIONAL: dict[str, Check] = {
    "client_id": _is_text,
    "nbf": _is_time,
    "auth_time": _is_time,
    "amr": _is_texts,
    "acr": lambda value: value in LEVELS,
}
