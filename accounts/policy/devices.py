"""What is signed in to an account now: its browsers and its apps.

Reads alone: what has expired is left out here and cleared away at the next sign-in.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from allauth.usersessions.models import UserSession
from django.contrib.sessions.models import Session
from django.utils import timezone

from accounts.policy.sessions import APP, SID, belongs_to, forget_ended

if TYPE_CHECKING:
    from django.http import HttpRequest

    from accounts.models import User


@dataclass(frozen=True, slots=True)
class SignedIn:
    """A live session, its lasting id, and whether a program began it."""

    row: UserSession
    sid: str
    is_app: bool


def signed_in(user: User) -> list[SignedIn]:
    """Every session that still opens this account, the last seen first. Two queries."""
    rows = {row.session_key: row for row in UserSession.objects.filter(user=user)}
    stored = Session.objects.filter(
        session_key__in=rows, expire_date__gt=timezone.now()
    )
    found = []
    for session in stored:
        data = session.get_decoded()
        if belongs_to(data, user):
            row = rows[session.session_key]
            found.append(SignedIn(row, data.get(SID, ""), data.get(APP, False)))
    return sorted(found, key=lambda one: one.row.last_seen_at, reverse=True)


def list_new(request: HttpRequest, user: User) -> None:
    """Put the session of this request into its person's list."""
    forget_ended(user)
    UserSession.objects.create_from_request(request)
