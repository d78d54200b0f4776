"""The API: tokens from the one pipeline, and two calls that a token opens."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from drf_spectacular.utils import extend_schema
from rest_framework.exceptions import NotFound
from rest_framework.permissions import IsAuthenticated
from rest_framework.response import Response

from accounts import etags
from accounts.api import schema
from accounts.api.base import BearerView, OpenView, PolicySessionAuthentication
from accounts.api.errors import refusal
from accounts.api.pipeline import (
    call,
    enrol_first,
    login_view,
    mfa_view,
    pipeline,
    translate,
)
from accounts.api.serializers import (
    CredentialsSerializer,
    RefreshSerializer,
    SecondFactorSerializer,
    VerifySerializer,
)
from accounts.api.throttles import SessionExchangeThrottle, TokenThrottle
from accounts.policy.enrolment import EnrolmentRequired
from accounts.policy.limits import attempts_key, second_step_key
from accounts.policy.sessions import session_store
from accounts.tokens.authentication import ImmediateBearerAuthentication
from accounts.tokens.errors import NoPolicySession, TokenError, TokenRevoked
from accounts.tokens.issue import TokenPair, open_family
from accounts.tokens.revocation_list import CONTENT_TYPE, signed_list
from accounts.tokens.revoke import revoke_by_token
from accounts.tokens.rotate import rotate
from accounts.tokens.step_up import RequireRecentAuthentication
from accounts.tokens.verify import verify_any

if TYPE_CHECKING:
    from django.http import HttpResponse
    from rest_framework.request import Request

    from accounts.models import User


class TokenView(OpenView):
    """Sign in with e-mail address and password."""

    @extend_schema(**schema.TOKEN)
    def post(self, request: Request) -> Response:
        """200 with a pair; 401 no_active_account, mfa_required, email_unverified.

        403 mfa_enrolment_required.
        """
        body = CredentialsSerializer(data=request.data)
        body.is_valid(raise_exception=True)
        django_request = request._request
        with pipeline(django_request):
            status, answer = call(login_view, django_request, dict(body.validated_data))
            key = attempts_key(django_request, body.validated_data["email"])
            return translate(django_request, status, answer, key)


class TokenMFAView(OpenView):
    """Finish a sign-in that awaits a second factor."""

    @extend_schema(**schema.TOKEN_MFA)
    def post(self, request: Request) -> Response:
        """200 with a pair; 400 on a wrong code; 401 when nothing is pending."""
        body = SecondFactorSerializer(data=request.data)
        body.is_valid(raise_exception=True)
        token, code = body.validated_data["pending_token"], body.validated_data["code"]
        django_request = request._request
        with pipeline(django_request):
            key = second_step_key(session_store(token))
            status, answer = call(
                mfa_view, django_request, {"code": code.replace(" ", "")}, token
            )
            if status == 410:
                detail = "This sign-in has ended. Start again."
                return refusal(401, "token_not_valid", detail)
            return translate(django_request, status, answer, key)


class TokenRefreshView(OpenView):
    """Exchange a refresh token for the next pair."""

    throttle_classes = (TokenThrottle,)

    @extend_schema(**schema.TOKEN_REFRESH)
    def post(self, request: Request) -> Response:
        """200 with a pair; 401 token_not_valid, token_revoked; 403 enrolment."""
        body = RefreshSerializer(data=request.data)
        body.is_valid(raise_exception=True)
        with pipeline(request._request):
            try:
                pair = rotate(body.validated_data["refresh"], request._request)
            except TokenRevoked as error:
                return refused(error, reason=str(error.reason))
            except TokenError as error:
                return refused(error)
            except EnrolmentRequired:
                return enrol_first()
        return Response(as_body(pair))


class TokenVerifyView(OpenView):
    """Ask whether a token is valid now."""

    throttle_classes = (TokenThrottle,)

    @extend_schema(**schema.TOKEN_VERIFY)
    def post(self, request: Request) -> Response:
        """200 {}; 401 when the token is not valid or revoked."""
        body = VerifySerializer(data=request.data)
        body.is_valid(raise_exception=True)
        try:
            verify_any(body.validated_data["token"])
        except TokenError as error:
            return refused(error)
        return Response({})


class TokenRevokeView(OpenView):
    """End a sign-in (RFC 7009). /api/token/blacklist/ is the same."""

    throttle_classes = (TokenThrottle,)

    @extend_schema(**schema.TOKEN_REVOKE)
    def post(self, request: Request) -> Response:
        """200 {} always: a token that is not valid needs no revocation."""
        body = RefreshSerializer(data=request.data)
        body.is_valid(raise_exception=True)
        with pipeline(request._request):
            revoke_by_token(body.validated_data["refresh"], request._request)
        return Response({})


class TokenSessionView(BearerView):
    """A browser session's way to tokens: needs the session and its CSRF token."""

    sessionless = False
    authentication_classes = (PolicySessionAuthentication,)  # type: ignore[assignment]
    permission_classes = (IsAuthenticated,)
    throttle_classes = (SessionExchangeThrottle,)

    @extend_schema(**schema.TOKEN_SESSION)
    def post(self, request: Request) -> Response:
        """200 with a pair; 403 no_policy_session, csrf_failed, not_authenticated."""
        try:
            pair = open_family(request._request)
        except NoPolicySession:
            detail = "This session was not made by signing in here. Sign in again."
            return refusal(403, "no_policy_session", detail)
        except EnrolmentRequired:
            return enrol_first()
        return Response(as_body(pair))


class MeView(BearerView):
    """Who the token speaks of."""

    @extend_schema(**schema.ME)
    def get(self, request: Request) -> Response:
        """200 with the person and how they signed in."""
        claims: dict[str, Any] = request.auth  # type: ignore[assignment]
        shown = ("email", "email_verified", "groups", "amr", "acr", "auth_time")
        return Response(
            {
                "id": claims["sub"],
                "name": _person(request).name,
                **{key: claims[key] for key in shown},
            }
        )


class ProtectedRouteView(BearerView):
    """The smallest protected call; other services answer the same way."""

    @extend_schema(**schema.PROTECTED_ROUTE)
    def get(self, request: Request) -> Response:
        """200 {"message": "Hello <email>"}."""
        return Response({"message": f"Hello {_person(request).email}"})


class RecentProofView(ProtectedRouteView):
    """The same, for who proved themselves within five minutes and with two factors."""

    authentication_classes = (ImmediateBearerAuthentication,)
    permission_classes = (
        IsAuthenticated & RequireRecentAuthentication(max_age=300, acr="aal2"),
    )

    @extend_schema(**schema.RECENT_PROOF)
    def get(self, request: Request) -> Response:
        """200 as above; 401 insufficient_user_authentication (RFC 9470)."""
        return super().get(request)


class RevocationsView(OpenView):
    """What other services poll, to refuse what was revoked a second ago."""

    cache_control = "public, max-age=1"

    @extend_schema(**schema.REVOCATIONS)
    def get(self, request: Request) -> HttpResponse:
        """200 a signed list (a JWT); 304 when the one named is still the last."""
        found = signed_list()
        return etags.answer(request, found.body, CONTENT_TYPE, found.etag)


def _person(request: Request) -> User:
    # The permission class lets nobody else reach these views.
    return cast("User", request.user)


class NotFoundView(OpenView):
    """Every path of the API that is none."""

    schema = None

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        """404 whatever the method. Raises NotFound."""
        raise NotFound


def as_body(pair: TokenPair) -> dict[str, Any]:
    """A pair as every endpoint answers it."""
    return {
        "access": pair.access,
        "refresh": pair.refresh,
        "token_type": "Bearer",
        "expires_in": pair.expires_in,
    }


def refused(error: TokenError, **told: str) -> Response:
    """401 for a token that was refused, saying whether it was revoked."""
    if isinstance(error, TokenRevoked):
        members: dict[str, Any] = dict(told)
        return refusal(401, "token_revoked", "The token was revoked.", **members)
    return refusal(401, "token_not_valid", "The token is not valid or has expired.")
