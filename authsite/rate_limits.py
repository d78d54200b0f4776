"""RATE_LIMITS: changes to single limits, by name."""

from __future__ import annotations

import re

from authsite.env import wrong

NAME = "RATE_LIMITS"
#: As allauth reads them; without the last part they are by network address.
RATE = re.compile(r"(\d{1,9})/(\d{1,9}(?:\.\d{1,9})?)?([smhd])(?:/(ip|user|key))?")
SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86400}
#: Caches count whole seconds: hits of a shorter window are forgotten as they are
#: written, and the limit is none.
SHORTEST = 1
BY_RECIPIENT = frozenset({"email"})
LONGEST = 366 * SECONDS["d"]


def change(written: str, *tables: dict[str, str]) -> list[str]:
    """Change limits in the tables that have them; returns those it switched off.

    Written as action=limits;action=limits. Raises ImproperlyConfigured.
    """
    limited = [action for table in tables for action in table if table[action]]
    for part in written.split(";"):
        if not part.strip():
            continue
        action, _, rates = (piece.strip() for piece in part.partition("="))
        table = next((each for each in tables if action in each), None)
        if table is None:
            raise wrong(NAME, f"there is no limit called {action!r}")
        table[action] = _checked(action, rates, table[action])
    kept = {action for table in tables for action in table if table[action]}
    return [action for action in limited if action not in kept]


def _checked(action: str, written: str, default: str) -> str:
    """A part such as "10/m/ip,5/5m/key"; "" switches this limit off.

    What its hits are counted by must be known where they are counted: "ip" is always,
    "user" and "key" where the default has them. Emails are counted by recipient alone.
    """
    known = {*re.findall(r"user|key", default)}
    if action not in BY_RECIPIENT:
        known.add("ip")
    for rate in written.split(",") if written else []:
        found = RATE.fullmatch(rate.strip())
        if not found or (found[4] or "ip") not in known:
            ways = ", ".join(sorted(known))
            msg = f"write {action}=10/5m/ip: times, per s m h or d, by one of {ways}"
            raise wrong(NAME, msg)
        seconds = float(found[2] or 1) * SECONDS[found[3]]
        if not int(found[1]) or not SHORTEST <= seconds <= LONGEST:
            msg = (
                f"{action} must allow at least 1 time, in 1s to 366d; "
                f"{action}= switches this limit off"
            )
            raise wrong(NAME, msg)
    return written
