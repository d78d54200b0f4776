"""Algorithms and key names: the published key decides, never the token."""

from __future__ import annotations

import hmac
from typing import TYPE_CHECKING, Any

from cryptography.hazmat.primitives.hashes import SHA384, SHA512
from cryptography.hazmat.primitives.serialization import Encoding

from tests.vectors.encoding import (
    Case,
    b64,
    compact,
    dump,
    header,
    refuse,
    with_signature,
)
from tests.vectors.keys import EDDSA, ES256, ES384, RS256, UNKNOWN, Key, pkcs1, pss

if TYPE_CHECKING:
    from collections.abc import Callable


def signed_with(key: Key, alg: str, sign: Callable[[bytes], bytes]) -> str:
    """A token under this key's kid that names `alg` and is signed by `sign`."""
    text = with_signature(key, "", alg=alg).removesuffix(".")
    return f"{text}.{b64(sign(text.encode()))}"


def no_algorithm() -> list[Case]:
    """alg none (RFC 7518 3.6), with the signature left out and with a good one."""
    found = []
    for name, alg in {
        "none": "none", "none-capital": "None", "none-upper-case": "NONE",
        "none-mixed-case": "nOnE", "alg-empty": "",
    }.items():  # fmt: skip
        why = "A token that nobody signed proves nothing."
        found.append(refuse(name, with_signature(ES256, "", alg=alg), why))
    signed = compact(ES256, header(ES256, alg="none"))
    bare = with_signature(ES256, "", alg="none", kid=None)
    return [
        *found,
        refuse("none-signed", signed, "It says none, and that is enough."),
        refuse("none-without-kid", bare, "Neither key nor signature."),
    ]


def shared_secrets() -> list[Case]:
    """HS256 with the public key as the secret: what everyone knows signs nothing."""
    found = []
    for key in (RS256, ES256, EDDSA):
        public: dict[str, bytes] = {
            "pem": key.public_bytes(Encoding.PEM),
            "pem-stripped": key.public_bytes(Encoding.PEM).strip(),
            "der": key.public_bytes(Encoding.DER),
            "jwk": dump(key.jwk),
            "raw": _raw(key),
            "empty-secret": b"",
        }
        for name, secret in public.items():
            token = signed_with(key, "HS256", _hmac(secret))
            why = f"HMAC keyed with the public key ({name}) is no signature."
            found.append(refuse(f"hs256-{key.alg.lower()}-{name}", token, why))
    pem = RS256.public_bytes(Encoding.PEM)
    token = signed_with(RS256, "RS256", _hmac(pem))
    return [*found, refuse("rs256-but-hmac", token, "The signature is an HMAC.")]


def _hmac(secret: bytes) -> Callable[[bytes], bytes]:
    return lambda text: hmac.digest(secret, text, "sha256")


def _raw(key: Key) -> bytes:
    if key.alg == "RS256":
        return key.private.public_key().public_numbers().n.to_bytes(256, "big")
    if key.alg == "EdDSA":
        return key.private.public_key().public_bytes_raw()
    point = key.private.public_key().public_numbers()
    return b"\x04" + point.x.to_bytes(32, "big") + point.y.to_bytes(32, "big")


def swapped() -> list[Case]:
    """A true key under another's name, and a key used by another algorithm."""
    found = []
    for key in (ES256, EDDSA, RS256):
        for other in (ES256, EDDSA, RS256):
            if key is other:
                continue
            name = f"{key.alg.lower()}-under-kid-of-{other.alg.lower()}"
            token = compact(key, header(key, kid=other.kid))
            found.append(refuse(name, token, "The kid's key is for another algorithm."))
            token = compact(key, header(key, kid=other.kid, alg=other.alg))
            why = "The signature is not of the algorithm that the header names."
            found.append(refuse(f"{name}-and-alg", token, why))
    spelled = {"es256": "lower-case", "ES256 ": "spaced", "ES256K": "longer"}
    found.extend(
        refuse(
            f"alg-{name}",
            compact(ES256, header(ES256, alg=alg)),
            "An algorithm has one spelling.",
        )
        for alg, name in spelled.items()
    )
    return found


def foreign() -> list[Case]:
    """Sound algorithms that no published key is pinned to; the true key signs."""
    lines: list[tuple[str, str, str]] = [
        ("ps256", signed_with(RS256, "PS256", lambda text: pss(RS256, text)),
         "The RSA key is pinned to RS256."),
        ("rs256-but-ps256", signed_with(RS256, "RS256", lambda text: pss(RS256, text)),
         "The signature is PSS, not PKCS #1 v1.5."),
        ("rs384",
         signed_with(RS256, "RS384", lambda text: pkcs1(RS256, text, SHA384())),
         "The RSA key is pinned to RS256."),
        ("rs512",
         signed_with(RS256, "RS512", lambda text: pkcs1(RS256, text, SHA512())),
         "The RSA key is pinned to RS256."),
        ("rs256-but-sha-512",
         signed_with(RS256, "RS256", lambda text: pkcs1(RS256, text, SHA512())),
         "The digest within the signature is not SHA-256."),
        ("ed25519-alg", compact(EDDSA, header(EDDSA, alg="Ed25519")),
         "The key is published as EdDSA, and alg is compared as text."),
        ("es384", compact(ES384), "No published key is pinned to ES384."),
        ("es384-under-kid-of-es256", compact(ES384, header(ES384, kid=ES256.kid)),
         "The kid's key is for ES256."),
        ("es384-as-es256",
         compact(ES384, header(ES384, kid=ES256.kid, alg="ES256")),
         "The signature is on another curve."),
    ]  # fmt: skip
    wrong: dict[str, Any] = {"missing": None, "number": 256, "list": ["ES256"]}
    return [refuse(*line) for line in lines] + [
        refuse(
            f"alg-{name}",
            compact(ES256, header(ES256, alg=alg)),
            "alg must be there, as text.",
        )
        for name, alg in wrong.items()
    ]


KIDS: dict[str, Any] = {
    "missing": None,
    "unknown": "no-such-key",
    "empty": "",
    "number": 1,
    "bool": True,
    "list": [ES256.kid],
    "object": {"kid": ES256.kid},
    "upper-case": ES256.kid.upper(),
    "spaced": f"{ES256.kid} ",
    "shorter": ES256.kid[:-1],
    "129-characters": "k" * 129,
    "10-kilobytes": "k" * 10_240,
    "path": "../../dev/null",
    "url": "https://evil.example/jwks.json",
    "sql": "' OR 1=1; --",
    "nul": f"{ES256.kid}\0",
    "lone-surrogate": "\ud800",
    "prototype": "__proto__",
    "constructor": "constructor",
    "to-string": "toString",
    "line-break": "a\r\nX-Evil: 1",
}


def names() -> list[Case]:
    """Names of keys that are none; a true key signs each."""
    null = dump(header(ES256, kid="?")).replace(b'"?"', b"null")
    raw = dump(header(ES256, kid="?")).replace(b"?", b"\xed\xa0\x80")
    return [
        *(
            refuse(
                f"kid-{name}",
                compact(ES256, header(ES256, kid=kid)),
                f"The kid names no published key: {name.replace('-', ' ')}.",
            )
            for name, kid in KIDS.items()
        ),
        refuse("kid-null", compact(ES256, null), "A kid of null is no kid."),
        refuse("kid-raw-surrogate", compact(ES256, raw), "A surrogate is not UTF-8."),
        refuse("unknown-key", compact(UNKNOWN), "Nobody published this key."),
        refuse("unknown-key-under-our-kid",
               compact(UNKNOWN, header(UNKNOWN, kid=ES256.kid)),
               "The signature is by another key than the kid's."),
    ]  # fmt: skip


def cases() -> list[Case]:
    """All of this file."""
    return no_algorithm() + shared_secrets() + swapped() + foreign() + names()
