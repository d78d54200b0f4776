"""The middleware that holds pages to the limits of sessions, and says why one ended."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import structlog
from allauth.account.internal.flows.logout import logout
from django.contrib.auth import SESSION_KEY
from django.core.exceptions import PermissionDenied
from django.utils.cache import patch_cache_control

from accounts.policy import ended, session_owner
from accounts.policy.sessions import (
    SID,
    has_ended,
    is_of_pipeline,
    renew_hash,
    touch,
)
from accounts.policy.signals import session_key_changed

if TYPE_CHECKING:
    from collections.abc import Callable

    from django.http import HttpRequest, HttpResponse

#: An exchange for tokens is not use of the browser, and never lengthens its session.
TOKENS = "/api/token/"
log = structlog.get_logger(__name__)


class SessionLifetimeMiddleware:
    """Holds pages to the limits of sessions, and follows one that changed its key.

    A session that the pipeline did not make ends with the request that made it, or
    else with the next one.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Sign out past the absolute end, say why; touch; follow a changed key."""
        session = request.session
        before = session.session_key
        if before:
            self._keep_or_explain(request, before)
        response = self.get_response(request)
        if SESSION_KEY in session and not is_of_pipeline(session):
            session_owner.refuse(request)
        if SESSION_KEY in session:
            # Pages of a person must not come back from a cache after sign-out.
            patch_cache_control(response, no_store=True, private=True)
        after = session.session_key
        if before and after and after != before and SID in session:
            session_key_changed.send(
                sender=type(self), sid=session[SID], session_key=after
            )
        return response

    def process_view(self, request: HttpRequest, *args: Any) -> None:
        """Raises PermissionDenied where request.user is not the session's person."""
        if session_owner.is_replaced(request):
            log.error(
                "user_replaced",
                session=request.session.get(SESSION_KEY),
                user=str(request.user.pk),
                path=request.path_info,
                hint=session_owner.HINT,
            )
            raise PermissionDenied

    def _keep_or_explain(self, request: HttpRequest, key: str) -> None:
        session = request.session
        if SESSION_KEY not in session:
            if session.session_key is None:  # nothing is stored under this key
                ended.tell(request, ended.why(key))
            return
        if not is_of_pipeline(session):
            session_owner.refuse(request)
            return
        session_owner.bind_older(session)
        renew_hash(session)
        if has_ended(session):
            logout(request, show_message=False)
            ended.tell(request, ended.Reason.TOO_OLD)
        elif not request.user.is_authenticated:  # Django has just ended it
            ended.tell(request, ended.Reason.PASSWORD)
        elif not request.path_info.startswith(TOKENS):
            touch(session)
