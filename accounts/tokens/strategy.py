"""allauth headless ends each sign-in of the app client with our token pair."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from allauth.core.exceptions import ImmediateHttpResponse
from allauth.core.internal.httpkit import get_authorization_credential
from allauth.headless.tokens.strategies.sessions import SessionTokenStrategy
from django.conf import settings
from rest_framework_simplejwt.exceptions import TokenError

from accounts.policy.enrolment import EnrolmentRequired, answer
from accounts.policy.sessions import has_ended, renew_hash
from accounts.tokens.issue import TokenPair, open_family
from accounts.tokens.models import Family
from accounts.tokens.rotate import rotate
from accounts.tokens.snapshot import Stale
from accounts.tokens.verify import verify_access

if TYPE_CHECKING:
    from django.contrib.sessions.backends.base import SessionBase
    from django.http import HttpRequest

#: A session token that no session has: allauth answers 410, not "anonymous".
NO_SESSION = "invalid"
MEMO = "_token_pair"


class FamilyTokenStrategy(SessionTokenStrategy):
    """X-Session-Token while a flow is pending, the access token ever after."""

    def get_session_token(self, request: HttpRequest) -> str | None:
        """The session key that the request speaks for, or None."""
        token = super().get_session_token(request)
        if token:
            return token
        raw = get_authorization_credential(request, "Bearer")
        if not raw:
            return None
        try:
            claims = verify_access(raw)
        except (TokenError, Stale):
            return NO_SESSION
        family = Family.objects.filter(
            pk=claims["sid"], user=claims["sub"], revoked_at__isnull=True
        ).first()
        return family.session_key if family else NO_SESSION

    def lookup_session(self, session_token: str) -> SessionBase | None:
        """The session, brought under today's AUTH_SECRET without changing its key."""
        session = super().lookup_session(session_token)
        if session is None or has_ended(session):
            return None
        renew_hash(session)
        return session

    def create_session_token(self, request: HttpRequest) -> str:
        """The session key while a step is pending; nothing once signed in."""
        key = super().create_session_token(request)
        return "" if request.user.is_authenticated else key

    def create_access_token_payload(self, request: HttpRequest) -> dict[str, Any]:
        """The pair for `meta`. allauth may ask twice for one sign-in: answered once."""
        key = request.session.session_key
        known: tuple[str | None, TokenPair] | None = getattr(request, MEMO, None)
        if known is None or known[0] != key:
            request.session.set_expiry(settings.JWT_REFRESH_LIFETIME)
            request.session.save()
            known = (request.session.session_key, open_family(request))
            setattr(request, MEMO, known)
        tokens = known[1]
        return {
            "access_token": tokens.access,
            "refresh_token": tokens.refresh,
            "expires_in": tokens.expires_in,
            "token_type": "Bearer",
        }

    def refresh_token(self, refresh_token: str) -> tuple[str, str] | None:
        """The next pair, or None when the token is not valid."""
        from allauth.core import context

        try:
            tokens = rotate(refresh_token, context.request)
        except TokenError:
            return None
        except EnrolmentRequired:
            raise ImmediateHttpResponse(answer(context.request)) from None
        return tokens.access, tokens.refresh
