"""The middleware that holds pages to the limits of sessions, and says why one ended."""

from __future__ import annotations

from typing import TYPE_CHECKING

from allauth.account.internal.flows.logout import logout
from django.contrib.auth import SESSION_KEY
from django.utils.cache import patch_cache_control

from accounts.policy import ended
from accounts.policy.sessions import SID, has_ended, renew_hash, touch
from accounts.policy.signals import session_key_changed

if TYPE_CHECKING:
    from collections.abc import Callable

    from django.http import HttpRequest, HttpResponse


class SessionLifetimeMiddleware:
    """Holds pages to the limits above, and tells of a session that changed its key."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Sign out past the absolute end, say why; touch; follow a changed key."""
        session = request.session
        before = session.session_key
        if before:
            self._keep_or_explain(request, before)
        response = self.get_response(request)
        if SESSION_KEY in session:
            # Pages of a person must not come back from a cache after sign-out.
            patch_cache_control(response, no_store=True, private=True)
        after = session.session_key
        if before and after and after != before and SID in session:
            session_key_changed.send(
                sender=type(self), sid=session[SID], session_key=after
            )
        return response

    def _keep_or_explain(self, request: HttpRequest, key: str) -> None:
        session = request.session
        if SESSION_KEY not in session:
            if session.session_key is None:  # nothing is stored under this key
                ended.tell(request, ended.why(key))
            return
        renew_hash(session)
        if has_ended(session):
            logout(request, show_message=False)
            ended.tell(request, ended.Reason.TOO_OLD)
        elif not request.user.is_authenticated:  # Django has just ended it
            ended.tell(request, ended.Reason.PASSWORD)
        else:
            touch(session)
