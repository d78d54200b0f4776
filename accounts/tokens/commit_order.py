"""Numbers that order revocations by transaction, so that a late commit is not missed.

A time says when a statement ran, not when others could see it: a transaction that
waits for a lock, or changes a million rows, commits long after. So every revocation
also carries a number, and each read returns a floor: whatever becomes visible after
that read has a number of at least the floor.
"""

from __future__ import annotations

import time
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import structlog
from django.db import transaction
from django.db.models import BigIntegerField, Func
from django.utils import timezone

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

log = structlog.get_logger(__name__)
#: A commit this much after its stamp is logged, and stamped again.
LATE = timedelta(seconds=10)
_HIGHEST = (
    "MAX(COALESCE((SELECT MAX(revoked_tx) FROM tokens_family), 0),"
    " COALESCE((SELECT MAX(removed_tx) FROM tokens_signingkey), 0))"
)


class Number(Func):
    """The number of the revocations of this transaction, for an UPDATE.

    On PostgreSQL the id of the transaction. SQLite has one writer at a time, so one
    more than the highest number follows everything that is committed; the clock keeps
    it rising after the rows with the highest numbers were pruned.
    """

    output_field = BigIntegerField()

    def as_postgresql(self, *args: Any, **kwargs: Any) -> tuple[str, list[Any]]:
        """An xid8, which does not wrap around."""
        return "pg_current_xact_id()::text::bigint", []

    def as_sqlite(  # type: ignore[override] # as Func declares as_sql()
        self, *args: Any, **kwargs: Any
    ) -> tuple[str, list[Any]]:
        """Evaluated while the transaction holds the write lock."""
        return f"MAX(1 + {_HIGHEST}, %s)", [time.time_ns() // 1000]


class Floor(Func):
    """The lowest number that can still become visible after this query."""

    output_field = BigIntegerField()

    def as_postgresql(self, *args: Any, **kwargs: Any) -> tuple[str, list[Any]]:
        """The oldest transaction in flight; all before it are visible or undone."""
        return "pg_snapshot_xmin(pg_current_snapshot())::text::bigint", []

    def as_sqlite(  # type: ignore[override] # as Func declares as_sql()
        self, *args: Any, **kwargs: Any
    ) -> tuple[str, list[Any]]:
        """One more than the highest number: the next writer's is no lower."""
        return f"1 + {_HIGHEST}", []


def watch(stamp: datetime, what: str, again: Callable[[datetime], object]) -> None:
    """After the commit of this transaction, look how late it came.

    More than LATE after `stamp`: an alarm in the log, and `again(now)` stamps the rows
    again, so that a process that starts later counts from when they were visible.
    `what` names the kind of revocation.
    """

    def look() -> None:
        now = timezone.now()
        if now - stamp > LATE:
            late = round((now - stamp).total_seconds())
            log.error("revocation_committed_late", what=what, seconds=late)
            again(now)

    transaction.on_commit(look)
