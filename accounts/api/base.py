"""What the API's views share: no cookies, no sessions, never cached."""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING, Any, ClassVar

from rest_framework.authentication import SessionAuthentication
from rest_framework.exceptions import PermissionDenied
from rest_framework.negotiation import BaseContentNegotiation
from rest_framework.permissions import AllowAny
from rest_framework.views import APIView

from accounts.api.negotiation import JSONRenderer
from accounts.policy import session_owner
from accounts.tokens.authentication import CHALLENGE, BearerAuthentication

if TYPE_CHECKING:
    from rest_framework.renderers import BaseRenderer
    from rest_framework.request import Request
    from rest_framework.response import Response


class OnlyJSON(BaseContentNegotiation):
    """One renderer, whatever the client would accept; RFC 9110 12.4.1 allows it."""

    def select_parser(self, request: Request, parsers: Any) -> Any:
        """The parser for the body's media type; None gives 415."""
        kind = (request.content_type or "").partition(";")[0].strip().lower()
        return next((one for one in parsers if one.media_type == kind), None)

    def select_renderer(
        self, request: Request, renderers: Any, format_suffix: str | None = None
    ) -> tuple[BaseRenderer, str]:
        """The first renderer."""
        return renderers[0], renderers[0].media_type


class BearerView(APIView):
    """A view that a bearer token alone opens: the door serves it without sessions."""

    sessionless: ClassVar[bool] = True
    #: Personal answers and tokens are never stored (RFC 6749 5.1).
    cache_control: ClassVar[str] = "no-store"
    authentication_classes = (BearerAuthentication,)
    renderer_classes = (JSONRenderer,)
    content_negotiation_class = OnlyJSON

    def finalize_response(
        self, request: Request, response: Any, *args: Any, **kwargs: Any
    ) -> Response:
        """Say how long an answer may be kept; an error never."""
        final: Response = super().finalize_response(request, response, *args, **kwargs)
        kept = final.status_code in {HTTPStatus.OK, HTTPStatus.NOT_MODIFIED}
        final.headers["Cache-Control"] = self.cache_control if kept else "no-store"
        if final.headers["Cache-Control"] == "no-store":
            final.headers["Vary"] = "Authorization"
        return final


class OpenView(BearerView):
    """A view for those who have no token yet. A 401 still carries the challenge."""

    permission_classes = (AllowAny,)

    def get_authenticators(self) -> list[Any]:
        """None: a stale token in the header must not stand in the way of a new one."""
        return []


class PolicySessionAuthentication(SessionAuthentication):
    """The browser's session with its CSRF token, for the one call that takes it."""

    FOREIGN = "This session was not made by signing in here. Sign in again."

    def authenticate(self, request: Request) -> Any:
        """Raises PermissionDenied (403 no_policy_session, csrf_failed)."""
        if getattr(request._request, session_owner.REFUSED, False):
            raise PermissionDenied(self.FOREIGN, "no_policy_session")
        return super().authenticate(request)

    def enforce_csrf(self, request: Request) -> None:
        """Raises PermissionDenied (403) with code csrf_failed."""
        try:
            super().enforce_csrf(request)
        except PermissionDenied as error:
            raise PermissionDenied(str(error.detail), "csrf_failed") from None

    def authenticate_header(self, request: Request) -> str:
        """A challenge, so that DRF answers 401 and not 403 to the anonymous."""
        return CHALLENGE
