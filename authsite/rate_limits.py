"""RATE_LIMITS: changes to single limits, by name."""

from __future__ import annotations

import re

from authsite.env import wrong

NAME = "RATE_LIMITS"
#: As allauth reads them; without the last part they are by network address.
RATE = re.compile(r"\d+/(?:\d+(?:\.\d+)?)?[smhd](?:/(ip|user|key))?")


def change(written: str, *tables: dict[str, str]) -> list[str]:
    """Change limits in the tables that have them; returns those it switched off.

    Written as action=limits;action=limits. Raises ImproperlyConfigured.
    """
    off: list[str] = []
    for part in written.split(";"):
        if not part.strip():
            continue
        action, _, rates = (piece.strip() for piece in part.partition("="))
        table = next((each for each in tables if action in each), None)
        if table is None:
            raise wrong(NAME, f"there is no limit called {action!r}")
        if table[action] and not rates:
            off.append(action)
        table[action] = _checked(action, rates, table[action])
    return off


def _checked(action: str, written: str, default: str) -> str:
    """A part such as "10/m/ip,5/5m/key"; "" switches this limit off.

    What its hits are counted by must be known where they are counted: "ip" is always,
    "user" and "key" where the default has them.
    """
    known = {"ip", *re.findall(r"user|key", default)}
    for rate in written.split(",") if written else []:
        found = RATE.fullmatch(rate.strip())
        if not found or (found[1] or "ip") not in known:
            ways = ", ".join(sorted(known))
            msg = f"write {action}=10/5m/ip: times, per s m h or d, by one of {ways}"
            raise wrong(NAME, msg)
    return written
