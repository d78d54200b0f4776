"""Step-up (RFC 9470): which good tokens satisfy which demand."""

from __future__ import annotations

from typing import Any

from tests.vectors.encoding import CLAIMS, NOW, Case, accept, claims, compact
from tests.vectors.keys import ES256

MAX_AGE = 300
#: name: (claims that differ, why the token itself is good); None leaves a claim out
TOKENS: dict[str, tuple[dict[str, Any], str]] = {
    "proof-now": ({"auth_time": NOW}, "Proved this second."),
    "proof-one-second-ahead": ({"auth_time": NOW + 1}, "Clocks may differ by one."),
    "proof-at-the-edge": ({"auth_time": NOW - MAX_AGE}, "Proved 300 s ago."),
    "proof-over-the-edge": ({"auth_time": NOW - MAX_AGE - 1}, "Proved 301 s ago."),
    "proof-old": ({"auth_time": NOW - 86_400}, "Proved a day ago."),
    "proof-in-the-future": (
        {"auth_time": NOW + 2},
        "A proof yet to come is not looked at where none is demanded.",
    ),
    "proof-now-aal1": ({"auth_time": NOW, "acr": "aal1"}, "Proved by one factor."),
    "proof-old-aal1": ({"auth_time": NOW - 86_400, "acr": "aal1"}, "Long ago, by one."),
    "proof-no-time": ({"auth_time": None}, "Step-up alone needs auth_time."),
    "proof-no-acr": ({"acr": None, "auth_time": NOW}, "Step-up alone needs acr."),
    "proof-nothing": (
        {"acr": None, "amr": None, "auth_time": None},
        "Step-up alone needs them.",
    ),
}
#: token, max_age, acr, satisfied
DEMANDS: list[tuple[str, int | None, str | None, bool]] = [
    ("proof-now", MAX_AGE, "aal2", True),
    ("proof-now", MAX_AGE, None, True),
    ("proof-now", None, "aal2", True),
    ("proof-now", None, "aal1", True),
    ("proof-now", 0, None, True),
    ("proof-one-second-ahead", MAX_AGE, "aal2", True),
    ("proof-one-second-ahead", 0, None, True),
    ("proof-at-the-edge", MAX_AGE, "aal2", True),
    ("proof-at-the-edge", MAX_AGE, None, True),
    ("proof-over-the-edge", MAX_AGE, "aal2", False),
    ("proof-over-the-edge", MAX_AGE, None, False),
    ("proof-over-the-edge", None, "aal2", True),
    ("proof-over-the-edge", MAX_AGE + 1, None, True),
    ("proof-at-the-edge", 0, None, False),
    ("proof-old", MAX_AGE, "aal2", False),
    ("proof-old", None, "aal2", True),
    ("proof-in-the-future", MAX_AGE, "aal2", False),
    ("proof-in-the-future", MAX_AGE, None, False),
    ("proof-now-aal1", MAX_AGE, "aal2", False),
    ("proof-now-aal1", None, "aal2", False),
    ("proof-now-aal1", MAX_AGE, "aal1", True),
    ("proof-now-aal1", MAX_AGE, None, True),
    ("proof-old-aal1", MAX_AGE, "aal2", False),
    ("proof-no-time", MAX_AGE, "aal2", False),
    ("proof-no-time", MAX_AGE, None, False),
    ("proof-no-time", None, "aal2", True),
    ("proof-no-acr", MAX_AGE, "aal2", False),
    ("proof-no-acr", None, "aal2", False),
    ("proof-no-acr", None, "aal1", False),
    ("proof-no-acr", MAX_AGE, None, True),
    ("proof-nothing", MAX_AGE, "aal2", False),
    ("proof-nothing", MAX_AGE, None, False),
    ("proof-nothing", None, "aal1", False),
]


def tokens() -> list[Case]:
    """The good tokens that are asked about."""
    found = []
    for name, (more, why) in TOKENS.items():
        left = [claim for claim in CLAIMS if more.get(claim, "") is not None]
        body = {claim: claims(**more)[claim] for claim in left}
        found.append(accept(name, compact(ES256, body=body), why))
    return found


def cases() -> list[Case]:
    """Each demand."""
    found = []
    for token, max_age, acr, satisfied in DEMANDS:
        demanded = [acr] if acr else []
        if max_age is not None:
            demanded.append(f"within-{max_age}")
        found.append(
            {
                "name": f"{token}-for-{'-'.join(demanded)}",
                "token": token,
                "max_age": max_age,
                "acr": acr,
                "satisfied": satisfied,
            }
        )
    return found
