"""Writing an event: in the caller's transaction, so that it is there or not with it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import structlog
from allauth.account.adapter import get_adapter
from django.core.exceptions import PermissionDenied
from django.db.models import Model

from accounts.audit.models import Action, Event, Outcome
from accounts.audit.user_agents import LONGEST
from accounts.crypto import keyed_hash
from accounts.models import User, normalise_email

if TYPE_CHECKING:
    from uuid import UUID

    from django.http import HttpRequest

log = structlog.get_logger("audit")
PURPOSE = "audit"
Datum = str | float | bool | None


def record(  # noqa: PLR0913 - one keyword for each thing an event tells
    action: Action,
    *,
    request: HttpRequest | None = None,
    user: Model | UUID | None = None,
    actor: Model | None = None,
    outcome: Outcome = Outcome.SUCCESS,
    method: str = "",
    email: str = "",
    **data: Datum,
) -> Event:
    """Write one event and its log line.

    `user` is the person spoken of (or their id), `actor` who did it: by default
    whoever is signed in, else the person. `email` is what was typed where nobody is
    known yet; it is kept as a keyed hash only, since people type passwords there.
    """
    if email:
        data["email_hash"] = keyed_hash(email.strip().lower(), PURPOSE)[:16]
    user_id = user.pk if isinstance(user, Model) else user
    event = Event(
        action=action,
        outcome=outcome,
        user_id=user_id,
        actor_id=_actor_id(request, actor, user_id),
        method=method[:40],
        data=data,
        **_where(request),
    )
    event.save()
    log.info(
        "audit",
        action=str(action),
        outcome=str(outcome),
        user=str(user_id) if user_id else None,
        actor=str(event.actor_id) if event.actor_id else None,
        method=method,
        ip=event.ip,
        **data,
    )
    return event


def known(email: str) -> User | None:
    """Whose address this is; for events of people who could not prove themselves."""
    return User.objects.filter(email=normalise_email(email)).first()


def session_mark(request: HttpRequest) -> str:
    """A name for the session that tells equal ones apart and opens nothing."""
    session = getattr(request, "session", None)
    return mark_of(session.get("policy_sid", "") if session is not None else "")


def mark_of(sid: str) -> str:
    """The same for a session's lasting id; "" for none."""
    return keyed_hash(sid, PURPOSE)[:16] if sid else ""


def user_agent_of(request: HttpRequest) -> str:
    """What the browser or app calls itself, as events keep it."""
    return printable(request.headers.get("User-Agent", "")[:LONGEST])


def _actor_id(request: HttpRequest | None, actor: Model | None, user_id: Any) -> Any:
    if actor is not None:
        return actor.pk
    someone = getattr(request, "user", None)
    if someone is not None and someone.is_authenticated:
        return someone.pk
    return user_id


def _where(request: HttpRequest | None) -> dict[str, Any]:
    if request is None:
        return {}
    context = structlog.contextvars.get_contextvars()
    return {
        "ip": address_of(request),
        "user_agent": user_agent_of(request),
        "session": session_mark(request),
        "request_id": str(context.get("request_id", ""))[:64],
        "client_request_id": str(context.get("client_request_id", ""))[:64],
    }


def address_of(request: HttpRequest) -> str | None:
    """The client's address; None when it is not known."""
    try:
        return str(get_adapter().get_client_ip(request))
    except PermissionDenied:
        return None  # a unix socket without a proxy's header


def printable(text: str) -> str:
    """The text without control characters (ASVS 16.4.1)."""
    return "".join(letter if letter.isprintable() else "?" for letter in text)
