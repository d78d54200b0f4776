"""Whose session it is: the person whom the pipeline signed in, and nobody else."""

from __future__ import annotations

from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import structlog
from allauth.account.authentication import get_authentication_records
from allauth.account.internal.flows.login import record_authentication
from allauth.usersessions.models import UserSession
from django.contrib.auth import HASH_SESSION_KEY, SESSION_KEY
from django.contrib.auth.models import AnonymousUser
from django.db import transaction
from django.utils.crypto import constant_time_compare

from accounts.audit.models import Action, Outcome
from accounts.audit.record import record
from accounts.models import User

if TYPE_CHECKING:
    from django.contrib.sessions.backends.base import SessionBase
    from django.http import HttpRequest

    from accounts.policy.account_adapter import AccountAdapter

log = structlog.get_logger(__name__)
PERSON = "policy_person"
#: On a request whose session was ended here.
REFUSED = "_policy_refused"
HINT = "Only allauth's pipeline signs people in: see docs/architecture.md."


def bind(session: SessionBase, person: str) -> None:
    """Remember whom the pipeline signed in: the id as text."""
    session[PERSON] = person


def is_right(session: SessionBase | dict[str, Any]) -> bool:
    """Whether a session signs in the person whom it was begun for.

    A session from before PERSON was kept is right while allauth's authentication
    records, which only its flows write, are this person's.
    """
    person = session.get(SESSION_KEY)
    if person is None:
        return False
    if PERSON in session:
        return bool(session[PERSON] == person)
    return bool(records_of(session, User(pk=person)))


def bind_older(session: SessionBase) -> None:
    """Give a session from before PERSON was kept its person, once.

    The records would name another one as soon as somebody else's sign-in begins in
    this browser. No longer needed when settings.SESSION_ABSOLUTE has passed since.
    """
    if PERSON not in session:
        bind(session, session[SESSION_KEY])


def records_of(
    session: SessionBase | dict[str, Any], user: User
) -> list[dict[str, Any]]:
    """Allauth's authentication records in a session; none if they are another's."""
    request: Any = SimpleNamespace(session=session)
    found: list[dict[str, Any]] = get_authentication_records(request, user)
    return found


def leave_other(adapter: AccountAdapter, request: HttpRequest, user: User) -> None:
    """Before a sign-in: sign out whom this session signs in, if it is somebody else.

    Django would empty the session in the midst of the sign-in, so that it had neither
    start nor records; also where its password is no longer today's. How `user` has
    just been authenticated is kept, with its times.
    """
    session, current = request.session, user.get_session_auth_hash()
    if SESSION_KEY not in session or (
        session[SESSION_KEY] == str(user.pk)
        and constant_time_compare(session.get(HASH_SESSION_KEY, ""), current)
    ):
        return
    records = records_of(session, user)
    adapter.logout(request)
    for made in records:
        record_authentication(request, user, **made)


def refuse(request: HttpRequest) -> None:
    """End the session of this request, with its tokens, and say so in log and audit.

    It signs in somebody whom the pipeline did not: a view or middleware did.
    """
    key, person = request.session.session_key, request.session.get(SESSION_KEY)
    user = request.user  # reading it may end the session, where the hash is wrong too
    log.error("session_refused", person=person, path=request.path_info, hint=HINT)
    with transaction.atomic():
        record(
            Action.SESSION_REFUSED,
            request=request,
            user=user if isinstance(user, User) else None,
            outcome=Outcome.FAILURE,
            path=request.path_info[:200],
        )
        # Its row, if it has one: receivers end its tokens with it.
        for row in UserSession.objects.filter(session_key=key):
            row.delete()
        request.session.flush()
    request.user = AnonymousUser()
    setattr(request, REFUSED, True)


def is_replaced(request: HttpRequest) -> bool:
    """Whether something put another person on the request than its session has."""
    user = request.user
    if not user.is_authenticated:
        return False
    return str(user.pk) != request.session.get(SESSION_KEY)
