"""Claims: what must be there, of which type, for whom and when."""

from __future__ import annotations

import json
from typing import Any

from tests.vectors.encoding import (
    AUDIENCE,
    CLAIMS,
    ISSUER,
    NOW,
    PERSON,
    SIGN_IN,
    Case,
    accept,
    claims,
    compact,
    dump,
    refuse,
)
from tests.vectors.keys import EDDSA, ES256, REMOVED, RS256

REVOKED_SIGN_IN = "7d3c1b2a-9e8f-4d6c-b5a4-3f2e1d0c9b8a"
#: A token without one of these is good, and why.
OPTIONAL = {
    "amr": "amr is needed for step-up alone.",
    "acr": "acr is needed for step-up alone.",
    "auth_time": "auth_time is needed for step-up alone.",
    "client_id": "Older tokens have no client_id.",
}


def good() -> list[Case]:
    """What passes, up to the very edges."""
    lines: list[tuple[str, dict[str, Any], str]] = [
        ("valid-aud-list", {"aud": ["https://other.example", AUDIENCE]},
         "One of several audiences is ours."),
        ("valid-extra-claim", {"scope": "read", "more": {"a": [1, {"b": None}]}},
         "Claims that nobody asked about are ignored."),
        ("valid-nbf-now", {"nbf": NOW}, "It begins this very second."),
        ("valid-iat-one-second-ahead", {"iat": NOW + 1},
         "Two clocks may differ by a second."),
        ("valid-exp-one-second-left", {"exp": NOW + 1}, "One second is left."),
        ("valid-aal1", {"acr": "aal1", "amr": ["pwd"]}, "A password alone is enough."),
        ("valid-no-groups", {"groups": []}, "A person may be in no group."),
        ("valid-unverified-email", {"email_verified": False},
         "What an unverified address may do is the service's own rule."),
        ("valid-other-client", {"client_id": "orders-cli"},
         "Which client asked is not for every service to judge."),
        ("valid-non-ascii-email", {"email": "mäya@exämple.org"},
         "Addresses may hold any letters."),
    ]  # fmt: skip
    keys = [
        accept(f"valid-{key.alg.lower()}", compact(key), f"Good, signed by {key.alg}.")
        for key in (ES256, EDDSA, RS256)
    ]
    missing = [
        accept(f"valid-without-{name}", compact(ES256, body=without(name)), why)
        for name, why in OPTIONAL.items()
    ]
    letters = claims(email="mäya@exämple.org", groups=["Büro", "日本", "🙂"])
    utf_8 = json.dumps(letters, ensure_ascii=False, separators=(",", ":")).encode()
    keys.append(
        accept("valid-utf-8", compact(ES256, body=utf_8),
               "Letters need no escapes: JSON text is UTF-8 (RFC 8259 8.1).")
    )  # fmt: skip
    return keys + missing + [accept(n, changed(c), why) for n, c, why in lines]


def without(name: str) -> dict[str, Any]:
    """Good claims but one."""
    return {key: value for key, value in CLAIMS.items() if key != name}


def changed(more: dict[str, Any]) -> str:
    """A token of good claims with some changed."""
    return compact(ES256, body=claims(**more))


def missing() -> list[Case]:
    """Each required claim left out."""
    return [
        refuse(
            f"missing-{name}",
            compact(ES256, body=without(name)),
            f"The claim {name} is required.",
        )
        for name in CLAIMS
        if name not in OPTIONAL
    ]


#: claim: (what is wrong with it, its value)
WRONG: dict[str, list[tuple[str, Any]]] = {
    "iss": [("null", None), ("list", [ISSUER]), ("number", 1)],
    "aud": [
        ("null", None), ("number", 1), ("object", {AUDIENCE: 1}), ("empty-list", []),
        ("list-with-a-number", [AUDIENCE, 1]), ("nested-list", [[AUDIENCE]]),
    ],
    "sub": [("null", None), ("list", [PERSON]), ("number", 1), ("object", {})],
    "sid": [("null", None), ("list", [SIGN_IN]), ("number", 1)],
    "exp": [
        ("string", str(NOW + 240)), ("float", NOW + 240.5), ("whole-float", NOW + 240.),
        ("bool", True), ("null", None), ("list", [NOW + 240]), ("huge", 10**30),
    ],
    "iat": [
        ("string", str(NOW)), ("float", NOW - 0.5), ("bool", True), ("null", None),
    ],
    "nbf": [
        ("string", str(NOW)), ("float", NOW - 0.5), ("bool", True), ("null", None),
    ],
    "jti": [("null", None), ("number", 1), ("list", ["a"])],
    "token_type": [("null", None), ("list", ["access"]), ("bool", True)],
    "email": [("number", 1), ("null", None), ("list", ["maya@example.org"])],
    "email_verified": [("string", "true"), ("number", 1), ("null", None)],
    "client_id": [
        ("number", 1), ("null", None), ("list", ["first-party"]), ("empty", ""),
        ("long", "x" * 513),
    ],
    "groups": [
        ("string", "staff"), ("object", {"staff": True}), ("null", None),
        ("list-of-numbers", [1]), ("list-with-null", ["staff", None]),
        ("lone-surrogate", ["\ud800"]), ("long", ["x" * 513]),
    ],
    "amr": [
        ("string", "pwd"), ("null", None), ("list-of-numbers", [1]),
        ("lone-surrogate", ["pwd", "\udfff"]),
    ],
    "acr": [
        ("number", 2), ("null", None), ("list", ["aal2"]), ("unknown-level", "aal9"),
        ("upper-case", "AAL2"), ("empty", ""),
    ],
    "auth_time": [
        ("string", str(NOW - 60)), ("float", NOW - 60.5), ("bool", True),
        ("null", None),
    ],
}  # fmt: skip
SPELLINGS = {
    "upper-case": str.upper,
    "braces": "{{{}}}".format,
    "urn": "urn:uuid:{}".format,
    "no-dashes": lambda text: text.replace("-", ""),
    "trailing-newline": "{}\n".format,
    "leading-space": " {}".format,
    "nul": "{}\0".format,
    "full-width-digit": lambda text: text.replace("5", "\uff15", 1),
}


def mistyped() -> list[Case]:
    """Each claim of wrong types, and ids in other spellings than the one."""
    found = [
        refuse(
            f"{claim}-{name}",
            changed({claim: value}),
            f"The claim {claim} must not be so: {name.replace('-', ' ')}.",
        )
        for claim, values in WRONG.items()
        for name, value in values
    ]
    exponent = dump(CLAIMS).replace(str(NOW + 240).encode(), b"1.80000024e9")
    found.append(
        refuse(
            "exp-exponent",
            compact(ES256, body=exponent),
            "A time is an integer, not a number with an exponent.",
        )
    )
    found.extend(
        refuse(
            f"{claim}-{name}",
            changed({claim: spell(CLAIMS[claim])}),
            f"The uuid in {claim} has one spelling: lower case with dashes.",
        )
        for claim in ("sub", "sid")
        for name, spell in SPELLINGS.items()
    )
    found.append(
        refuse("sub-no-uuid", changed({"sub": "maya"}), "The sub must be a uuid.")
    )
    return found


def times_and_parties() -> list[Case]:
    """Right types, wrong time, issuer, audience or kind."""
    lines: list[tuple[str, dict[str, Any], str]] = [
        ("expired", {"iat": NOW - 900, "exp": NOW - 600}, "Its time is over."),
        ("expired-by-one-second", {"exp": NOW - 1}, "It ended a second ago."),
        ("expires-now", {"exp": NOW}, "In the second of exp it is over."),
        ("exp-zero", {"exp": 0}, "It ended in 1970."),
        ("exp-negative", {"exp": -1}, "It ended before 1970."),
        ("iat-in-the-future", {"iat": NOW + 2}, "It was issued after now."),
        ("iat-far-in-the-future", {"iat": NOW + 86_400, "exp": NOW + 86_700},
         "It was issued tomorrow."),
        ("nbf-in-the-future", {"nbf": NOW + 1}, "It is not valid yet."),
        ("iss-other", {"iss": "https://evil.example"}, "Another issuer."),
        ("iss-longer", {"iss": f"{ISSUER}.evil.example"}, "It only begins like ours."),
        ("iss-shorter", {"iss": ISSUER[:-1]}, "Ours only begins like it."),
        ("iss-slash", {"iss": f"{ISSUER}/"}, "Issuers are equal or not."),
        ("iss-upper-case", {"iss": ISSUER.upper()}, "Case counts."),
        ("aud-other", {"aud": "https://billing.example"}, "For another service."),
        ("aud-longer", {"aud": f"{AUDIENCE}.evil.example"}, "It only begins so."),
        ("aud-holds-ours", {"aud": f"x {AUDIENCE} y"}, "A text that holds ours."),
        ("aud-list-without-ours", {"aud": ["https://billing.example"]},
         "None of its audiences is ours."),
        ("token-type-refresh", {"token_type": "refresh"},
         "The typ says access, the claim says refresh."),
        ("token-type-upper-case", {"token_type": "Access"}, "Case counts."),
    ]  # fmt: skip
    return [refuse(name, changed(more), why) for name, more, why in lines]


def revoked() -> list[Case]:
    """Good in all but what the list of revocations says."""
    code = "token_revoked"
    ended = {"sid": REVOKED_SIGN_IN}
    return [
        refuse("revoked-sid", changed(ended), "Its sign-in was ended.", code),
        refuse("removed-kid", compact(REMOVED), "Its key was taken out.", code),
        refuse("removed-kid-and-revoked-sid", compact(REMOVED, body=claims(**ended)),
               "Both its key and its sign-in were ended.", code),
        refuse("revoked-sid-and-expired", changed({**ended, "exp": NOW - 1}),
               "Claims come before revocation: it is expired first of all."),
        refuse("removed-kid-and-forged", compact(ES256, {
               "alg": "ES256", "kid": REMOVED.kid, "typ": "at+jwt"}),
               "The signature comes before revocation: it does not fit."),
    ]  # fmt: skip


def cases() -> list[Case]:
    """All of this file."""
    return good() + missing() + mistyped() + times_and_parties() + revoked()
