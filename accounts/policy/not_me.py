"""Links by which somebody says "this was not me", and which of them still count.

A link is mailed to an address that was proven then, and speaks of all that happened
since the session began in which the mail's reason happened. It can do no more than the
mailbox could anyway: end things, and let the account's password be chosen by mail.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any
from uuid import UUID

from allauth.account.models import EmailAddress
from allauth.core import context as current
from django.conf import settings
from django.contrib.auth import SESSION_KEY
from django.core import signing
from django.urls import reverse

from accounts.audit.history import REPORTED_FOR
from accounts.audit.models import Action, Event
from accounts.models import User
from accounts.policy.closing import is_closing
from accounts.policy.pre_registered import waits_for_its_owner
from accounts.policy.reauthentication import address_of
from accounts.policy.sessions import STARTED

if TYPE_CHECKING:
    from django.db.models import QuerySet

SALT = "accounts.policy.not_me"
LIFETIME = REPORTED_FOR
#: On the request: the proven address that the person has just left.
LEFT = "_policy_left_address"
#: On the request: the account was just taken back, and a mail leads back in.
TAKEN_BACK = "_policy_taken_back"


@dataclass(frozen=True, slots=True)
class Claim:
    """What a link says: whose account, since when (seconds), and who is told."""

    user_id: UUID
    since: float
    issued: float
    email: str

    @property
    def began(self) -> datetime:
        """`since` as a time, but nothing older than a link may be is taken away."""
        oldest = time.time() - LIFETIME.total_seconds()
        return datetime.fromtimestamp(max(self.since, oldest), tz=UTC)


def link(user: User, email: str, since: float | None = None) -> str:
    """The address of the page for a mail to this address; "" where it may have none.

    An address that nobody proved gets no power over the account: it may have been
    mistyped. One that was just left keeps it, which is what gets the account back
    from somebody who put theirs in its place.
    """
    left = getattr(current.request, LEFT, "") == email
    if not left and not _is_proven(user, email):
        return ""
    now = time.time()
    started = _session_began(user, now) if since is None else since
    times = _changes_of_address(user)
    if left:  # the first of them is the change that the mail tells of
        started, times = min([started, *(at - 1 for at in times[:1])]), times[1:]
    since = max([started, *times[:1], now - LIFETIME.total_seconds()])
    body = [user.pk.hex, since, now, email]
    token = signing.dumps(body, salt=SALT, compress=True)
    return settings.SITE_URL + reverse("not_me", args=[token])


def read(token: str) -> Claim | None:
    """What a link of ours says, while it is young enough."""
    try:
        pk, since, issued, email = signing.loads(token, salt=SALT, max_age=LIFETIME)
        return Claim(UUID(pk), since, issued, email)
    except (signing.BadSignature, ValueError, TypeError):
        return None


def of_event(user: User, event: Event) -> Claim:
    """The same for something in a person's own list, said by themselves."""
    began = _sign_in_of(user, event) or event.at
    since = max(began, event.at - LIFETIME).timestamp()
    return Claim(user.pk, float(int(since)), time.time(), address_of(user))


def person(claim: Claim, *, lock: bool = False) -> User | None:
    """Whose account it speaks of; None when it no longer counts."""
    people = User.objects.select_for_update() if lock else User.objects.all()
    user = people.filter(pk=claim.user_id).first()
    if user is None or not (user.is_active or is_closing(user)):
        return None
    if _is_settled(claim) or _is_anothers(claim):
        return None
    return user


def address_changed(claim: Claim) -> bool:
    """Whether the address changed since: then only the mail to the old one helps."""
    changes = _changes(claim.user_id)
    return bool(changes.filter(at__gte=claim.began).exists())


def squatters(claim: Claim) -> QuerySet[User]:
    """Accounts made with the claim's address by somebody who never proved it."""
    others = User.objects.filter(email=claim.email).exclude(pk=claim.user_id)
    waiting = [one.pk for one in others if waits_for_its_owner(one, claim.email)]
    return User.objects.filter(pk__in=waiting)


def _is_proven(user: User, email: str) -> bool:
    mine = EmailAddress.objects.filter(user=user, email=email, verified=True)
    return bool(mine.exists())


def _session_began(user: User, now: float) -> float:
    """The start of the session that acts, when it is this person's."""
    session: Any = getattr(current.request, "session", None) or {}
    mine = session.get(SESSION_KEY) == str(user.pk)
    return float(session.get(STARTED, now)) if mine else now


def _changes_of_address(user: User) -> list[float]:
    """When the last two were, newest first: since when an address is the account's.

    Its holder says nothing about the time before. So somebody who put their address
    in the place of another's cannot undo what that one does about it.
    """
    times = _changes(user.pk).order_by("-id").values_list("at", flat=True)
    return [at.timestamp() for at in times[:2]]


def _changes(pk: UUID) -> QuerySet[Event]:
    return Event.objects.filter(user_id=pk, action=Action.EMAIL_CHANGED)


def _sign_in_of(user: User, event: Event) -> datetime | None:
    if not event.session:
        return None
    mine = Event.objects.filter(
        user=user, session=event.session, action=Action.SIGN_IN, at__lte=event.at
    )
    return mine.order_by("id").values_list("at", flat=True).first()


def _is_settled(claim: Claim) -> bool:
    """Whether the same or more was undone after this link was mailed.

    Whoever undoes what began earlier is believed: who came later also mails links, to
    an address of theirs, and those must neither count nor end the owner's.
    """
    done = Event.objects.filter(
        user_id=claim.user_id,
        action=Action.NOT_ME,
        at__gte=datetime.fromtimestamp(claim.issued, tz=UTC),
    )
    return any(
        data.get("since", claim.since) <= claim.since
        for data in done.values_list("data", flat=True)
    )


def _is_anothers(claim: Claim) -> bool:
    """Whether the address is another account's by now: its holder is another too."""
    proven = EmailAddress.objects.filter(email=claim.email, verified=True)
    if proven.exclude(user_id=claim.user_id).exists():
        return True
    others = User.objects.filter(email=claim.email).exclude(pk=claim.user_id)
    return others.exclude(pk__in=squatters(claim)).exists()
