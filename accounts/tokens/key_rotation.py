"""Rotation of signing keys: next → active → retired → gone.

A new key is published before it signs, so that every verifier knows it by then; an
old one verifies until its last token has expired. Each step is taken when it is due,
under a lock, so that a daily job (or two at once) does the right thing and no more.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from django.conf import settings
from django.db import IntegrityError, transaction
from django.utils import timezone

from accounts.audit.models import Action
from accounts.audit.record import record
from accounts.tokens import ring
from accounts.tokens.models import Family, SigningKey
from accounts.tokens.snapshot import revoked

if TYPE_CHECKING:
    from datetime import datetime

State = SigningKey.State
#: From being made until every verifier knows a key: our processes read the ring every
#: 30 s, the JWKS may be kept for 300 s, and as much again for clocks and queues.
PUBLISHED = timedelta(minutes=10)


def rotate(every: timedelta) -> list[str]:
    """Take the steps that are due; `every` is the age at which the active key retires.

    Returns a sentence for each step, or for what is waited for.
    """
    try:
        told = _rotate(every, timezone.now())
    except IntegrityError:
        told = ["Another run has just taken these steps."]
    ring.forget()
    return told


def _rotate(every: timedelta, now: datetime) -> list[str]:
    with transaction.atomic():
        keys = _locked()
        told = _remove_expired(keys, now)
        active, following = keys[State.ACTIVE], keys[State.NEXT]
        if not following:
            told.append(f"Made {_make(State.NEXT)}: published, not signing yet.")
        elif active and now - _since(active[0]) < every:
            due = _since(active[0]) + every
            told.append(f"{active[0]} signs until {due:%d %B %Y, %H:%M} UTC.")
        elif now - following[0].created_at < PUBLISHED:
            due = following[0].created_at + PUBLISHED
            told.append(
                f"{following[0]} may sign from {due:%H:%M} UTC: until then a verifier "
                "may not know it."
            )
        else:
            told += _promote(active, following[0], now)
    return told


def replace_at_once() -> list[str]:
    """For a key that was stolen: a new one signs, the others verify nothing any more.

    Every sign-in by token ends; browser sessions go on. Verifiers elsewhere take the
    old keys until they fetch the JWKS again (300 s).
    """
    now = timezone.now()
    with transaction.atomic():
        removed = [key for keys in _locked().values() for key in keys]
        names = [key.kid for key in removed]
        SigningKey.objects.filter(kid__in=names).delete()
        new = _make(State.ACTIVE)
        ended = list(
            Family.objects.filter(
                revoked_at__isnull=True, expires_at__gt=now
            ).values_list("pk", flat=True)
        )
        Family.objects.filter(pk__in=ended).update(
            revoked_at=now, revoked_reason=Family.Reason.KEY_REPLACED
        )
        for key in removed:
            record(Action.KEY_REMOVED, kid=key.kid, emergency=True)
        record(Action.TOKENS_REVOKED, reason="key_replaced", families=len(ended))
        transaction.on_commit(lambda: revoked.add(ended, now))
    ring.forget()
    where = "here within 30 s, by other services when they next fetch the JWKS"
    return [
        f"{new} signs.",
        f"Removed {len(removed)} keys: their tokens are refused {where}.",
        f"{len(ended)} sign-ins by token have ended; browser sessions go on.",
    ]


def last_token_expires(key: SigningKey) -> datetime | None:
    """When nothing that a retired key has signed is valid any more."""
    if key.retired_at is None:
        return None
    longest = max(settings.JWT_REFRESH_LIFETIME, settings.JWT_ACCESS_LIFETIME)
    return key.retired_at + longest


def _locked() -> dict[State, list[SigningKey]]:
    found: dict[State, list[SigningKey]] = {state: [] for state in State}
    for key in SigningKey.objects.select_for_update().order_by("created_at"):
        found[State(key.state)].append(key)
    return found


def _since(active: SigningKey) -> datetime:
    return active.activated_at or active.created_at


def _make(state: State) -> SigningKey:
    key = ring.new_key(state)
    record(Action.KEY_CREATED, kid=key.kid, algorithm=key.algorithm)
    return key


def _promote(
    active: list[SigningKey], following: SigningKey, now: datetime
) -> list[str]:
    told = []
    for key in active:  # one, or none
        key.state, key.retired_at = State.RETIRED, now
        key.save(update_fields=["state", "retired_at"])
        record(Action.KEY_RETIRED, kid=key.kid)
        until = last_token_expires(key)
        told.append(f"{key} retired: it verifies until {until:%d %B %Y}.")
    following.state, following.activated_at = State.ACTIVE, now
    following.save(update_fields=["state", "activated_at"])
    record(Action.KEY_ACTIVATED, kid=following.kid)
    told.append(f"{following} signs.")
    told.append(f"Made {_make(State.NEXT)}: published, not signing yet.")
    return told


def _remove_expired(keys: dict[State, list[SigningKey]], now: datetime) -> list[str]:
    told = []
    for key in keys[State.RETIRED]:
        ends = last_token_expires(key)
        if ends and ends <= now:
            told.append(f"Removed {key}: its last token has expired.")
            record(Action.KEY_REMOVED, kid=key.kid)
            key.delete()
    return told
