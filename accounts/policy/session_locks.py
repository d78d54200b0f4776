"""Rows that are locked, so that nothing is made across a ban or the end of a session.

Whatever makes a session or a token locks the person and then the session, and reads
both again; whatever ends them locks the same rows. One waits for the other. Always in
this order: person, list of sessions, session, family. On SQLite each transaction holds
the one write lock from its beginning.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from allauth.account.internal.stagekit import clear_login
from allauth.core.exceptions import ImmediateHttpResponse
from allauth.core.internal.httpkit import headed_redirect_response
from allauth.usersessions.models import UserSession
from django.contrib.sessions.models import Session
from django.utils import timezone
from django.utils.crypto import constant_time_compare

from accounts.models import User
from accounts.policy.sessions import StoredSession, belongs_to

if TYPE_CHECKING:
    from typing import Any

    from django.http import HttpRequest


def lock_person(pk: Any) -> User | None:
    """The person as of now, held to the transaction's end. Foreign keys do not wait."""
    return User.objects.select_for_update(no_key=True).filter(pk=pk).first()


def lock_session(session_key: str) -> StoredSession | None:
    """The live session of this key, held to the transaction's end; or None."""
    live = Session.objects.select_for_update().filter(
        session_key=session_key, expire_date__gt=timezone.now()
    )
    row = live.first()
    if row is None:
        return None
    return StoredSession(row.session_key, row.get_decoded(), row.expire_date)


def lock_sign_in(pk: Any, session_key: str) -> tuple[User, StoredSession] | None:
    """Person and session, while the session signs in this person; or None."""
    user, session = lock_person(pk), lock_session(session_key)
    if user is None or session is None or not belongs_to(session.data, user):
        return None
    return user, session


def lock_all(user: User) -> list[UserSession]:
    """Everything that a person is signed in by, before it is ended."""
    lock_person(user.pk)
    listed = UserSession.objects.select_for_update().filter(user=user).order_by("pk")
    found = list(listed)
    keys = [one.session_key for one in found]
    stored = Session.objects.select_for_update().filter(session_key__in=keys)
    list(stored.order_by("session_key").values_list("pk"))
    return found


def begin_sign_in(request: HttpRequest, user: User) -> None:
    """Hold the person for whom a session is about to be made.

    Raises ImmediateHttpResponse when they were deactivated or given another password
    since the last stage looked: to the sign-in page, headless 401.
    """
    now = lock_person(user.pk)
    if now and now.is_active and constant_time_compare(now.password, user.password):
        return
    clear_login(request)
    raise ImmediateHttpResponse(headed_redirect_response("account_login"))
