"""Headers: the three members and nothing else, whoever signed."""

from __future__ import annotations

from typing import Any

from tests.vectors.encoding import (
    CLAIMS,
    Case,
    accept,
    claims,
    compact,
    dump,
    header,
    refuse,
)
from tests.vectors.keys import ES256, RS256, UNKNOWN

#: The true key signed each of these, so that only the header rule refuses it.
EXTRA: dict[str, Any] = {
    "jwk": ES256.members,
    "jku": "https://id.example/.well-known/jwks.json",
    "x5u": "https://id.example/chain.pem",
    "x5c": ["MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8A"],
    "x5t": "AAAAAAAAAAAAAAAAAAAAAAAAAAA",
    "crit": ["exp"],
    "crit-empty": [],
    "b64": True,
    "cty": "JWT",
    "zip": "DEF",
    "enc": "A256GCM",
    "iss": "https://id.example",
    "x": 1,
}


def extra_members() -> list[Case]:
    """One member too many."""
    found = [
        refuse(
            f"header-{name}",
            compact(ES256, header(ES256, **{name.split("-")[0]: value})),
            f"A header with {name.split('-')[0]} is refused, whoever signed it.",
        )
        for name, value in EXTRA.items()
    ]
    b64_false = header(ES256, b64=False, crit=["b64"])
    own_key = header(UNKNOWN, jwk=UNKNOWN.jwk)
    same_kid = header(UNKNOWN, kid=ES256.kid, jwk=UNKNOWN.jwk)
    return [
        *found,
        refuse("header-b64-false", compact(ES256, b64_false),
               "Unencoded payloads (RFC 7797) are not for tokens."),
        refuse("header-brings-its-own-key", compact(UNKNOWN, own_key),
               "A token must not bring the key that it is checked with."),
        refuse("header-brings-its-own-key-as-ours", compact(UNKNOWN, same_kid),
               "A token must not bring a key under the name of a published one."),
    ]  # fmt: skip


def types_of_token() -> list[Case]:
    """typ keeps one kind of token from passing for another (RFC 8725 3.11)."""
    typs: dict[str, Any] = {
        "missing": None, "jwt": "JWT", "empty": "", "refresh": "rt+jwt",
        "upper-case": "AT+JWT", "other": "secevent+jwt", "list-typ": "revocations+jwt",
        "number": 1, "list": ["at+jwt"], "spaced": "at+jwt ", "longer": "at+jwt2",
    }  # fmt: skip
    found = [
        refuse(
            f"typ-{name}",
            compact(ES256, header(ES256, typ=typ)),
            "Only the typ at+jwt (or application/at+jwt), spelled so, is accepted.",
        )
        for name, typ in typs.items()
    ]
    null = dump(header(ES256)).replace(b'"at+jwt"', b"null")
    refresh = claims(token_type="refresh")
    return [
        *found,
        refuse("typ-null", compact(ES256, null), "A typ of null is no typ."),
        refuse("refresh-token", compact(ES256, header(ES256, typ="rt+jwt"), refresh),
               "A refresh token is for the issuer alone."),
        accept("valid-application-typ",
               compact(ES256, header(ES256, typ="application/at+jwt")),
               "The long spelling of the media type (RFC 9068 section 4)."),
    ]  # fmt: skip


def spellings() -> list[Case]:
    """The same header as JSON may have it, and as JSON may not."""
    kid = ES256.kid
    rest = f'"kid":"{kid}","typ":"at+jwt"'
    good = dump(header(ES256))
    turned = {"typ": "at+jwt", "kid": kid, "alg": "ES256"}
    spaced = f'{{ "alg" : "ES256",\n {rest} }}'.encode()
    bad: list[tuple[str, bytes, str]] = [
        ("header-alg-twice", f'{{"alg":"none","alg":"ES256",{rest}}}'.encode(),
         "Two readers could see two algorithms."),
        ("header-alg-twice-the-same",
         f'{{"alg":"ES256","alg":"ES256",{rest}}}'.encode(), "A name stands once."),
        ("header-kid-twice",
         f'{{"alg":"ES256","kid":"{RS256.kid}",{rest}}}'.encode(),
         "Two readers could see two keys."),
        ("header-typ-twice", f'{{"alg":"ES256","typ":"JWT",{rest}}}'.encode(),
         "Two readers could see two kinds."),
        ("header-alg-twice-escaped",
         f'{{"\\u0061lg":"none","alg":"ES256",{rest}}}'.encode(),
         "A name spelled with an escape is the same name."),
        ("header-array", b"[" + good + b"]", "A header is an object."),
        ("header-string", b'"ES256"', "A header is an object."),
        ("header-number", b"1", "A header is an object."),
        ("header-null", b"null", "A header is an object."),
        ("header-empty-object", b"{}", "All three members are required."),
        ("header-empty", b"", "Nothing is no JSON."),
        ("header-no-json", b"at+jwt", "It is no JSON."),
        ("header-trailing-comma", good[:-1] + b",}", "JSON has no trailing comma."),
        ("header-trailing-text", good + b"x", "Nothing may follow the object."),
        ("header-two-objects", good + good, "Nothing may follow the object."),
        ("header-comment", b"/**/" + good, "JSON has no comments."),
        ("header-bom", b"\xef\xbb\xbf" + good, "JSON text begins with no BOM."),
        ("header-utf-16", good.decode().encode("utf-16-le"), "JSON text is UTF-8."),
        ("header-invalid-utf-8", good.replace(b"at+jwt", b"at+jwt\xff"),
         "These bytes are not UTF-8."),
        ("header-overlong-utf-8", good.replace(b'"alg"', b'"\xc1\xa1lg"'),
         "An overlong form of a letter is not UTF-8."),
        ("header-nan", good[:-1] + b',"x":NaN}', "JSON has no NaN."),
        ("header-deep", good[:-1] + b',"x":' + b"[" * 900 + b"]" * 900 + b"}",
         "Nobody nests so deep in good faith."),
        ("header-prototype", good[:-1] + b',"__proto__":{"x":1}}',
         "Any member more is one too many."),
    ]  # fmt: skip
    return [
        accept("valid-header-in-other-order", compact(ES256, turned),
               "The order of members means nothing."),
        accept("valid-header-spaced", compact(ES256, spaced),
               "White space between members means nothing."),
        *(refuse(name, compact(ES256, head, CLAIMS), why) for name, head, why in bad),
    ]  # fmt: skip


def cases() -> list[Case]:
    """All of this file."""
    return extra_members() + types_of_token() + spellings()
