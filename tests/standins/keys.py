"""Google's signing keys: two published, as there; one that is not."""

from __future__ import annotations

import functools
import json
import secrets
from typing import Any

import jwt
from cryptography.hazmat.primitives.asymmetric import rsa


class Key:
    """An RSA key with a name."""

    def __init__(self) -> None:
        self.kid = secrets.token_hex(20)
        self.private = rsa.generate_private_key(public_exponent=65537, key_size=2048)

    def jwk(self) -> dict[str, Any]:
        """Its public part."""
        text = jwt.algorithms.RSAAlgorithm.to_jwk(self.private.public_key())
        return {**json.loads(text), "kid": self.kid, "use": "sig", "alg": "RS256"}


class Ring:
    """All keys of an issuer; made when first needed, which takes a while."""

    @functools.cached_property
    def published(self) -> list[Key]:
        return [Key(), Key()]

    @functools.cached_property
    def unpublished(self) -> Key:
        return Key()

    def jwks(self) -> dict[str, Any]:
        """What verifiers fetch."""
        return {"keys": [key.jwk() for key in self.published]}

    def sign(self, claims: dict[str, Any], misfortune: str) -> str:
        """An id_token."""
        if misfortune == "unsigned":
            return jwt.encode(claims, None, "none")
        key = self.unpublished if misfortune == "rotated_key" else self.published[0]
        named = {} if misfortune == "no_kid" else {"kid": key.kid}
        return jwt.encode(claims, key.private, "RS256", headers=named)
