"""The DRF authentication class: bearer tokens, in any service's header (RFC 6750)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from rest_framework.authentication import BaseAuthentication
from rest_framework.exceptions import APIException, AuthenticationFailed
from rest_framework_simplejwt.exceptions import TokenError

from accounts.tokens.errors import TokenRevoked, revoked_token
from accounts.tokens.person import person_of
from accounts.tokens.snapshot import Stale
from accounts.tokens.verify import verify_access

if TYPE_CHECKING:
    from rest_framework.request import Request

    from accounts.models import User

CHALLENGE = 'Bearer realm="api"'


class Unavailable(APIException):
    """503: whether the token was revoked cannot be known now. Never a yes."""

    status_code = 503
    default_detail = "Try again in a moment."
    default_code = "unavailable"
    wait = 1  # seconds, for Retry-After


class BearerAuthentication(BaseAuthentication):
    """`Authorization: Bearer <access token>`; the scheme's case does not matter.

    Sets request.user to a User that is loaded when more than its id and address is
    asked for, and request.auth to the claims. Nothing in the header: anonymous. A bad
    token: 401 with code token_not_valid or token_revoked.
    """

    #: Ask the database at each request, instead of the list of a second ago.
    immediate = False

    def authenticate(self, request: Request) -> tuple[User, dict[str, Any]] | None:
        """Raises AuthenticationFailed (401) or Unavailable (503)."""
        scheme, _, raw = request.META.get("HTTP_AUTHORIZATION", "").partition(" ")
        if scheme.lower() != "bearer":
            return None
        try:
            claims = verify_access(raw.strip(), immediate=self.immediate)
        except TokenRevoked:
            raise revoked_token() from None
        except TokenError:
            detail = "The token is not valid or has expired."
            raise AuthenticationFailed(detail, "token_not_valid") from None
        except Stale:
            raise Unavailable from None
        return person_of(claims), claims

    def authenticate_header(self, request: Request) -> str:
        """The challenge for 401; the error handler adds the error to it."""
        return CHALLENGE


class ImmediateBearerAuthentication(BearerAuthentication):
    """For a view that may not be a second late: one query a request."""

    immediate = True
