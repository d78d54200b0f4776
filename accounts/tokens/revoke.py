"""Revocation: families die, the audit log says why, this process knows at once."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from django.db import transaction
from django.utils import timezone
from rest_framework_simplejwt.exceptions import TokenError

from accounts.audit.models import Action
from accounts.audit.record import record
from accounts.tokens.commit_order import Number, watch
from accounts.tokens.families import read_refresh
from accounts.tokens.models import Family
from accounts.tokens.snapshot import revoked

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime
    from uuid import UUID

    from django.http import HttpRequest

    from accounts.models import User

Reason = Family.Reason


def revoke_families(  # noqa: PLR0913 - each is a mark to find families by
    *,
    reason: str,
    user: User | None = None,
    family: UUID | None = None,
    session_key: str | None = None,
    except_sid: str | None = None,
    request: HttpRequest | None = None,
    actor: User | None = None,
) -> int:
    """Revoke the live families that fit all of the given marks; returns how many.

    At least one of user, family and session_key must be given. The event is written
    in the same transaction; the snapshot of this process follows its commit.
    """
    marks: dict[str, Any] = {
        "user": user,
        "pk": family,
        "session_key": session_key,
    }
    marks = {name: value for name, value in marks.items() if value is not None}
    if not marks:
        msg = "say whose families"
        raise ValueError(msg)
    now = timezone.now()
    with transaction.atomic():
        live = Family.objects.filter(
            **marks, revoked_at__isnull=True, expires_at__gt=now
        )
        if except_sid:
            live = live.exclude(session_sid=except_sid)
        found = dict(live.values_list("pk", "user_id"))
        changed = Family.objects.filter(pk__in=found, revoked_at__isnull=True).update(
            revoked_at=now, revoked_tx=Number(), revoked_reason=reason
        )
        if not changed:
            return 0
        record(
            Action.TOKENS_REVOKED,
            request=request,
            user=user or next(iter(found.values())),
            actor=actor,
            reason=reason,
            families=changed,
        )
        transaction.on_commit(lambda: revoked.add(found, now))
        watch(now, "sign-ins", partial(_stamp_again, found, now))
    return changed


def _stamp_again(families: Iterable[UUID], stamp: datetime, now: datetime) -> None:
    Family.objects.filter(pk__in=families, revoked_at=stamp).update(
        revoked_at=now, revoked_tx=Number()
    )


def live_families(user: User) -> int:
    """How many sign-ins by token a person has now, for previews of what will end."""
    now = timezone.now()
    return Family.objects.filter(
        user=user, revoked_at__isnull=True, expires_at__gt=now
    ).count()


def families_of(user: User) -> list[dict[str, Any]]:
    """A person's sign-ins by token as they may read them: no id, no key, no token."""
    names = (
        *("user_agent", "ip", "created_at", "rotated_at", "expires_at"),
        *("revoked_at", "revoked_reason"),
    )
    return list(Family.objects.filter(user=user).order_by("created_at").values(*names))


def revoke_by_token(raw: str, request: HttpRequest) -> None:
    """End the sign-in of a refresh token; an invalid one is no error (RFC 7009)."""
    try:
        family, _ = read_refresh(raw)
    except TokenError:
        return
    revoke_families(
        family=family.pk, user=family.user, reason=Reason.CLIENT, request=request
    )
