"""Is it safe to sign with the next key? What the command and the admin say of it."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from django.utils import timezone

from accounts.tokens.models import SigningKey
from accounts.tokens.readers import behind, is_full, readers

if TYPE_CHECKING:
    from datetime import datetime

#: From being made until every verifier knows a key: our processes read the ring every
#: 30 s, the JWKS may be kept for 300 s, and as much again for clocks and queues.
PUBLISHED = timedelta(minutes=10)
#: And so long for services that have named themselves and do not have it yet.
WAITED = timedelta(days=1)


def readiness() -> list[str]:
    """What stands between the next key and signing, as sentences; safe when it is."""
    following = SigningKey.objects.filter(state=SigningKey.State.NEXT).first()
    if following is None:
        return ["There is no next key yet: rotating makes one first."]
    if early := too_early(following, timezone.now()):
        return early
    told = missing(following) or [
        f"It is safe to sign with {following}: {_who_knows()}."
    ]
    if is_full():
        told.append(
            "More services have named themselves than are remembered: one that is not "
            "listed may lack it."
        )
    return told


def plan() -> list[str]:
    """What a rotation will do once nothing stands in its way."""
    State = SigningKey.State  # noqa: N806 - a class
    known = {key.state: key for key in SigningKey.objects.exclude(state=State.GONE)}
    following, active = known.get(State.NEXT), known.get(State.ACTIVE)
    if following is None:
        return ["A next key is made and published. It does not sign yet."]
    told = [f"Then {following} signs, and a new next key is published."]
    if active:
        told.append(f"{active} retires: it verifies until its last token has expired.")
    return told


def too_early(following: SigningKey, now: datetime) -> list[str]:
    """Why a key may not sign yet, whoever has fetched it; empty when it may."""
    due = following.created_at + PUBLISHED
    if now >= due:
        return []
    early = "until then a verifier may not know it."
    return [f"{following} may sign from {due:%H:%M} UTC: {early}"]


def missing(following: SigningKey) -> list[str]:
    """A sentence for each service that has not fetched it."""
    return [
        f"{one.name} has not fetched it since {one.fetched_at:%d %B, %H:%M} UTC."
        for one in behind(following.kid)
    ]


def waited_for(following: SigningKey, now: datetime) -> list[str]:
    """The services that a rotation waits for, and how long; empty when for none."""
    lacking = missing(following)
    until = following.created_at + PUBLISHED + WAITED
    if not lacking or now >= until:
        return []
    last = f"{until:%d %B %Y, %H:%M} UTC"
    return [*lacking, f"{following} waits for them until {last}, or for --anyway."]


def _who_knows() -> str:
    seen = readers()
    if not seen:
        return "no service has named itself, and it has been published long enough"
    if seen == 1:
        return "the one service seen within a day has fetched it"
    return f"all {seen} services seen within a day have fetched it"
