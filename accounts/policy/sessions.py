"""Sessions: how long they live, how they end, how they are found again.

Idle: 30 days when remembered, else 12 hours or the browser's end; absolute: 90 days
(ASVS 7.3). A session keeps one `sid` for life, while its key changes with each change
of password or secret.
"""

from __future__ import annotations

import secrets
import time
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from importlib import import_module
from typing import TYPE_CHECKING, Any

from allauth.usersessions.models import UserSession
from django.conf import settings
from django.contrib.auth import (
    BACKEND_SESSION_KEY,
    HASH_SESSION_KEY,
    SESSION_KEY,
)
from django.contrib.auth.models import AnonymousUser
from django.contrib.sessions.models import Session
from django.db import transaction
from django.utils import timezone
from django.utils.crypto import constant_time_compare

from accounts.models import User
from accounts.policy import ended, session_owner
from accounts.policy.signals import sessions_ended

if TYPE_CHECKING:
    from collections.abc import Iterable

    from django.contrib.sessions.backends.base import SessionBase
    from django.http import HttpRequest

SID = "policy_sid"
STARTED = "policy_started"
SEEN = "policy_seen"
APP = "policy_app"
TOUCH_SECONDS = 300
#: More than anybody uses; allauth looks at each of them at each sign-in.
SESSIONS_PER_PERSON = 25


def session_store(session_key: str | None = None) -> SessionBase:
    """The session of this key, not yet read; a new one without a key."""
    store: SessionBase = import_module(settings.SESSION_ENGINE).SessionStore(
        session_key
    )
    return store


def begin(session: SessionBase, user: User, *, is_app: bool) -> None:
    """Called once, at the end of the pipeline: the session's id, start and person.

    `is_app`: a program signed in and lives by tokens; no browser holds the key.
    """
    session[SID] = secrets.token_urlsafe(16)
    session_owner.bind(session, str(user.pk))
    session[APP] = is_app
    session[STARTED] = session[SEEN] = int(time.time())


def absolute_end(session: SessionBase | dict[str, Any]) -> float:
    """Seconds since the epoch after which nothing extends this session."""
    return float(session.get(STARTED, 0) + settings.SESSION_ABSOLUTE.total_seconds())


def is_of_pipeline(session: SessionBase | dict[str, Any]) -> bool:
    """Whether the pipeline signed in the very person whom this session signs in.

    Not so after a bare django.contrib.auth.login(), nor when somebody put another
    person's id into a session.
    """
    began = STARTED in session and bool(session.get(SID))
    return began and session_owner.is_right(session)


def has_ended(session: SessionBase) -> bool:
    """Whether a session that signs somebody in may not do so any longer.

    Either its absolute end has passed, or the pipeline did not make it.
    """
    if SESSION_KEY not in session:
        return False
    return not is_of_pipeline(session) or time.time() > absolute_end(session)


def tokens_end(data: SessionBase | dict[str, Any], ends: datetime) -> datetime:
    """The time that no token of this session outlives; `ends` is its row's end.

    The row of an app's session moves with each refresh, so only its absolute end holds.
    """
    limit = datetime.fromtimestamp(absolute_end(data), tz=UTC)
    return limit if data.get(APP) else min(limit, ends)


@dataclass(frozen=True, slots=True)
class StoredSession:
    """A session as its row holds it."""

    key: str
    data: dict[str, Any]
    ends: datetime


def read_session(session_key: str) -> StoredSession | None:
    """The live session of this key, or None. One query, no write."""
    row = Session.objects.filter(
        session_key=session_key, expire_date__gt=timezone.now()
    ).first()
    if row is None:
        return None
    return StoredSession(row.session_key, row.get_decoded(), row.expire_date)


def belongs_to(data: SessionBase | dict[str, Any], user: User) -> bool:
    """Whether this session signs this person in: active, with today's password.

    Unlike django.contrib.auth.get_user it accepts a hash made under an older
    AUTH_SECRET without giving the session another key, which a bearer client that
    holds the old one could not follow.
    """
    stored = data.get(HASH_SESSION_KEY, "")
    hashes = [user.get_session_auth_hash(), *user.get_session_auth_fallback_hash()]
    return (
        user.is_active
        and data.get(SESSION_KEY) == str(user.pk)
        and is_of_pipeline(data)
        and data.get(BACKEND_SESSION_KEY) in settings.AUTHENTICATION_BACKENDS
        and time.time() <= absolute_end(data)
        and any(constant_time_compare(stored, value) for value in hashes)
    )


def renew_hash(session: SessionBase) -> None:
    """Bring a session from before a change of AUTH_SECRET under today's, in place."""
    if not settings.SECRET_KEY_FALLBACKS:
        return
    user = User.objects.filter(pk=session.get(SESSION_KEY, "")).first()
    if user and _renew(session, user):
        renew_sessions(user)


def renew_sessions(user: User) -> None:
    """The same for every session of a person.

    Listing them, as allauth does at each sign-in, would give those under an older
    AUTH_SECRET another key that their browsers never learn.
    """
    if not settings.SECRET_KEY_FALLBACKS:
        return
    keys = UserSession.objects.filter(user=user).values_list("session_key", flat=True)
    for key in keys:
        _renew(session_store(key), user)


def _renew(session: SessionBase, user: User) -> bool:
    current = user.get_session_auth_hash()
    if not belongs_to(session, user) or session[HASH_SESSION_KEY] == current:
        return False
    session[HASH_SESSION_KEY] = current
    session.save()
    return True


def extend(session: StoredSession, lifetime: timedelta) -> None:
    """Let an app's session live as long as the tokens just made from it.

    A browser's session lives by what its person does in the browser, and tokens never
    lengthen it. Writes the row's end alone, never its data: a page may be writing that.
    """
    if not session.data.get(APP):
        return
    now = timezone.now()
    limit = datetime.fromtimestamp(absolute_end(session.data), tz=UTC)
    ends = min(now + lifetime, limit)
    if ends - session.ends < timedelta(seconds=TOUCH_SECONDS):
        return
    Session.objects.filter(session_key=session.key).update(expire_date=ends)
    UserSession.objects.filter(session_key=session.key).update(last_seen_at=now)


def touch(session: SessionBase) -> None:
    """Extend an idle limit, at most every five minutes; saving is the caller's."""
    now = int(time.time())
    if now - session.get(SEEN, 0) >= TOUCH_SECONDS:
        session[SEEN] = now
        UserSession.objects.filter(session_key=session.session_key).update(
            last_seen_at=timezone.now()
        )


def end_sessions(
    user: User, reason: str, told: ended.Reason = ended.Reason.ADMIN
) -> int:
    """End every session of a person at once; returns how many there were.

    `reason` is for programs and receivers, `told` for browsers that come back.
    """
    from accounts.policy.session_locks import lock_all  # which needs this module

    with transaction.atomic():
        sessions = lock_all(user)
        # First: what is told of each single one below would hide the reason.
        sessions_ended.send(sender=User, user=user, reason=reason)
        end(sessions, told)
    return len(sessions)


def leave(request: HttpRequest, user: User) -> None:
    """Let this browser go on without the session that has just ended with the rest."""
    if request.user.pk == user.pk:
        request.session.flush()
        request.user = AnonymousUser()


def end(sessions: Iterable[UserSession], reason: ended.Reason) -> None:
    """End these, and let their browsers know why when they come back."""
    found = list(sessions)
    if not found:
        return
    with transaction.atomic():
        ended.note((session.session_key for session in found), reason)
        for session in found:
            session.end()


def forget_ended(user: User) -> None:
    """Take sessions that have expired out of a person's list. Two queries."""
    listed = UserSession.objects.filter(user=user)
    keys = dict(listed.values_list("session_key", "pk"))
    live = Session.objects.filter(
        session_key__in=keys, expire_date__gt=timezone.now()
    ).values_list("session_key", flat=True)
    gone = keys.keys() - set(live)
    if gone:
        listed.filter(session_key__in=gone).delete()


def end_oldest(user: User, keep: int = SESSIONS_PER_PERSON) -> None:
    """Make room for one more session: a script that signs in without end ends here."""
    newest_first = UserSession.objects.filter(user=user).order_by("-last_seen_at")
    end(newest_first[keep - 1 :], ended.Reason.TOO_MANY)
