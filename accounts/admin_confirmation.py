"""When the admin asks again: after 30 idle minutes, and before any press.

Every request but GET and HEAD wants a confirmation of the last five minutes, unless its
view says `changes_nothing`: a page that someone adds later is guarded from the start.
What was typed is kept in the session meanwhile, and sent again afterwards.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from allauth.account.adapter import get_adapter
from allauth.account.internal.flows.reauthentication import STATE_SESSION_KEY
from allauth.core.internal.httpkit import serialize_request
from django.contrib.auth import REDIRECT_FIELD_NAME
from django.core.exceptions import PermissionDenied
from django.http import HttpResponseRedirect

from accounts.admin_base import CHANGES_NOTHING
from accounts.policy.confirmation import confirmed_at, is_confirmed

if TYPE_CHECKING:
    from django.http import HttpRequest, HttpResponse

#: Seconds without a request to the admin, after which it asks again.
IDLE_SECONDS = 1800
#: Writes to the session are spared for so many seconds.
_PRECISION = 60
#: In the session: the last request to the admin.
SEEN = "policy_admin_seen"


def owes_confirmation(request: HttpRequest, view: Any) -> bool:
    """Whether this press has to wait for a confirmation."""
    if request.method in {"GET", "HEAD"} or getattr(view, CHANGES_NOTHING, False):
        return False
    return not is_confirmed(request, request.user)


def is_awake(request: HttpRequest) -> bool:
    """Whether they confirmed, or were here, within IDLE_SECONDS."""
    last = max(confirmed_at(request, request.user), request.session.get(SEEN, 0))
    return time.time() - last < IDLE_SECONDS


def note_visit(request: HttpRequest) -> None:
    """They are here."""
    now = time.time()
    if now - request.session.get(SEEN, 0) > _PRECISION:
        request.session[SEEN] = now


def ask(request: HttpRequest, after: str = "") -> HttpResponse:
    """To the page that confirms, then on to `after`, a path of this site.

    Without `after` this very request is done then: allauth sends it again, with its
    query, when `next` is its path. Raises PermissionDenied for people with no way to
    confirm but a new sign-in.
    """
    ways = get_adapter().get_reauthentication_methods(request.user)
    if not ways:
        raise PermissionDenied
    if not after:
        request.session[STATE_SESSION_KEY] = {"request": serialize_request(request)}
    query = urlencode({REDIRECT_FIELD_NAME: after or request.path})
    return HttpResponseRedirect(f"{ways[0]['url']}?{query}")
