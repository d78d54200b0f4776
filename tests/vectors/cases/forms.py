"""Payloads as JSON may not be, segments as base64url may not be, other shapes."""

from __future__ import annotations

import base64
from itertools import count

from tests.vectors.encoding import (
    CLAIMS,
    NOW,
    PERSON,
    SIGN_IN,
    Case,
    accept,
    b64,
    claims,
    compact,
    dump,
    header,
    refuse,
    sign_text,
)
from tests.vectors.keys import EDDSA, ES256, RS256

MAX_LENGTH = 4096
DEPTH = 900


def payloads() -> list[Case]:
    """The true key signs each."""
    good = dump(CLAIMS)
    nested = b"[" * DEPTH + b"]" * DEPTH
    objects = b'{"a":' * (DEPTH // 3) + b"1" + b"}" * (DEPTH // 3)
    later = f'"exp":{NOW + 9999},'.encode()
    lines: list[tuple[str, bytes, str]] = [
        ("payload-array", b"[" + good + b"]", "Claims are an object."),
        ("payload-string", b'"maya"', "Claims are an object."),
        ("payload-number", b"1", "Claims are an object."),
        ("payload-null", b"null", "Claims are an object."),
        ("payload-true", b"true", "Claims are an object."),
        ("payload-empty-object", b"{}", "Claims are required."),
        ("payload-empty", b"", "Nothing is no JSON."),
        ("payload-no-json", b"maya@example.org", "It is no JSON."),
        ("payload-token", compact(ES256).encode(), "A token within a token."),
        ("payload-exp-twice", b"{" + later + good[1:],
         "Two readers could see two times."),
        ("payload-sub-twice", b'{"sub":"' + PERSON.encode() + b'",' + good[1:],
         "A name stands once, even with the same value."),
        ("payload-sid-twice-escaped",
         good[:-1] + b',"s\\u0069d":"' + SIGN_IN.encode() + b'"}',
         "A name spelled with an escape is the same name."),
        ("payload-name-twice-within", good[:-1] + b',"x":{"a":1,"a":2}}',
         "The rule holds at every depth."),
        ("payload-nan", good[:-1] + b',"x":NaN}', "JSON has no NaN."),
        ("payload-infinity", good[:-1] + b',"x":Infinity}', "JSON has no Infinity."),
        ("payload-minus-infinity", good[:-1] + b',"x":-Infinity}',
         "JSON has no Infinity."),
        ("exp-infinity", good.replace(str(NOW + 240).encode(), b"Infinity"),
         "A token without an end."),
        ("exp-overflow", good.replace(str(NOW + 240).encode(), b"1e999"),
         "A number that many readers take for infinity."),
        ("exp-leading-zero", good.replace(str(NOW + 240).encode(), b"01800000240"),
         "JSON numbers have no leading zero."),
        ("payload-deep-arrays", good[:-1] + b',"x":' + nested + b"}",
         "Nobody nests so deep in good faith."),
        ("payload-deep-objects", good[:-1] + b',"x":' + objects + b"}",
         "Nobody nests so deep in good faith."),
        ("payload-invalid-utf-8", good.replace(b"maya@", b"m\xffya@"),
         "These bytes are not UTF-8."),
        ("payload-truncated-utf-8", good.replace(b"maya@", b"m\xc3@"),
         "These bytes are not UTF-8."),
        ("payload-bom", b"\xef\xbb\xbf" + good, "JSON text begins with no BOM."),
        ("payload-utf-16", good.decode().encode("utf-16"), "JSON text is UTF-8."),
        ("payload-trailing-comma", good[:-1] + b",}", "JSON has no trailing comma."),
        ("payload-trailing-text", good + b"x", "Nothing may follow the object."),
        ("payload-trailing-nul", good + b"\0", "Nothing may follow the object."),
        ("payload-single-quotes", good.replace(b'"', b"'"), "JSON has no such quotes."),
        ("payload-comment", good[:-1] + b"/**/}", "JSON has no comments."),
        ("payload-raw-line-break", good.replace(b"maya@", b"ma\nya@"),
         "A control character within a text must be escaped."),
        ("payload-cut-short", good[:-1], "The object is not closed."),
    ]  # fmt: skip
    return [refuse(name, compact(ES256, body=body), why) for name, body, why in lines]


def encodings() -> list[Case]:
    """Signed over the segments as they stand: only the reading of base64url refuses."""
    head, body = b64(dump(header(ES256))), _body()
    spaced = f"{body[:40]} {body[40:]}"
    plain = base64.b64encode(base64.urlsafe_b64decode(body + "==")).decode()
    lines = [
        ("header-padded", f"{head}=", body, "Segments have no padding."),
        ("header-padded-twice", f"{head}==", body, "Segments have no padding."),
        ("payload-padded", head, f"{body}=", "Segments have no padding."),
        ("payload-padded-twice", head, f"{body}==", "Segments have no padding."),
        ("header-stray-bits", stray(head), body, "Each value has one spelling."),
        ("payload-stray-bits", head, stray(body), "Each value has one spelling."),
        ("payload-space", head, spaced, "No white space within a segment."),
        ("payload-line-break", head, spaced.replace(" ", "\n"),
         "No white space within a segment."),
        ("payload-percent-encoded", head, f"{body}%3D", "A URL's escape is foreign."),
        ("payload-one-character-more", head, f"{body[: len(body) // 4 * 4]}A",
         "No bytes have this length."),
        ("payload-standard-alphabet", head, plain.rstrip("="),
         "base64url has - and _, not + and /."),
    ]  # fmt: skip
    return [refuse(name, sign_text(ES256, h, b), why) for name, h, b, why in lines]


def _body() -> str:
    """A payload with stray bits to set and with letters of base64url's own."""
    for size in count():
        found = b64(dump(claims(more="?~" * 3 + "x" * size, name="ÿþ~~~")))
        if len(found) % 4 == 2 and ("-" in found or "_" in found):
            return found
    raise AssertionError


def stray(text: str) -> str:
    """The same bytes with one of the unused last bits set."""
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    assert len(text) % 4, "no bit is unused"
    return text[:-1] + alphabet[alphabet.index(text[-1]) + 1]


def shapes() -> list[Case]:
    """Whatever is not three segments, and what stands around them."""
    good = compact(ES256)
    head, body, signature = good.split(".")
    flat = {"protected": head, "payload": body, "signature": signature}
    signatures = [{"protected": head, "signature": signature}]
    general = {"payload": body, "signatures": signatures}
    jwe = b64(dump({"alg": "RSA-OAEP", "enc": "A256GCM", "kid": RS256.kid}))
    lines = [
        ("empty", "", "Nothing was sent."),
        ("one-segment", head, "A token has three segments."),
        ("two-segments", f"{head}.{body}", "A token has three segments."),
        ("two-dots", "..", "Its segments are empty."),
        ("four-segments", f"{good}.{signature}", "A token has three segments."),
        ("trailing-dot", f"{good}.", "A token has three segments."),
        ("leading-dot", f".{good}", "A token has three segments."),
        ("five-segments", f"{jwe}.{body}.{signature}.{body}.{signature}",
         "An encrypted token (RFC 7516) is not ours."),
        ("no-payload", f"{head}..{signature}", "A detached payload is not ours."),
        ("json-flattened", dump(flat).decode(), "Only the compact form is read."),
        ("json-general", dump(general).decode(), "Only the compact form is read."),
        ("leading-space", f" {good}", "Nothing stands around a token."),
        ("trailing-space", f"{good} ", "Nothing stands around a token."),
        ("leading-tab", f"\t{good}", "Nothing stands around a token."),
        ("trailing-nul", f"{good}\0", "Nothing stands around a token."),
        ("quoted", f'"{good}"', "Nothing stands around a token."),
        ("two-tokens", f"{good},{good}", "One token at a time."),
        ("scheme-left-on", f"Bearer {good}", "The scheme is no part of the token."),
        ("non-ascii", f"{good}é", "Tokens are ASCII."),
        ("full-width-dots", good.replace(".", "\uff0e"), "Tokens are ASCII."),
        ("words", "this is no token", "It is no token at all."),
        ("letters", "a.b.c", "Its segments hold no JSON."),
    ]  # fmt: skip
    return [refuse(*line) for line in lines]


def lengths() -> list[Case]:
    """At the limit and one beyond it; both signed well."""
    return [
        accept("valid-4096-characters", sized(MAX_LENGTH), "As long as may be."),
        refuse("4097-characters", sized(MAX_LENGTH + 1), "One character too long."),
        refuse(
            "8000-characters",
            compact(ES256, body=claims(x="x" * 5500)),
            "Far too long.",
        ),
    ]


def sized(length: int) -> str:
    """A good token of so many characters."""
    for key in (ES256, EDDSA, RS256):
        for space in range(3):
            head = dump(header(key)).replace(b",", b"," + b" " * space, 1)
            for size in range(1500, 2800):
                token = compact(key, head, claims(x="x" * size))
                if len(token) == length:
                    return token
    raise AssertionError


def cases() -> list[Case]:
    """All of this file."""
    return payloads() + encodings() + shapes() + lengths()
