"""Closing one's own account: shut at once, deleted after a grace, kept until then.

A closing account answers at every door as one that is disabled, so as a wrong password.
Only its own mailbox learns more: it gets the link that keeps the account.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import structlog
from allauth.account.adapter import get_adapter
from allauth.core import context as current
from allauth.core.internal import ratelimit
from django.conf import settings
from django.contrib.admin.models import LogEntry
from django.contrib.contenttypes.models import ContentType
from django.core import signing
from django.db import transaction
from django.urls import reverse
from django.utils import timezone

from accounts.audit.models import Action
from accounts.audit.record import record
from accounts.crypto import keyed_hash
from accounts.models import User, normalise_email
from accounts.policy import ended
from accounts.policy.limits import APP
from accounts.policy.sessions import end_sessions

if TYPE_CHECKING:
    from collections.abc import Iterator

    from django.http import HttpRequest

log = structlog.get_logger(__name__)
MAIL = "account/email/account_closing"
SALT = "accounts.policy.closing"
PURPOSE = "closed person"
#: People looked up at once; each of them is deleted in a transaction of their own.
BATCH = 100


class LastSuperuser(Exception):
    """Without this person nobody could administer the site any more."""


def is_closing(user: User) -> bool:
    """Whether its owner asked to close it and may still keep it."""
    return (
        not user.is_active
        and user.closes_at is not None
        and user.closes_at > timezone.now()
    )


def is_last_superuser(user: User, *, lock: bool = False) -> bool:
    """Whether this is the only superuser who can sign in.

    `lock` holds all of them, so that the last two cannot leave at the same time.
    """
    if not user.is_superuser:
        return False
    roots = User.objects.filter(is_superuser=True, is_active=True).order_by("pk")
    found = roots.select_for_update() if lock else roots
    return {root.pk for root in found} <= {user.pk}


def ask(request: HttpRequest, user: User) -> None:
    """Close an account: sessions and tokens end now, the rest after the grace.

    Raises LastSuperuser.
    """
    with transaction.atomic():
        if is_last_superuser(user, lock=True):
            raise LastSuperuser
        person = User.objects.select_for_update().get(pk=user.pk)
        if is_closing(person):
            return
        person.closes_at = timezone.now() + settings.ACCOUNT_CLOSING_GRACE
        record(Action.CLOSE_ASKED, request=request, user=person)
        get_adapter().send_notification_mail(MAIL, person, _told(person))
        # First: what ends because the account is disabled would name another reason.
        end_sessions(person, "closing", ended.Reason.CLOSING)
        person.is_active = False
        person.save(update_fields=["is_active", "closes_at"])


def of_address(email: str) -> User | None:
    """Whose closing account has this address."""
    found = User.objects.filter(email=normalise_email(email), is_active=False).first()
    return found if found is not None and is_closing(found) else None


def remind(user: User) -> None:
    """Mail the link again: somebody who may be the owner came to a door."""
    get_adapter().send_mail(MAIL, user.email, {**_told(user), "again": True})


def remind_at_sign_in(user: User) -> None:
    """The same for a right password, once in a while.

    Whoever asks for mail is limited as for every address; whoever knows the password
    must not be able to fill the mailbox by it.
    """
    if is_closing(user) and ratelimit.consume(
        current.request, app=APP, action="closing_mail", key=str(user.pk)
    ):
        remind(user)


def _told(user: User) -> dict[str, Any]:
    return {"closes_at": user.closes_at, "undo_url": undo_link(user)}


def undo_link(user: User) -> str:
    """The address of the page that keeps the account, until it is deleted."""
    token = signing.dumps([user.pk.hex, _stamp(user)], salt=SALT)
    return settings.SITE_URL + reverse("close_undo", args=[token])


def _stamp(user: User) -> str:
    return user.closes_at.isoformat() if user.closes_at else ""


def by_undo_link(token: str, *, lock: bool = False) -> User | None:
    """Whose closing it takes back; None once that is kept, deleted or overruled.

    It names one closing: neither a later one nor an administrator's deactivation.
    """
    try:
        pk, stamp = signing.loads(token, salt=SALT)
    except (signing.BadSignature, ValueError, TypeError):
        return None
    people = User.objects.select_for_update() if lock else User.objects.all()
    user = people.filter(pk=pk).first()
    if user is None or not is_closing(user) or _stamp(user) != stamp:
        return None
    return user


def undo(request: HttpRequest, token: str) -> bool:
    """Keep the account; signs nobody in. False when the link is dead."""
    with transaction.atomic():
        user = by_undo_link(token, lock=True)
        if user is None:
            return False
        user.is_active, user.closes_at = True, None
        user.save(update_fields=["is_active", "closes_at"])
        record(Action.CLOSE_UNDONE, request=request, user=user)
        get_adapter().send_notification_mail("account/email/account_kept", user)
    return True


def prune_closed() -> Iterator[int]:
    """Delete the people whose grace is over; yields how many each batch did.

    Who cannot be deleted is logged, holds nobody else up, and is tried again at the
    next run.
    """
    over = User.objects.filter(is_active=False, closes_at__lte=timezone.now())
    after = None
    while True:
        rest = over.filter(pk__gt=after) if after else over
        batch = list(rest.order_by("pk").values_list("pk", flat=True)[:BATCH])
        if not batch:
            return
        yield sum(_delete_closed(pk) for pk in batch)
        after = batch[-1]


def _delete_closed(pk: Any) -> int:
    try:
        with transaction.atomic():
            person = User.objects.select_for_update().filter(pk=pk).first()
            if person is None or person.is_active or is_closing(person):
                return 0  # kept meanwhile, maybe closed anew
            if person.closes_at is None:
                return 0
            delete_person(person)
    except Exception:
        log.exception("closing_failed", user=str(pk))
        return 0
    return 1


def delete_person(person: User, reason: str = "closed") -> None:
    """Delete for good. The event tells of nobody, but to who knows the number.

    The rows of Django's own admin log go with a member of staff; what was done to
    people by guarded actions is in the audit log, which stays. What others did to this
    person stays in Django's own without their address.
    """
    record(
        Action.CLOSED,
        mark=keyed_hash(str(person.pk), PURPOSE)[:16],
        reason=reason,
        admin_log=LogEntry.objects.filter(user=person).count(),
    )
    about = LogEntry.objects.filter(object_id=str(person.pk))
    about.filter(content_type=ContentType.objects.get_for_model(User)).update(
        object_repr=""
    )
    person.delete()
