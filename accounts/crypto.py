"""Keys derived from AUTH_SECRET: encryption at rest, keyed hashes.

Each purpose has its own key (HKDF, RFC 5869), so that a text encrypted for one place
means nothing in another. AUTH_SECRET_FALLBACKS still decrypt what older secrets wrote.
"""

from __future__ import annotations

import base64
import hmac
from functools import lru_cache

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.conf import settings


class DecryptionError(ValueError):
    """The text was not written by us for this purpose, or its secret is gone."""


@lru_cache(maxsize=64)
def derive_key(secret: str, purpose: str) -> bytes:
    """32 bytes for one purpose, from one secret (HKDF-SHA256)."""
    info = f"authsite:{purpose}".encode()
    return HKDF(SHA256(), length=32, salt=None, info=info).derive(secret.encode())


def _secrets() -> list[str]:
    return [settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS]


def _fernet(purpose: str) -> MultiFernet:
    keys = [derive_key(secret, f"encrypt:{purpose}") for secret in _secrets()]
    return MultiFernet([Fernet(base64.urlsafe_b64encode(key)) for key in keys])


def encrypt(data: bytes, purpose: str) -> bytes:
    """Authenticated encryption (AES-CBC and HMAC), readable for this purpose alone."""
    return _fernet(purpose).encrypt(data)


def decrypt(token: bytes, purpose: str) -> bytes:
    """What encrypt() was given. Raises DecryptionError."""
    try:
        return _fernet(purpose).decrypt(token)
    except InvalidToken:
        msg = f"cannot decrypt for {purpose}"
        raise DecryptionError(msg) from None


def sealed_anew(token: bytes, purpose: str) -> bytes:
    """The same secret under the present AUTH_SECRET; unchanged when it is already.

    Raises DecryptionError.
    """
    key = derive_key(settings.SECRET_KEY, f"encrypt:{purpose}")
    try:
        Fernet(base64.urlsafe_b64encode(key)).decrypt(token)
    except InvalidToken:
        return encrypt(decrypt(token, purpose), purpose)
    return token


def keyed_hash(value: str, purpose: str) -> str:
    """HMAC-SHA256 in hex under the current secret: tells equality, nothing else."""
    key = derive_key(settings.SECRET_KEY, f"hash:{purpose}")
    return hmac.new(key, value.encode(), "sha256").hexdigest()


def keyed_hash_matches(value: str, digest: str, purpose: str) -> bool:
    """Whether digest is value's keyed hash under the current or an older secret."""
    found = False
    for secret in _secrets():
        key = derive_key(secret, f"hash:{purpose}")
        expected = hmac.new(key, value.encode(), "sha256").hexdigest()
        found |= hmac.compare_digest(expected, digest)
    return found
