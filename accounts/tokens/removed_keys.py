"""Families whose key was removed before its time, ended a batch at a time.

Nothing that such a key signed is accepted any more, so no token is waiting for this:
it is for the lists that people read. Whatever was interrupted is finished by the next
rotation.
"""

from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import UUID

from django.conf import settings
from django.utils import timezone

from accounts.tokens.commit_order import Number
from accounts.tokens.models import Family, SigningKey

if TYPE_CHECKING:
    from datetime import datetime, timedelta

#: Rows in one UPDATE, each in a transaction of its own.
BATCH = 2000


def end_orphans() -> int:
    """End the live families of keys that an emergency removed; returns how many."""
    kids = _removed_early()
    ended, after = 0, UUID(int=0)
    while kids:
        rows = Family.objects.filter(
            pk__gt=after, revoked_at__isnull=True, expires_at__gt=timezone.now()
        ).order_by("pk")
        batch = list(rows.values_list("pk", "kid")[:BATCH])
        if not batch:
            break
        after = batch[-1][0]
        mine = [pk for pk, kid in batch if kid in kids]
        # Not one that another request has just moved to a key that signs.
        ended += Family.objects.filter(
            pk__in=mine, kid__in=kids, revoked_at__isnull=True
        ).update(
            revoked_at=timezone.now(),
            revoked_tx=Number(),
            revoked_reason=Family.Reason.KEY_REPLACED,
        )
    return ended


def last_token_expires(key: SigningKey) -> datetime | None:
    """When nothing that a retired key has signed is valid any more."""
    return key.retired_at + _longest() if key.retired_at else None


def _longest() -> timedelta:
    longest: timedelta = max(
        settings.JWT_REFRESH_LIFETIME, settings.JWT_ACCESS_LIFETIME
    )
    return longest


def _removed_early() -> set[str]:
    """The keys removed while tokens of theirs were live, and could still be."""
    recent = timezone.now() - _longest()
    gone = SigningKey.objects.filter(state=SigningKey.State.GONE, removed_at__gt=recent)
    return {key.kid for key in gone if _was_removed_early(key)}


def _was_removed_early(key: SigningKey) -> bool:
    ends = last_token_expires(key)
    return ends is None or (key.removed_at is not None and key.removed_at < ends)
