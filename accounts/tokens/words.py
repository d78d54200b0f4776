"""Values and times as people read them, safe to show wherever they came from."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

LONGEST = 60


def shortened(value: Any) -> str:
    """A stranger's value in one short line of printable ASCII."""
    text = value if isinstance(value, str) else json.dumps(value, default=str)
    shown = text.encode("ascii", "replace").decode()
    shown = "".join(one if one.isprintable() else "?" for one in shown)
    return shown if len(shown) <= LONGEST else f"{shown[:LONGEST]}…"


def span(seconds: int) -> str:
    """A length of time in its largest fitting unit."""
    for length, word in ((86_400, "days"), (3600, "hours"), (60, "minutes")):
        if seconds >= 2 * length:
            return f"{seconds // length} {word}"
    return f"{seconds} s"


def moment(at: datetime) -> str:
    """When: the time alone if it was today."""
    at = at.astimezone(UTC)
    if at.date() == datetime.now(tz=UTC).date():
        return f"at {at:%H:%M:%S} UTC"
    return f"on {at.day} {at:%B %Y} at {at:%H:%M} UTC"
