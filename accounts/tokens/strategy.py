"""allauth headless ends each sign-in of the app client with our tokens.

The app client's one credential is `X-Session-Token`: while a step is pending the key of
its session, which means nothing to a reader; after the sign-in a session token. The
`Authorization` header is not looked at: what a service receives opens nothing here.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from allauth.core import context
from allauth.core.exceptions import ImmediateHttpResponse
from allauth.headless.tokens.strategies.sessions import SessionTokenStrategy
from django.conf import settings
from django.contrib.auth import SESSION_KEY
from django.contrib.auth.models import AnonymousUser
from rest_framework_simplejwt.exceptions import ExpiredTokenError, TokenError

from accounts.policy.enrolment import EnrolmentRequired, answer
from accounts.policy.sessions import (
    APP,
    belongs_to,
    has_ended,
    renew_hash,
    session_store,
)
from accounts.tokens.errors import NoPolicySession, TokenRevoked
from accounts.tokens.families import read_session
from accounts.tokens.issue import TokenPair, open_family
from accounts.tokens.rotate import rotate

if TYPE_CHECKING:
    from django.contrib.sessions.backends.base import SessionBase
    from django.http import HttpRequest, HttpResponse

MEMO = "_token_pair"
#: The URL name of tokens/refresh, the one call that an expired session token may make.
RENEW = "renew_tokens"


def is_opaque(session_token: str) -> bool:
    """Whether this is the token of a sign-in that waits for a step, not a JWT."""
    return "." not in session_token


class FamilyTokenStrategy(SessionTokenStrategy):
    """X-Session-Token, opaque while a step is pending, and a JWT ever after."""

    def lookup_session(self, session_token: str) -> SessionBase | None:
        """The session that a token names; None, answered with 410, when it has ended.

        Raises ImmediateHttpResponse with 401 for a JWT that is expired, or is no
        session token: the app gets another one, and need not sign in again.
        """
        if is_opaque(session_token):
            return self._pending(session_token)
        try:
            family = read_session(session_token)
        except TokenRevoked:
            return None
        except ExpiredTokenError:
            match = context.request.resolver_match
            if match and match.view_name == RENEW:
                return session_store()  # nobody's: the refresh token says who asks
            raise ImmediateHttpResponse(_refused(context.request)) from None
        except TokenError:
            raise ImmediateHttpResponse(_refused(context.request)) from None
        session = super().lookup_session(family.session_key)
        if session is None or not belongs_to(session, family.person):
            return None
        renew_hash(session)  # under today's AUTH_SECRET, without changing its key
        return session

    def _pending(self, session_key: str) -> SessionBase | None:
        """A session in which nobody is signed in yet.

        The key of any other is the value of a browser's cookie, which is no token.
        """
        session = super().lookup_session(session_key)
        if session is None or has_ended(session) or SESSION_KEY in session:
            return None
        return session

    def create_session_token(self, request: HttpRequest) -> str:
        """The session key while a step is pending.

        Nothing once signed in: the session token comes with the pair, and with it
        alone.
        """
        key = super().create_session_token(request)
        return "" if request.user.is_authenticated else key

    def create_access_token_payload(self, request: HttpRequest) -> dict[str, Any]:
        """The tokens for `meta`. allauth may ask twice for one sign-in: answered once.

        `session_token` takes the place of the opaque one that led here.
        """
        key = request.session.session_key
        known: tuple[str | None, TokenPair] | None = getattr(request, MEMO, None)
        if known is None or known[0] != key:
            if request.session.get(APP):
                request.session.set_expiry(settings.JWT_REFRESH_LIFETIME)
            request.session.save()
            known = (request.session.session_key, _opened(request))
            setattr(request, MEMO, known)
        tokens = known[1]
        return {
            "access_token": tokens.access,
            "refresh_token": tokens.refresh,
            "session_token": tokens.session,
            "expires_in": tokens.expires_in,
            "token_type": "Bearer",
        }

    def renew(self, refresh_token: str) -> TokenPair | None:
        """The next tokens, or None when the refresh token is not valid."""
        try:
            return rotate(refresh_token, context.request)
        except TokenError:
            return None
        except EnrolmentRequired:
            raise ImmediateHttpResponse(answer(context.request)) from None

    def refresh_token(self, refresh_token: str) -> tuple[str, str] | None:
        """The hook of allauth, which knows of two tokens; our view calls renew()."""
        tokens = self.renew(refresh_token)
        return (tokens.access, tokens.refresh) if tokens else None


def _opened(request: HttpRequest) -> TokenPair:
    """Raises ImmediateHttpResponse (401) when the sign-in has ended meanwhile."""
    try:
        return open_family(request)
    except NoPolicySession:
        request.session, request.user = session_store(), AnonymousUser()
        raise ImmediateHttpResponse(_refused(request)) from None


def _refused(request: HttpRequest) -> HttpResponse:
    """401 in the shape of allauth's headless API (RFC 6750 3.1)."""
    from allauth.headless.base.response import UnauthorizedResponse

    response: HttpResponse = UnauthorizedResponse(request)
    response["WWW-Authenticate"] = 'Bearer error="invalid_token"'
    return response
