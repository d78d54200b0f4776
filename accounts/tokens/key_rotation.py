"""Rotation of signing keys: next → active → retired → gone.

A new key is published before it signs, so that every verifier knows it by then; an
old one verifies until its last token has expired. Each step is taken when it is due,
under a lock, so that a daily job (or two at once) does the right thing and no more.
A service that names itself and has not fetched the new key is waited for, a day at
most: whoever reads the command's output can look after it meanwhile.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from django.conf import settings
from django.db import IntegrityError, transaction
from django.utils import timezone

from accounts.audit.models import Action
from accounts.audit.record import record
from accounts.crypto import decrypt, encrypt, is_under_present_secret
from accounts.tokens import ring
from accounts.tokens.models import Family, SigningKey
from accounts.tokens.readers import behind, readers
from accounts.tokens.snapshot import revoked

if TYPE_CHECKING:
    from datetime import datetime

    from accounts.tokens.readers import Behind

State = SigningKey.State
#: From being made until every verifier knows a key: our processes read the ring every
#: 30 s, the JWKS may be kept for 300 s, and as much again for clocks and queues.
PUBLISHED = timedelta(minutes=10)
#: And so long for services that have named themselves and do not have it yet.
WAITED = timedelta(days=1)
#: When tokens of a removed key are refused.
REFUSED = (
    "here within a second, by services that poll /api/revocations/ within three, by "
    "others when they next fetch the JWKS"
)


def rotate(every: timedelta, *, anyway: bool = False) -> list[str]:
    """Take the steps that are due; `every` is the age at which the active key retires.

    `anyway` waits for no service that has not fetched the new key. Returns a sentence
    for each step, or for what is waited for.
    """
    try:
        told = _rotate(every, timezone.now(), anyway=anyway)
    except IntegrityError:
        told = ["Another run has just taken these steps."]
    ring.forget()
    return told


def readiness() -> list[str]:
    """What stands between the next key and signing, as sentences; safe when it is."""
    following = SigningKey.objects.filter(state=State.NEXT).first()
    if following is None:
        return ["There is no next key yet: make one first."]
    due = following.created_at + PUBLISHED
    if timezone.now() < due:
        early = "until then a verifier may not know it."
        return [f"{following} may sign from {due:%H:%M} UTC: {early}"]
    missing = [_told(one) for one in behind(following.kid)]
    return missing or [f"It is safe to sign with {following}: {_who_knows()}."]


def _rotate(every: timedelta, now: datetime, *, anyway: bool) -> list[str]:
    with transaction.atomic():
        keys = _locked()
        _seal_anew(keys)
        told = _remove_expired(keys, now)
        active, following = keys[State.ACTIVE], keys[State.NEXT]
        if not following:
            told.append(f"Made {_make(State.NEXT)}: published, not signing yet.")
        elif active and now - _since(active[0]) < every:
            due = _since(active[0]) + every
            told.append(f"{active[0]} signs until {due:%d %B %Y, %H:%M} UTC.")
            told += readiness()
        elif now - following[0].created_at < PUBLISHED:
            told += readiness()
        elif waited := _waited_for(following[0], now, anyway=anyway):
            told += waited
        else:
            told += readiness() + _promote(active, following[0], now)
    return told


def _waited_for(following: SigningKey, now: datetime, *, anyway: bool) -> list[str]:
    missing = [_told(one) for one in behind(following.kid)]
    until = following.created_at + PUBLISHED + WAITED
    if anyway or not missing or now >= until:
        return []
    last = f"{until:%d %B %Y, %H:%M} UTC"
    return [*missing, f"{following} waits for them until {last}, or for --anyway."]


def _told(one: Behind) -> str:
    return f"{one.name} has not fetched it since {one.fetched_at:%d %B, %H:%M} UTC."


def _who_knows() -> str:
    seen = readers()
    if not seen:
        return "no service has named itself, and it has been published long enough"
    return f"all {seen} services seen within a day have fetched it"


def replace_at_once() -> list[str]:
    """For a key that was stolen: a new one signs, the others verify nothing any more.

    Every sign-in by token ends; browser sessions go on. Services that poll the list of
    revocations learn of it in seconds, others with their next JWKS (300 s).
    """
    now = timezone.now()
    with transaction.atomic():
        removed = [key for keys in _locked().values() for key in keys]
        for key in removed:
            _remove(key, now, emergency=True)
        new = _make(State.ACTIVE)
        live = Family.objects.filter(revoked_at__isnull=True, expires_at__gt=now)
        ended = live.update(revoked_at=now, revoked_reason=Family.Reason.KEY_REPLACED)
        record(Action.TOKENS_REVOKED, reason="key_replaced", families=ended)
        transaction.on_commit(revoked.clear)
    ring.forget()
    return [
        f"{new} signs.",
        f"Removed {len(removed)} keys: their tokens are refused {REFUSED}.",
        f"{ended} sign-ins by token have ended; browser sessions go on.",
    ]


def live_sign_ins() -> int:
    """How many sign-ins by token an emergency would end."""
    now = timezone.now()
    return Family.objects.filter(revoked_at__isnull=True, expires_at__gt=now).count()


def last_token_expires(key: SigningKey) -> datetime | None:
    """When nothing that a retired key has signed is valid any more."""
    if key.retired_at is None:
        return None
    longest = max(settings.JWT_REFRESH_LIFETIME, settings.JWT_ACCESS_LIFETIME)
    return key.retired_at + longest


def _locked() -> dict[State, list[SigningKey]]:
    found: dict[State, list[SigningKey]] = {state: [] for state in State}
    rows = SigningKey.objects.select_for_update().exclude(state=State.GONE)
    for key in rows.order_by("created_at"):
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
            _remove(key, now)
    return told


def _remove(key: SigningKey, now: datetime, *, emergency: bool = False) -> None:
    key.state, key.removed_at, key.sealed_private = State.GONE, now, b""
    key.save(update_fields=["state", "removed_at", "sealed_private"])
    record(Action.KEY_REMOVED, kid=key.kid, emergency=emergency)


def _seal_anew(keys: dict[State, list[SigningKey]]) -> None:
    """Under the present AUTH_SECRET, so that an older one can be forgotten."""
    for key in (key for several in keys.values() for key in several):
        sealed = bytes(key.sealed_private)
        if not is_under_present_secret(sealed, ring.PURPOSE):
            key.sealed_private = encrypt(decrypt(sealed, ring.PURPOSE), ring.PURPOSE)
            key.save(update_fields=["sealed_private"])
