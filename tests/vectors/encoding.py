"""Compact JWS by hand, so that every part can be made wrong on purpose (RFC 7515)."""

from __future__ import annotations

import base64
import json
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tests.vectors.keys import Key

NOW = 1_800_000_000
ISSUER = "https://id.example"
AUDIENCE = "https://orders.example"
PERSON = "5f2c3d5e-8a0f-4b6c-9d1e-2f3a4b5c6d7e"
SIGN_IN = "0b9a8c7d-6e5f-4a3b-8c2d-1e0f9a8b7c6d"
CLAIMS = {
    "iss": ISSUER,
    "aud": AUDIENCE,
    "sub": PERSON,
    "exp": NOW + 240,
    "iat": NOW - 60,
    "jti": "d41d8cd98f00b204e9800998ecf8427e",
    "sid": SIGN_IN,
    "token_type": "access",
    "client_id": "first-party",
    "email": "maya@example.org",
    "email_verified": True,
    "groups": ["staff"],
    "amr": ["mfa", "otp", "pwd"],
    "acr": "aal2",
    "auth_time": NOW - 60,
}

Case = dict[str, Any]


def b64(data: bytes) -> str:
    """base64url without padding (RFC 7515 section 2)."""
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def dump(value: Any) -> bytes:
    """Compact JSON; bytes are taken as they are, so that they may be no JSON at all."""
    if isinstance(value, bytes):
        return value
    return json.dumps(value, separators=(",", ":")).encode()


def header(key: Key, **more: Any) -> dict[str, Any]:
    """The header of an access token; a member given as None is left out."""
    found = {"alg": key.alg, "kid": key.kid, "typ": "at+jwt", **more}
    return {name: value for name, value in found.items() if value is not None}


def claims(**more: Any) -> dict[str, Any]:
    """Good claims with some changed."""
    return {**CLAIMS, **more}


def sign_text(key: Key, head: str, body: str) -> str:
    """The token over two segments as they stand."""
    text = f"{head}.{body}"
    return f"{text}.{b64(key.sign(text.encode()))}"


def compact(key: Key, head: Any = None, body: Any = None) -> str:
    """A signed token; head and body are values or bytes, good ones when left out."""
    head = header(key) if head is None else head
    body = CLAIMS if body is None else body
    return sign_text(key, b64(dump(head)), b64(dump(body)))


def with_signature(key: Key, signature: bytes | str, **more: Any) -> str:
    """A good token's first two segments (more: other header members), this third."""
    text = f"{b64(dump(header(key, **more)))}.{b64(dump(CLAIMS))}"
    return f"{text}.{signature if isinstance(signature, str) else b64(signature)}"


def accept(name: str, token: str, why: str) -> Case:
    """A token that every verifier takes."""
    return {"name": name, "token": token, "valid": True, "why": why}


def refuse(name: str, token: str, why: str, code: str = "token_not_valid") -> Case:
    """A token that every verifier refuses."""
    return {"name": name, "token": token, "valid": False, "code": code, "why": why}
