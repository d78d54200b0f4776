"""Rotation of signing keys: next → active → retired → gone.

A new key is published before it signs, so that every verifier knows it by then; an
old one verifies until its last token has expired. Each step is taken when it is due,
under a lock, so that a daily job (or two at once) does the right thing and no more.
A service that names itself and has not fetched the new key is waited for, a day at
most: whoever reads the command's output can look after it meanwhile.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.conf import settings
from django.db import IntegrityError, transaction
from django.utils import timezone

from accounts.audit.models import Action
from accounts.audit.record import record
from accounts.crypto import sealed_anew
from accounts.tokens import ring
from accounts.tokens.commit_order import Number, watch
from accounts.tokens.keys import SHARED
from accounts.tokens.models import Family, SigningKey
from accounts.tokens.readiness import readiness, too_early, waited_for
from accounts.tokens.removed_keys import end_orphans, last_token_expires
from accounts.tokens.snapshot import revoked

if TYPE_CHECKING:
    from datetime import timedelta

    from django.http import HttpRequest

State = SigningKey.State
#: When tokens of a removed key are refused.
REFUSED = (
    "here within a second, by services that poll /api/revocations/ in seconds, by "
    "others when they next fetch the JWKS"
)


@dataclass(frozen=True, slots=True)
class Order:
    """Who wants it and why, for the events; a job has neither."""

    request: HttpRequest | None = None
    reason: str = ""

    def record(self, action: Action, **data: str | int) -> None:
        """Write an event about keys."""
        # mypy fears that data's names could be those of other arguments.
        record(action, request=self.request, reason=self.reason, **data)  # type: ignore[arg-type]


def rotate(
    every: timedelta, *, anyway: bool = False, order: Order | None = None
) -> list[str]:
    """Take the steps that are due; `every` is the age at which the active key retires.

    `anyway` waits for no service that has not fetched the new key. Returns a sentence
    for each step, or for what is waited for.
    """
    try:
        with transaction.atomic():
            told = _Steps(order or Order()).due(every, anyway=anyway)
    except IntegrityError:
        told = ["Another run has just taken these steps."]
    ring.forget()
    if ended := end_orphans():  # of an emergency that was interrupted
        told.append(f"Sign-ins of removed keys ended: {ended}.")
    return told


def replace_at_once(order: Order | None = None) -> list[str]:
    """For a key that was stolen: a new one signs, the others verify nothing any more.

    Every sign-in by token ends; browser sessions go on. Services that poll the list of
    revocations learn of it in seconds, others with their next JWKS (300 s).

    The keys go in a short transaction of their own: from its commit nothing that they
    signed is accepted. The sign-ins, which may be a million rows, follow in batches.
    """
    order = order or Order()
    try:
        with transaction.atomic():
            told = _Steps(order).replace()
            transaction.on_commit(revoked.clear)
    except IntegrityError:
        ring.forget()
        return ["Another run has just taken these steps."]
    ring.forget()
    ended = end_orphans()
    order.record(Action.TOKENS_REVOKED, families=ended, why="key_replaced")
    told.append(f"Sign-ins by token ended: {ended}. Browser sessions go on.")
    if settings.JWT_ALGORITHM == SHARED:
        told.append(
            "JWT_SHARED_SECRET has signed the access tokens, and only you can "
            "change it: do, if it may be known."
        )
    return told


def seal_keys_anew() -> int:
    """Bring every key under the present AUTH_SECRET; returns how many were not."""
    with transaction.atomic():
        return _Steps(Order()).seal_anew()


def live_sign_ins() -> int:
    """How many sign-ins by token an emergency would end."""
    now = timezone.now()
    return Family.objects.filter(revoked_at__isnull=True, expires_at__gt=now).count()


@dataclass
class _Steps:
    """The steps of one run, in one transaction, on locked rows."""

    order: Order

    def __post_init__(self) -> None:
        rows = SigningKey.objects.select_for_update().exclude(state=State.GONE)
        # Twice: whoever waited for a lock has not seen what its holder has inserted.
        for _ in range(2):
            self.keys: dict[State, list[SigningKey]] = {state: [] for state in State}
            for key in rows.order_by("created_at"):
                self.keys[State(key.state)].append(key)
        self.now = timezone.now()  # after the wait for the locks

    def due(self, every: timedelta, *, anyway: bool) -> list[str]:
        told = self._remove_expired()
        if not self.keys[State.NEXT]:
            return [*told, self._make_next()]
        (following,) = self.keys[State.NEXT]
        for active in self.keys[State.ACTIVE]:  # one, or none
            due = (active.activated_at or active.created_at) + every
            if self.now < due:
                told.append(f"{active} signs until {due:%d %B %Y, %H:%M} UTC.")
                return told + readiness()
        if early := too_early(following, self.now):
            return told + early
        if not anyway and (waiting := waited_for(following, self.now)):
            return told + waiting
        return told + readiness() + self._promote(following)

    def replace(self) -> list[str]:
        removed = [key for several in self.keys.values() for key in several]
        for key in removed:
            self._remove(key)
        new = self._make(State.ACTIVE)
        return [
            f"{new} signs.",
            f"Keys removed: {len(removed)}. Their tokens are refused {REFUSED}.",
        ]

    def _promote(self, following: SigningKey) -> list[str]:
        told = []
        for key in self.keys[State.ACTIVE]:
            key.state, key.retired_at = State.RETIRED, self.now
            key.save(update_fields=["state", "retired_at"])
            self.order.record(Action.KEY_RETIRED, kid=key.kid)
            until = last_token_expires(key)
            told.append(f"{key} retired: it verifies until {until:%d %B %Y}.")
        following.state, following.activated_at = State.ACTIVE, self.now
        following.save(update_fields=["state", "activated_at"])
        self.order.record(Action.KEY_ACTIVATED, kid=following.kid)
        return [*told, f"{following} signs.", self._make_next()]

    def _make_next(self) -> str:
        return f"Made {self._make(State.NEXT)}: published, not signing yet."

    def _make(self, state: State) -> SigningKey:
        key = ring.new_key(state)
        self.order.record(Action.KEY_CREATED, kid=key.kid, algorithm=key.algorithm)
        return key

    def _remove_expired(self) -> list[str]:
        told = []
        for key in self.keys[State.RETIRED]:
            ends = last_token_expires(key)
            if ends and ends <= self.now:
                self._remove(key)
                told.append(f"Removed {key}: its last token has expired.")
        return told

    def _remove(self, key: SigningKey) -> None:
        row = SigningKey.objects.filter(pk=key.pk)
        row.update(
            state=State.GONE,
            removed_at=self.now,
            removed_tx=Number(),
            sealed_private=b"",
        )
        key.refresh_from_db()
        self.order.record(Action.KEY_REMOVED, kid=key.kid)
        watch(
            self.now,
            "signing keys",
            lambda now: row.update(removed_at=now, removed_tx=Number()),
        )

    def seal_anew(self) -> int:
        changed = 0
        for key in (key for several in self.keys.values() for key in several):
            sealed = bytes(key.sealed_private)
            key.sealed_private = sealed_anew(sealed, ring.PURPOSE)
            if key.sealed_private != sealed:
                key.save(update_fields=["sealed_private"])
                changed += 1
        return changed
