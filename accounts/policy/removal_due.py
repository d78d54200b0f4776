"""What time does to requests to remove factors: a reminder, the removal, forgetting.

Run every minute by the launcher and by `manage.py prune`. Each request is decided in
a transaction of its own, by whoever holds its row: it does not matter how many run at
once, or how late.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

import structlog
from allauth.mfa.models import Authenticator
from django.db import transaction
from django.utils import timezone

from accounts.audit.models import Action
from accounts.audit.record import record
from accounts.policy import ended
from accounts.policy.models import FactorRemoval
from accounts.policy.removal import cancel, hold, tell
from accounts.policy.sessions import end_sessions
from accounts.policy.ways_in import lock

if TYPE_CHECKING:
    from collections.abc import Callable

log = structlog.get_logger(__name__)
SOON = "mfa/email/removal_soon"
DONE = "mfa/email/removal_done"
REMIND_BEFORE = timedelta(hours=24)
#: Between the reminder and the removal at least, even when the reminder went out late.
LEAST_NOTICE = timedelta(hours=23)
#: After this something is wrong: nothing runs the removals that are due.
PATIENCE = timedelta(hours=26)
BATCH = 500


def run_due() -> int:
    """Send the reminders and remove the factors that are due; returns how many people.

    One that fails is logged, delays no other and is tried again at the next run.
    """
    now = timezone.now()
    rows = FactorRemoval.objects.filter(FactorRemoval.OPEN).order_by("due_at")
    remind = rows.filter(reminded_at=None, due_at__lte=now + REMIND_BEFORE)
    for pk in list(remind.values_list("pk", flat=True)[:BATCH]):
        _each(_remind, pk)
    due = rows.exclude(reminded_at=None).filter(due_at__lte=now)
    return sum(
        _each(_remove, pk) for pk in list(due.values_list("pk", flat=True)[:BATCH])
    )


def overdue() -> int:
    """How many should have been done long ago."""
    before = timezone.now() - PATIENCE
    return FactorRemoval.objects.filter(FactorRemoval.OPEN, due_at__lt=before).count()


def prune_removals(keep: timedelta) -> int:
    """Delete requests that ended longer than `keep` ago; returns how many."""
    before = timezone.now() - keep
    ended_ones = FactorRemoval.objects.exclude(FactorRemoval.OPEN)
    return ended_ones.filter(asked_at__lt=before).delete()[0]


def _each(act: Callable[[int], bool], pk: int) -> bool:
    try:
        with transaction.atomic():
            return act(pk)
    except Exception:
        log.exception("factor_removal_failed", removal=pk)
        return False


def _remind(pk: int) -> bool:
    row = hold(pk=pk, reminded_at=None)
    if row is None:
        return False
    row.reminded_at = timezone.now()
    row.due_at = max(row.due_at, row.reminded_at + LEAST_NOTICE)
    row.save(update_fields=["reminded_at", "due_at"])
    tell(row, SOON)
    return True


def _remove(pk: int) -> bool:
    found = FactorRemoval.objects.select_related("user").filter(pk=pk).first()
    if found is None:
        return False
    user = found.user
    # In the order in which a sign-in takes them: person, factors, request.
    lock(user)
    factors = Authenticator.objects.filter(user=user)
    kinds: Any = sorted({one.type for one in factors.select_for_update()})
    row = hold(pk=pk, due_at__lte=timezone.now())
    if row is None:
        return False
    row.user.refresh_from_db()
    if not row.user.is_active:
        cancel(row.user, FactorRemoval.CancelledBy.ADMIN)
        return False
    row.done_at = timezone.now()
    row.save(update_fields=["done_at"])
    factors.delete()
    record(Action.REMOVAL_DONE, user=row.user, factors="+".join(kinds))
    # With the sessions go all tokens; browsers were trusted for the factors that went.
    end_sessions(row.user, "factors_removed", ended.Reason.FACTORS)
    tell(row, DONE)
    return True
