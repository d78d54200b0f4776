"""Forgetting families that nothing depends on any more."""

from __future__ import annotations

import time
from datetime import timedelta
from typing import TYPE_CHECKING

from django.db.models import Q
from django.utils import timezone

from accounts.tokens.models import Family

if TYPE_CHECKING:
    from collections.abc import Iterator

#: Rows in one DELETE: a few milliseconds, so that nobody waits long for a lock.
BATCH = 1000
#: Seconds between two, for those who want to write meanwhile (SQLite has one writer).
PAUSE = 0.02


def prune_families(keep: timedelta) -> Iterator[int]:
    """Delete families that ended longer than `keep` ago, a batch at a time.

    Yields how many each batch deleted, in its own transaction. What ended within
    `keep` stays, so that "why was it refused?" has an answer. Never touches a family
    that is live, nor one on the list of revocations.
    """
    before = timezone.now() - max(keep, timedelta(days=1))
    over = Family.objects.filter(
        Q(expires_at__lt=before) | Q(revoked_at__isnull=False, revoked_at__lt=before)
    )
    while True:
        batch = list(over.values_list("pk", flat=True)[:BATCH])
        if not batch:
            return
        yield Family.objects.filter(pk__in=batch).delete()[0]
        time.sleep(PAUSE)
