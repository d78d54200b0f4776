"""Why a session is no more: kept for the browser that still holds its key, and told.

Whoever shows a key that once was valid may know why it no longer is; nothing else can
be asked here.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.contrib import messages
from django.contrib.auth import SESSION_KEY
from django.contrib.sessions.models import Session
from django.utils.translation import gettext as _

from accounts.crypto import keyed_hash
from accounts.policy.models import EndedSession

if TYPE_CHECKING:
    from collections.abc import Iterable

    from django.http import HttpRequest

PURPOSE = "ended session"
Reason = EndedSession.Reason
#: Programs are told by their own answers.
QUIET = ("/_allauth/", "/api/")


def note(keys: Iterable[str], reason: str) -> None:
    """Remember why the sessions of these keys end; the first reason stays."""
    EndedSession.objects.bulk_create(
        [EndedSession(digest=keyed_hash(key, PURPOSE), reason=reason) for key in keys],
        ignore_conflicts=True,
    )


def why(session_key: str) -> Reason | None:
    """Why there is no live session of this key; None when it never signed one in."""
    digest = keyed_hash(session_key, PURPOSE)
    noted = EndedSession.objects.filter(digest=digest).first()
    if noted is not None:
        return Reason(noted.reason)
    # Expired, and not pruned yet.
    row = Session.objects.filter(session_key=session_key).first()
    return Reason.UNUSED if row and SESSION_KEY in row.get_decoded() else None


def tell(request: HttpRequest, reason: Reason | None) -> None:
    """Say it on the next page that this browser sees, once."""
    if reason is None or request.path_info.startswith(QUIET):
        return
    ways_on = {
        Reason.CLOSING: _("To keep it, use the link in your mail."),
        Reason.NOT_ME: _("Choose a new password by the link in your mail."),
    }
    then = ways_on.get(reason, _("Sign in again to go on."))
    messages.warning(request, f"{reason.label} {then}")
