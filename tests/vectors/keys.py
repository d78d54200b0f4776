"""Keys FOR TESTS ALONE: everybody can read their private halves here.

The elliptic ones come from SHA-256 of a label, the RSA one from two primes below, so
that the vectors are the same bytes each time that they are made.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, field
from typing import Any

from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa, utils
from cryptography.hazmat.primitives.hashes import SHA256, SHA384, HashAlgorithm
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from tests.vectors.encoding import b64

RSA_P = int(
    "fa9ddf7e03d98d05eb9ab12f38eea1ae79606e397282b25f781843bce1b26d6c"
    "b4593aa3d01a24392347e2f84af18d6833caedf032acd923b9511b039c70cf75"
    "13fab1aa8f99b9cbff8f15b94002368f89fc1525ccde4487ce684197833af40a"
    "5c32ccacdec0536c9ed2b8a78d48e9b9234f7bb03aa8e4b8bd43e184f26130d5",
    16,
)
RSA_Q = int(
    "d8ba8be34be03159a60167dc2621e7274b509d4236eab417c3d0957f05c3cae7"
    "0f1d13262caa8c7a656f0b5ecdba1dd3089498a82c1b189a054fba5c4ceefc2f"
    "5c1e834fd7da9c017f3f30cb4e65fb71effbefb89342303d81ec81439e4d80b8"
    "5850acd8b440504c81da2abd4ef70505f69a1c80867d1321531189993bdbbc69",
    16,
)


def secret(label: str) -> bytes:
    """32 bytes that anyone can compute: no secret at all."""
    return hashlib.sha256(f"for tests alone: {label}".encode()).digest()


def unsigned(number: int, size: int) -> str:
    """An integer as JWKs have it (RFC 7518 section 2, Base64urlUInt)."""
    return b64(number.to_bytes(size, "big"))


@dataclass(frozen=True)
class Key:
    """A signing key and its public JWK, named by its thumbprint (RFC 7638)."""

    alg: str
    private: Any
    members: dict[str, str] = field(repr=False)

    @property
    def kid(self) -> str:
        """The SHA-256 thumbprint."""
        text = json.dumps(self.members, separators=(",", ":"), sort_keys=True)
        return b64(hashlib.sha256(text.encode()).digest())

    @property
    def jwk(self) -> dict[str, str]:
        """As a JWK Set publishes it."""
        return {**self.members, "kid": self.kid, "use": "sig", "alg": self.alg}

    def public_bytes(self, encoding: Encoding) -> bytes:
        """The public half as SubjectPublicKeyInfo."""
        public = self.private.public_key()
        return public.public_bytes(encoding, PublicFormat.SubjectPublicKeyInfo)

    def sign(self, text: bytes) -> bytes:
        """The signature by the key's own algorithm (RFC 7518 section 3, RFC 8037)."""
        if self.alg == "EdDSA":
            return self.private.sign(text)
        if self.alg == "RS256":
            return pkcs1(self, text, SHA256())
        return ecdsa(self.private, text, {"ES256": SHA256, "ES384": SHA384}[self.alg]())


def ecdsa(private: ec.EllipticCurvePrivateKey, text: bytes, digest: HashAlgorithm):
    """r and s side by side (RFC 7518 section 3.4), with the nonce of RFC 6979."""
    der = private.sign(text, ec.ECDSA(digest, deterministic_signing=True))
    size = (private.curve.key_size + 7) // 8
    return b"".join(n.to_bytes(size, "big") for n in utils.decode_dss_signature(der))


def pkcs1(key: Key, text: bytes, digest: HashAlgorithm) -> bytes:
    """RSASSA-PKCS1-v1_5: RS256, RS384, RS512 by the digest."""
    return key.private.sign(text, padding.PKCS1v15(), digest)


def pss(key: Key, text: bytes) -> bytes:
    """PS256 (RFC 8017 section 9.1.1) with a salt that is always the same."""
    salt = secret("PSS salt")
    digest = hashlib.sha256(bytes(8) + hashlib.sha256(text).digest() + salt).digest()
    block = bytes(256 - 32 - 32 - 2) + b"\x01" + salt
    stream = b"".join(
        hashlib.sha256(digest + n.to_bytes(4, "big")).digest() for n in range(7)
    )
    masked = bytes(a ^ b for a, b in zip(block, stream, strict=False))
    message = bytes([masked[0] & 0x7F]) + masked[1:] + digest + b"\xbc"
    numbers = key.private.private_numbers()
    modulus = numbers.public_numbers.n
    return pow(int.from_bytes(message), numbers.d, modulus).to_bytes(256, "big")


def elliptic(alg: str, label: str) -> Key:
    """An ES256 or ES384 key."""
    curve, name = {
        "ES256": (ec.SECP256R1(), "P-256"),
        "ES384": (ec.SECP384R1(), "P-384"),
    }[alg]
    private = ec.derive_private_key(int.from_bytes(secret(label)), curve)
    point, size = private.public_key().public_numbers(), curve.key_size // 8
    x, y = unsigned(point.x, size), unsigned(point.y, size)
    return Key(alg, private, {"kty": "EC", "crv": name, "x": x, "y": y})


def edwards(label: str) -> Key:
    """An Ed25519 key."""
    private = ed25519.Ed25519PrivateKey.from_private_bytes(secret(label))
    x = b64(private.public_key().public_bytes_raw())
    return Key("EdDSA", private, {"kty": "OKP", "crv": "Ed25519", "x": x})


def rivest() -> Key:
    """The RS256 key."""
    modulus, exponent = RSA_P * RSA_Q, 65537
    d = pow(exponent, -1, (RSA_P - 1) * (RSA_Q - 1))
    private = rsa.RSAPrivateNumbers(
        RSA_P,
        RSA_Q,
        d,
        rsa.rsa_crt_dmp1(d, RSA_P),
        rsa.rsa_crt_dmq1(d, RSA_Q),
        rsa.rsa_crt_iqmp(RSA_P, RSA_Q),
        rsa.RSAPublicNumbers(exponent, modulus),
    ).private_key()
    members = {"kty": "RSA", "n": unsigned(modulus, 256), "e": "AQAB"}
    return Key("RS256", private, members)


ES256 = elliptic("ES256", "published ES256")
EDDSA = edwards("published EdDSA")
RS256 = rivest()
#: Published still, but the list of revocations says that it was taken out.
REMOVED = elliptic("ES256", "removed ES256")
PUBLISHED = (ES256, EDDSA, RS256, REMOVED)
#: Never published: an attacker's.
UNKNOWN = elliptic("ES256", "unknown ES256")
ES384 = elliptic("ES384", "unknown ES384")
