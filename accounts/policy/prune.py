"""Forgetting sessions that have ended."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from allauth.usersessions.models import UserSession
from django.contrib.sessions.models import Session
from django.db import transaction
from django.utils import timezone

from accounts.policy.ended import Reason, note
from accounts.policy.models import EndedSession

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import timedelta

BATCH = 500
PAUSE = 0.02  # seconds


def prune_sessions() -> Iterator[int]:
    """Delete sessions that have expired, a batch at a time; yields how many each did.

    Their places in people's lists go with them, and so do their tokens.
    """
    over = Session.objects.filter(expire_date__lt=timezone.now())
    while True:
        batch = list(over.values_list("pk", flat=True)[:BATCH])
        if not batch:
            return
        with transaction.atomic():
            gone = over.filter(pk__in=batch).delete()[0]
            # Not of those that were extended meanwhile.
            left = Session.objects.filter(pk__in=batch).values_list("pk", flat=True)
            gone_keys = set(batch) - set(left)
            listed = UserSession.objects.filter(session_key__in=gone_keys)
            note(listed.values_list("session_key", flat=True), Reason.UNUSED)
            listed.delete()
        yield gone
        time.sleep(PAUSE)


def prune_ended(keep: timedelta) -> int:
    """Forget why sessions ended that ended longer than `keep` ago; returns how many."""
    before = timezone.now() - keep
    return EndedSession.objects.filter(ended_at__lt=before).delete()[0]
