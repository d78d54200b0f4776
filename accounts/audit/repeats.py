"""Events that anybody can cause again and again: one at once, the rest as one.

The first of an action, a person and a network is written at once. Repetitions within
the next five minutes are counted in a table of their own, and written as one event with
their number when that window closes. So no event is ever changed.

A window closes with the next such try, when the person's events are read, and with
`manage.py prune`.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

import structlog
from allauth.core.internal.ratelimit import truncate_ip
from django.db import transaction
from django.db.models import F
from django.utils import timezone

from accounts.audit.models import Event, Outcome, Repeat
from accounts.audit.record import address_of, record, user_agent_of
from accounts.crypto import keyed_hash

if TYPE_CHECKING:
    from datetime import datetime
    from uuid import UUID

    from django.http import HttpRequest

    from accounts.audit.models import Action
    from accounts.models import User

log = structlog.get_logger("audit")
PURPOSE = "audit repeats"
WINDOW = timedelta(minutes=5)
#: Windows closed at once by a request that is about something else.
FEW = 20
BATCH = 500


def record_repeated(
    action: Action,
    *,
    request: HttpRequest,
    user: Any = None,  # a User, in a view's types maybe an AnonymousUser
    outcome: Outcome = Outcome.SUCCESS,
    **more: Any,
) -> None:
    """Like record(), for what can be repeated without end."""
    now, ip = timezone.now(), address_of(request)
    key = _key(action, user.pk if user else None, ip)
    open_ = Repeat.objects.filter(key=key, opened_at__gt=now - WINDOW)
    again = {"times": F("times") + 1, "last_at": now}
    if open_.update(**again):
        return
    values = {
        "action": action,
        "outcome": outcome,
        "user": user,
        "ip": ip,
        "user_agent": user_agent_of(request),
        "method": more.get("method", ""),
        "opened_at": now,
        "last_at": now,
    }
    with transaction.atomic():
        rows = Repeat.objects.select_for_update()
        row, is_new = rows.get_or_create(key=key, defaults=values)
        if not is_new:
            if open_.update(**again):
                return  # a parallel try opened the window
            _write(row)
            Repeat.objects.filter(pk=row.pk).update(times=0, **values)
        record(action, request=request, user=user, outcome=outcome, **more)
    close_over(limit=FEW)


def close_over(user: User | None = None, *, limit: int = BATCH) -> int:
    """Write what windows that are over have counted; returns how many were closed."""
    over = Repeat.objects.filter(opened_at__lte=timezone.now() - WINDOW)
    if user is not None:
        over = over.filter(user=user)
    closed = 0
    for pk in list(over.values_list("pk", flat=True)[:limit]):
        with transaction.atomic():
            row = over.select_for_update().filter(pk=pk).first()
            if row is not None:  # else another request closed it
                _write(row)
                row.delete()
                closed += 1
    return closed


def close_all() -> int:
    """Close every window that is over, a batch at a time."""
    closed = 0
    while found := close_over():
        closed += found
    return closed


def _write(row: Repeat) -> None:
    """One event for all repetitions, at the time of the last; none when there is none.

    It has no session and no request: they were many.
    """
    if not row.times:
        return
    data = {"times": row.times, "since": _iso(row.opened_at)}
    Event(
        at=row.last_at,
        action=row.action,
        outcome=row.outcome,
        user_id=row.user_id,
        actor_id=row.user_id,
        method=row.method,
        ip=row.ip,
        user_agent=row.user_agent,
        data=data,
    ).save()
    log.info(
        "audit",
        action=row.action,
        outcome=row.outcome,
        user=str(row.user_id) if row.user_id else None,
        method=row.method,
        ip=row.ip,
        **data,
    )


def _iso(at: datetime) -> str:
    return at.isoformat(timespec="seconds")


def _key(action: Action, user_id: UUID | None, ip: str | None) -> str:
    """IPv6 by its /64, as limits count it: its holder has all of it."""
    network = truncate_ip(ip) if ip else ""
    return keyed_hash(f"{action}|{user_id or ''}|{network}", PURPOSE)
