"""The issuer's public keys, read strictly (RFC 7517): what is weak stays outside."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import jwt

from authsite_verifier import strict

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
MAX_MEMBER = 1024


@dataclass(frozen=True, slots=True)
class Key:
    """A public key, pinned to its one algorithm. Equal when the published parts are."""

    algorithm: str
    members: dict[str, str]
    public: Any = field(compare=False)


Keys = dict[str, Key]


def read_keys(data: bytes) -> Keys:
    """The usable signing keys of a JWK Set by `kid`.

    A key that is not ours to use (other algorithm, other use, weak) is left out.
    Raises ValueError when the set is malformed, when a `kid` stands for two keys, and
    when it holds a symmetric key: whoever publishes a secret has made a mistake.
    """
    listed = strict.json_object(data).get("keys")
    if type(listed) is not list or len(listed) > MAX_KEYS:
        msg = "not a JWK Set"
        raise ValueError(msg)
    keys: Keys = {}
    seen: set[str] = set()
    for jwk in (one for one in listed if type(one) is dict):
        if jwk.get("kty") == "oct":
            msg = "the set holds a symmetric key"
            raise ValueError(msg)
        kid = jwk.get("kid")
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


def read_key(jwk: dict[str, Any]) -> Key | None:
    """A public key pinned to the one algorithm that its JWK names, None if unusable."""
    if not _is_ours(jwk):
        return None
    alg, kty = jwk["alg"], jwk["kty"]
    try:
        members = {name: jwk[name] for name in MEMBERS[kty]}
        for name in members.keys() - {"crv"}:
            strict.base64url(members[name][: MAX_MEMBER + 1].encode("ascii"))
        public = jwt.PyJWK({"kty": kty, **members}, algorithm=alg).key
    except (KeyError, AttributeError, TypeError, ValueError, jwt.PyJWTError):
        return None
    if kty == "RSA" and not _is_strong(public):
        return None
    return Key(alg, members, public)


def _is_ours(jwk: dict[str, Any]) -> bool:
    alg, operations = jwk.get("alg"), jwk.get("key_ops", ["verify"])
    return (
        type(alg) is str
        and ALGORITHMS.get(alg) == (jwk.get("kty"), jwk.get("crv"))
        and jwk.get("use", "sig") == "sig"
        and strict.is_texts(operations)
        and "verify" in operations
    )


def _is_strong(public: Any) -> bool:
    numbers = public.public_numbers()
    return (
        public.key_size in RSA_BITS
        and numbers.e % 2 == 1
        and 65537 <= numbers.e < 2**32
        and not _is_roca(numbers.n)
    )


def _powers(prime: int) -> frozenset[int]:
    found, power = set(), 1
    while power not in found:
        found.add(power)
        power = power * 65537 % prime
    return frozenset(found)


#: For each odd prime up to 167, what a power of 65537 leaves.
_ROCA = {
    prime: _powers(prime)
    for prime in range(3, 168, 2)
    if all(prime % divisor for divisor in range(3, 13, 2) if divisor < prime)
}


def _is_roca(modulus: int) -> bool:
    # CVE-2017-15361: such primes are k * M + (65537 ** a mod M) with M a product of
    # the first primes, so the modulus is a power of 65537 under each of them.
    return all(modulus % prime in powers for prime, powers in _ROCA.items())
