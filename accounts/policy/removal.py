"""Removing factors that their owner cannot use: requested, announced, cancelled.

The way back for someone who lost their phone and their recovery codes. The request
takes a password and an emailed code (accounts.policy.removal_code) and takes effect
72 hours later (accounts.policy.removal_due). Until then everyone who could be its
rightful owner is told and can cancel it.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from allauth.account.adapter import get_adapter
from allauth.account.models import EmailAddress
from django.conf import settings
from django.core import signing
from django.db import transaction
from django.db.models import OuterRef, Subquery
from django.urls import reverse
from django.utils import timezone

from accounts.audit.models import Action
from accounts.audit.record import record
from accounts.models import User
from accounts.policy.enrolment import has_factor
from accounts.policy.models import FactorRemoval

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from django.db.models import Model, QuerySet
    from django.http import HttpRequest

By = FactorRemoval.CancelledBy
SALT = "accounts.policy.removal"
WAIT = timedelta(hours=72)
ASKED = "mfa/email/removal_asked"
CANCELLED = "mfa/email/removal_cancelled"


def with_removal(people: QuerySet[User]) -> QuerySet[User]:
    """These people, each with `removal_due_at`, in the same statement."""
    mine = FactorRemoval.objects.filter(FactorRemoval.OPEN, user=OuterRef("pk"))
    return people.annotate(removal_due_at=Subquery(mine.values("due_at")[:1]))


def open_of(user: User) -> FactorRemoval | None:
    """The open request of a person."""
    return FactorRemoval.objects.filter(FactorRemoval.OPEN, user=user).first()


def ask(request: HttpRequest, user: User) -> FactorRemoval | None:
    """Open a request and tell every confirmed address; an open one stays as it is.

    The caller has checked the password and the code. None when the account was
    disabled, or its password or factors replaced, since `user` was read.
    """
    with transaction.atomic():
        person = User.objects.select_for_update().get(pk=user.pk)
        if not person.is_active or person.password != user.password:
            return None
        if not has_factor(person):
            return None
        found = open_of(person)
        if found is not None:
            return found
        now = timezone.now()
        row = FactorRemoval.objects.create(user=user, asked_at=now, due_at=now + WAIT)
        record(Action.REMOVAL_ASKED, request=request, user=user)
        tell(row, ASKED)
    return row


def cancel(
    user: User,
    by: By,
    *,
    request: HttpRequest | None = None,
    actor: Model | None = None,
) -> bool:
    """Cancel a person's open request and tell every confirmed address."""
    if open_of(user) is None:
        return False
    return _cancel({"user": user}, by, request, actor)


def cancel_by_link(request: HttpRequest, token: str) -> bool:
    """The same by the link in an email; False when that request is not open."""
    pk = _read(token)
    return pk is not None and _cancel({"pk": pk}, By.EMAIL, request, None)


def by_link(token: str) -> FactorRemoval | None:
    """The open request that a link speaks of."""
    pk = _read(token)
    if pk is None:
        return None
    return FactorRemoval.objects.filter(FactorRemoval.OPEN, pk=pk).first()


def settle(user: User) -> None:
    """End an open request without a word: an administrator did what it asked for."""
    FactorRemoval.objects.filter(FactorRemoval.OPEN, user=user).update(
        cancelled_at=timezone.now(), cancelled_by=By.ADMIN
    )


def cancel_url(row: FactorRemoval) -> str:
    """The page that cancels it, signed in or not, for as long as it is open."""
    token = signing.dumps(row.pk, salt=SALT)
    return settings.SITE_URL + reverse("mfa_lost_link", args=[token])


def tell(row: FactorRemoval, template: str, **more: Any) -> None:
    """Email every confirmed address of its person.

    Not by allauth's notifications: those need a request, and know one address.
    """
    context = {
        "user": row.user,
        "due_at": row.due_at,
        "cancel_url": cancel_url(row),
        **more,
    }
    for email in confirmed_addresses(row.user):
        get_adapter().send_mail(template, email, context)


def confirmed_addresses(user: User) -> Iterable[str]:
    """All of them, the oldest first."""
    found = EmailAddress.objects.filter(user=user, verified=True).order_by("pk")
    return found.values_list("email", flat=True)


def hold(**which: Any) -> FactorRemoval | None:
    """The open request, held to the end of the transaction.

    Whoever holds it decides how it ends; others find it no longer open.
    """
    rows = FactorRemoval.objects.select_for_update(of=("self",))
    return rows.filter(FactorRemoval.OPEN, **which).first()


def _cancel(
    which: dict[str, Any],
    by: By,
    request: HttpRequest | None,
    actor: Model | None,
) -> bool:
    with transaction.atomic():
        row = hold(**which)
        if row is None:
            return False
        row.cancelled_at, row.cancelled_by = timezone.now(), by
        row.save(update_fields=["cancelled_at", "cancelled_by"])
        record(
            Action.REMOVAL_CANCELLED,
            request=request,
            user=row.user,
            actor=actor,
            by=str(by),
        )
        tell(row, CANCELLED, **_occasion(by))
    return True


def _occasion(by: By) -> dict[str, datetime]:
    # With a time of its own an email names no browser: an administrator's is not the
    # reader's to know.
    return {"timestamp": timezone.now()} if by == By.ADMIN else {}


def _read(token: str) -> int | None:
    try:
        return int(signing.loads(token, salt=SALT))
    except (signing.BadSignature, ValueError, TypeError):
        return None
