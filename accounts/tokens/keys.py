"""Signing keys: made, read, named. Free of Django.

Private parts are PEM text only while they are made or read; a Key holds parsed
objects, because parsing at each call costs more than signing.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from dataclasses import dataclass
from typing import Any

from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)
from jwt.algorithms import get_default_algorithms

ALGORITHMS = ("ES256", "EdDSA", "RS256")
#: For verifiers that can only share a secret: access tokens alone, never in the JWKS.
SHARED = "HS256"
#: The members of a public JWK that its thumbprint is made of (RFC 7638 3.2).
REQUIRED = {
    "EC": ("crv", "kty", "x", "y"),
    "RSA": ("e", "kty", "n"),
    "OKP": ("crv", "kty", "x"),
}


@dataclass(frozen=True, slots=True)
class Key:
    """One key of the ring. `jwk` is what is published of it: nothing of a secret."""

    kid: str
    algorithm: str
    public: Any
    private: Any
    jwk: dict[str, str]


def generate(algorithm: str) -> bytes:
    """A new private key as PKCS #8 PEM. Raises KeyError for an unknown algorithm."""
    makers: dict[str, Any] = {
        "ES256": lambda: ec.generate_private_key(ec.SECP256R1()),
        "EdDSA": ed25519.Ed25519PrivateKey.generate,
        "RS256": lambda: rsa.generate_private_key(public_exponent=65537, key_size=3072),
    }
    made = makers[algorithm]()
    pem: bytes = made.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    return pem


def load(pem: bytes, algorithm: str) -> Key:
    """A Key from a private key's PEM. Raises ValueError when it cannot be read."""
    private: Any = load_pem_private_key(pem, password=None)
    public = private.public_key()
    jwk: dict[str, Any] = get_default_algorithms()[algorithm].to_jwk(
        public, as_dict=True
    )
    jwk = {name: jwk[name] for name in REQUIRED[jwk["kty"]]}
    kid = thumbprint(jwk)
    jwk |= {"kid": kid, "use": "sig", "alg": algorithm}
    return Key(kid, algorithm, public, private, jwk)


def shared(secret: str) -> Key:
    """The Key over a shared secret (RFC 7518 3.2).

    Its name is a keyed hash, by a label of our own: it tells keys apart and nothing of
    the secret.
    """
    key = secret.encode()
    digest = hmac.new(key, b"authsite:kid", "sha256").digest()
    kid = base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
    return Key(kid, SHARED, key, key, {})


def thumbprint(jwk: dict[str, Any]) -> str:
    """The SHA-256 thumbprint of a public JWK (RFC 7638): same key, same name."""
    members = {name: jwk[name] for name in REQUIRED[jwk["kty"]]}
    text = json.dumps(members, separators=(",", ":"), sort_keys=True)
    digest = hashlib.sha256(text.encode()).digest()
    return base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
