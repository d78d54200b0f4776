"""Lists of revocations: one that all verifiers hold, and lists to believe or not."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any
from uuid import UUID

from tests.vectors.cases.claims import REVOKED_SIGN_IN
from tests.vectors.encoding import (
    AUDIENCE,
    CLAIMS,
    ISSUER,
    NOW,
    SIGN_IN,
    Case,
    b64,
    compact,
    dump,
    header,
    sign_text,
)
from tests.vectors.keys import EDDSA, ES256, REMOVED, RS256, UNKNOWN

if TYPE_CHECKING:
    from tests.vectors.keys import Key

TYP = "revocations+jwt"
#: What clocks may differ by when a list's end is looked at.
TOLERANCE = 60
BODY: dict[str, Any] = {
    "iss": ISSUER,
    "iat": NOW,
    "exp": NOW + 90,
    "window": 330,
    "sids": {REVOKED_SIGN_IN: NOW - 20},
    "kids": {REMOVED.kid: NOW - 40},
}


def signed(key: Key = ES256, head: Any = None, body: Any = None, **more: Any) -> str:
    """A list by this key; more: members of the payload that differ."""
    head = header(key, typ=TYP) if head is None else head
    return compact(key, head, {**BODY, **more} if body is None else body)


def held() -> str:
    """The list that the tokens of these vectors are judged by."""
    return signed()


def line(name: str, text: str, why: str, *, valid: bool = False) -> Case:
    """One list and whether it is believed."""
    return {"name": name, "list": text, "valid": valid, "why": why}


def many(number: int) -> dict[str, int]:
    """So many ended sign-ins."""
    digests = (hashlib.sha256(str(n).encode()).digest() for n in range(number))
    return {str(UUID(bytes=found[:16], version=4)): NOW - 10 for found in digests}


def good() -> list[Case]:
    """Believed."""
    lines = [
        ("valid", held(), "As the issuer makes it."),
        ("valid-eddsa", signed(EDDSA), "Signed by EdDSA."),
        ("valid-rs256", signed(RS256), "Signed by RS256."),
        ("valid-empty", signed(sids={}, kids={}), "Nothing was revoked."),
        ("valid-long", signed(sids=many(300)), "A list has no limit of 4096."),
        ("valid-ended-59-seconds-ago", signed(iat=NOW - 149, exp=NOW - TOLERANCE + 1),
         "Clocks may differ by a minute."),
    ]  # fmt: skip
    return [line(*found, valid=True) for found in lines]


def bad_headers() -> list[Case]:
    """A good payload under a bad header."""
    typ = "Only the typ revocations+jwt, spelled so, makes a list."
    extra = "A header holds alg, kid and typ and nothing else."
    none = f"{b64(dump(header(ES256, typ=TYP, alg='none')))}.{b64(dump(BODY))}."
    twice = dump(header(ES256, typ=TYP))[:-1] + b',"typ":"revocations+jwt"}'
    kid = header(UNKNOWN, typ=TYP, kid=ES256.kid)
    heads: list[tuple[str, dict[str, Any], str]] = [
        ("wrong-typ", {"typ": "JWT"}, typ),
        ("typ-of-access-tokens", {"typ": "at+jwt"}, typ),
        ("typ-upper-case", {"typ": "REVOCATIONS+JWT"}, typ),
        ("typ-missing", {"typ": None}, typ),
        ("extra-header-member", {"typ": TYP, "cty": "json"}, extra),
        ("header-jwk", {"typ": TYP, "jwk": ES256.members}, extra),
        ("header-crit", {"typ": TYP, "crit": ["exp"]}, extra),
        ("kid-missing", {"typ": TYP, "kid": None}, "A list names its key."),
        ("kid-unknown", {"typ": TYP, "kid": "no-such-key"}, "Nobody published it."),
        ("kid-of-another-algorithm", {"typ": TYP, "kid": RS256.kid},
         "The kid's key is for another algorithm."),
    ]  # fmt: skip
    return [
        *(line(n, signed(head=header(ES256, **m)), why) for n, m, why in heads),
        line("alg-none", none, "A list that nobody signed proves nothing."),
        line("header-typ-twice", signed(head=twice), "A name stands once."),
        line("signed-by-unknown-key", signed(UNKNOWN), "Nobody published this key."),
        line("forged", signed(UNKNOWN, kid), "Signed by another key than the kid's."),
    ]


def bad_payloads() -> list[Case]:
    """Signed by a published key, and yet not to be believed."""
    over = NOW - TOLERANCE
    members: list[tuple[str, dict[str, Any], str]] = [
        ("expired", {"iat": NOW - 690, "exp": NOW - 600}, "An old list says nothing."),
        ("ended-60-seconds-ago", {"iat": over - 90, "exp": over}, "Just too old."),
        ("wrong-iss", {"iss": "https://evil.example"}, "Another issuer's list."),
        ("iss-is-the-audience", {"iss": AUDIENCE}, "Another issuer's list."),
        ("iss-list", {"iss": [ISSUER]}, "The issuer is a text."),
        ("sids-list", {"sids": [SIGN_IN]}, "sids is an object."),
        ("sids-null", {"sids": None}, "sids is an object."),
        ("sids-string", {"sids": SIGN_IN}, "sids is an object."),
        ("kids-list", {"kids": [RS256.kid]}, "kids is an object."),
        ("sid-time-string", {"sids": {SIGN_IN: str(NOW)}}, "Times are integers."),
        ("sid-time-float", {"sids": {SIGN_IN: NOW - 0.5}}, "Times are integers."),
        ("sid-time-bool", {"sids": {SIGN_IN: True}}, "Times are integers."),
        ("sid-time-null", {"sids": {SIGN_IN: None}}, "Times are integers."),
        ("kid-time-string", {"kids": {RS256.kid: str(NOW)}}, "Times are integers."),
        ("exp-string", {"exp": str(NOW + 90)}, "Times are integers."),
        ("exp-float", {"exp": NOW + 90.5}, "Times are integers."),
        ("exp-bool", {"exp": True}, "Times are integers."),
        ("iat-string", {"iat": str(NOW)}, "Times are integers."),
        ("window-string", {"window": "330"}, "The window is an integer."),
        ("window-float", {"window": 330.5}, "The window is an integer."),
        ("window-bool", {"window": True}, "The window is an integer."),
        ("kid-removed-by-itself", {"kids": {ES256.kid: NOW - 5}},
         "A key that was taken out signs nothing, not even that."),
    ]  # fmt: skip
    return [
        *(line(name, signed(**more), why) for name, more, why in members),
        *(
            line(
                f"missing-{name}",
                signed(body={key: v for key, v in BODY.items() if key != name}),
                f"The member {name} is required.",
            )
            for name in BODY
        ),
    ]


def bad_forms() -> list[Case]:
    """What is no list at all."""
    good = dump(BODY)
    text = held()
    head, body, signature = text.split(".")
    twice = good[:-1] + b',"sids":{}}'
    sid_twice = good.replace(b'"sids":{', f'"sids":{{"{REVOKED_SIGN_IN}":1,'.encode())
    return [
        line("access-token", compact(ES256), "An access token is no list."),
        line("access-token-of-a-list", compact(ES256, body=BODY), "Its typ is wrong."),
        line("access-claims", signed(body=CLAIMS), "The claims of an access token."),
        line("payload-array", signed(body=b"[" + good + b"]"), "It is an object."),
        line("payload-null", signed(body=b"null"), "It is an object."),
        line("payload-sids-twice", signed(body=twice), "A name stands once."),
        line("payload-one-sid-twice", signed(body=sid_twice), "A name stands once."),
        line("payload-nan", signed(body=good[:-1] + b',"x":NaN}'), "No JSON."),
        line("payload-bom", signed(body=b"\xef\xbb\xbf" + good), "No JSON."),
        line("payload-invalid-utf-8", signed(body=good[:-1] + b',"x":"\xff"}'),
             "These bytes are not UTF-8."),
        line("empty", "", "Nothing came."),
        line("json-without-signature", good.decode(), "Nobody signed."),
        line("html", "<!doctype html><title>Sign in</title>", "A page is no list."),
        line("two-segments", f"{head}.{body}", "Three segments."),
        line("four-segments", f"{text}.{signature}", "Three segments."),
        line("signature-empty", f"{head}.{body}.", "Nobody signed."),
        line("signature-truncated", text[:-4], "The end is missing."),
        line("payload-padded", sign_text(ES256, head, f"{body}="), "No padding."),
        line("trailing-line-break", f"{text}\n", "Nothing stands around it."),
    ]  # fmt: skip


def cases() -> list[Case]:
    """All of this file."""
    return good() + bad_headers() + bad_payloads() + bad_forms()
