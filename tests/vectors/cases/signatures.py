"""Signatures that do not fit, or fit but are spelled otherwise."""

from __future__ import annotations

import base64
from itertools import count

from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature

from tests.vectors.cases.forms import stray
from tests.vectors.encoding import (
    PERSON,
    Case,
    b64,
    claims,
    compact,
    refuse,
    with_signature,
)
from tests.vectors.keys import EDDSA, ES256, RS256, Key

#: The order of Ed25519's group (RFC 8032 section 5.1).
ORDER = 2**252 + 27742317777372353535851937790883648493
SIZE = 32


def signature_of(key: Key) -> bytes:
    """The signature that fits the good token."""
    text = with_signature(key, "").removesuffix(".")
    return key.sign(text.encode())


def each_algorithm() -> list[Case]:
    """What goes wrong alike in all three."""
    found = []
    for key in (ES256, EDDSA, RS256):
        name, good = key.alg.lower(), signature_of(key)
        text = b64(good)
        lines: list[tuple[str, bytes | str, str]] = [
            ("empty", b"", "Nobody signed."),
            ("truncated", good[:-1], "The last byte is missing."),
            ("longer", good + b"\0", "A byte too many."),
            ("zeros", bytes(len(good)), "Zeros sign nothing (CVE-2022-21449)."),
            ("first-bit-flipped", bytes([good[0] ^ 1]) + good[1:], "One bit differs."),
            ("last-bit-flipped", good[:-1] + bytes([good[-1] ^ 1]), "One bit differs."),
            ("padded", f"{text}==", "Segments have no padding."),
            ("stray-bits", stray(text), "Each value has one spelling."),
            ("line-break", f"{text[:20]}\n{text[20:]}", "No white space within it."),
            ("space", f"{text[:20]} {text[20:]}", "No white space within it."),
            ("ends-with-line-break", f"{text}\n", "No white space after it."),
        ]
        found.extend(
            refuse(f"signature-{name}-{what}", with_signature(key, value), why)
            for what, value, why in lines
        )
        found.append(
            refuse(
                f"signature-{name}-standard-alphabet",
                standard_alphabet(key),
                "base64url has - and _, not + and /.",
            )
        )
        found.append(
            refuse(
                f"signature-{name}-of-other-claims",
                other_claims(key),
                "The claims were changed after signing.",
            )
        )
    return found


def standard_alphabet(key: Key) -> str:
    """A good token but for + or / in its signature."""
    for number in count():
        head, body, text = compact(key, body=claims(n=number)).split(".")
        if {"-", "_"} & set(text):
            data = base64.urlsafe_b64decode(text + "==")
            plain = base64.b64encode(data).decode().rstrip("=")
            return f"{head}.{body}.{plain}"
    raise AssertionError


def other_claims(key: Key) -> str:
    """One token's signature under another's claims."""
    head, _, signature = compact(key).split(".")
    other = PERSON.replace("5", "6", 1)
    body = compact(key, body=claims(sub=other)).split(".")[1]
    return f"{head}.{body}.{signature}"


def elliptic() -> list[Case]:
    """ES256: r and s side by side, each of 32 bytes (RFC 7518 section 3.4)."""
    good = signature_of(ES256)
    r, s, zero = good[:SIZE], good[SIZE:], bytes(SIZE)
    der = encode_dss_signature(int.from_bytes(r), int.from_bytes(s))
    prime = ES256_ORDER.to_bytes(SIZE, "big")
    lines: list[tuple[str, bytes, str]] = [
        ("der", der, "ASN.1 is not the form of JWS."),
        ("r-zero", zero + s, "r must not be zero."),
        ("s-zero", r + zero, "s must not be zero."),
        ("r-order", prime + s, "r must be less than the order."),
        ("both-order", prime + prime, "r and s must be less than the order."),
        ("swapped", s + r, "r comes first."),
        ("wider", b"\0" + r + b"\0" + s, "Each half has 32 bytes."),
    ]
    return [
        refuse(f"signature-es256-{name}", with_signature(ES256, value), why)
        for name, value, why in lines
    ]


#: The order of P-256's group (FIPS 186-5).
ES256_ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551


def others() -> list[Case]:
    """A second spelling of an EdDSA signature, and small tricks with RSA's."""
    good = signature_of(EDDSA)
    point, scalar = good[:SIZE], int.from_bytes(good[SIZE:], "little")
    again = point + (scalar + ORDER).to_bytes(SIZE, "little")
    one = (1).to_bytes(256, "big")
    modulus = RS256.private.public_key().public_numbers().n.to_bytes(256, "big")
    return [
        refuse("signature-eddsa-scalar-too-large", with_signature(EDDSA, again),
               "S must be less than the order (RFC 8032 section 5.1.7)."),
        refuse("signature-rs256-one", with_signature(RS256, one),
               "The number 1 is its own power."),
        refuse("signature-rs256-modulus", with_signature(RS256, modulus),
               "A signature is less than the modulus."),
    ]  # fmt: skip


def cases() -> list[Case]:
    """All of this file."""
    return each_algorithm() + elliptic() + others()
