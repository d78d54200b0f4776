"""A sign-in that waited for a code or a key is finished once, however often it is sent.

What was proven lies in the session's row. Of several requests that carry the same
proof, the one that takes the row away signs in; the others find nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import UUID

from allauth.account.internal.stagekit import LOGIN_SESSION_KEY
from allauth.core.exceptions import ImmediateHttpResponse
from allauth.core.internal.httpkit import headed_redirect_response, is_headless_request
from allauth.headless.constants import Client
from django.contrib.sessions.models import Session

from accounts.policy.sessions import session_store

if TYPE_CHECKING:
    from django.http import HttpRequest

    from accounts.models import User

WAITED = "_policy_waited"
GAVE_WAY = "_policy_gave_way"


def is_pending(request: HttpRequest, user: User) -> bool:
    """Whether this person's sign-in waits in this session for its next step."""
    stashed = request.session.get(LOGIN_SESSION_KEY)
    pk = stashed.get("user_pk") if isinstance(stashed, dict) else None
    return pk is not None and UUID(str(pk)) == user.pk


def mark(request: HttpRequest) -> None:
    """Called by the last stage, while it can still be seen that the sign-in waited."""
    if LOGIN_SESSION_KEY in request.session:
        setattr(request, WAITED, request.session.session_key)


def claim(request: HttpRequest) -> None:
    """Take the waiting sign-in, in the transaction that makes its session.

    Raises ImmediateHttpResponse when another request took it first: to the sign-in
    page, from where the winner's browser is led on; headless answers 401.
    """
    key = getattr(request, WAITED, None)
    if key is None or Session.objects.filter(pk=key).delete()[0]:
        return
    give_way(request)
    raise ImmediateHttpResponse(headed_redirect_response("account_login"))


def take_turn(request: HttpRequest, key: str) -> None:
    """Hold this session until the transaction ends, for what waits in it under `key`.

    Raises ImmediateHttpResponse when another request has taken it meanwhile.
    """
    mine = request.session
    row = Session.objects.select_for_update().filter(pk=mine.session_key).first()
    if row is not None and mine.decode(row.session_data).get(key) == mine.get(key):
        return
    give_way(request)
    raise ImmediateHttpResponse(headed_redirect_response("account_login"))


def has_given_way(request: HttpRequest) -> bool:
    """Whether it did: then its session is no longer there to be written to."""
    return getattr(request, GAVE_WAY, False)


def give_way(request: HttpRequest) -> None:
    """Leave the session to the request that was first: this one writes nothing."""
    setattr(request, GAVE_WAY, True)
    if is_headless_request(request) == Client.APP:
        request.session = session_store()
    else:
        # Neither saved nor its cookie taken back: the winner's is in the same browser.
        request.session.modified = False
