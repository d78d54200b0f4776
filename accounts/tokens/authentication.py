"""The DRF authentication class: bearer tokens, in any service's header (RFC 6750)."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Any

from django.contrib.auth import get_user_model
from rest_framework.authentication import BaseAuthentication
from rest_framework.exceptions import APIException, AuthenticationFailed
from rest_framework_simplejwt.exceptions import TokenError

from accounts.tokens.errors import TokenRevoked
from accounts.tokens.snapshot import Stale
from accounts.tokens.verify import verify_access

if TYPE_CHECKING:
    from rest_framework.request import Request

CHALLENGE = 'Bearer realm="api"'


class Unavailable(APIException):
    """503: whether the token was revoked cannot be known now. Never a yes."""

    status_code = 503
    default_detail = "Try again in a moment."
    default_code = "unavailable"
    wait = 1  # seconds, for Retry-After


class TokenUser:
    """The person a token speaks of: its claims answer, the row is loaded if asked for.

    `is_authenticated`, `pk`, `id` and `email` cost no query; any other attribute loads
    the User once.
    """

    is_authenticated = True
    is_anonymous = False
    is_active = True  # a disabled person's families are revoked

    def __init__(self, claims: dict[str, Any]) -> None:
        self.claims = claims
        self.pk = self.id = claims["sub"]
        self.email = claims["email"]

    @cached_property
    def row(self) -> Any:
        """The User itself. Raises AuthenticationFailed when there is none any more."""
        found = get_user_model().objects.filter(pk=self.pk, is_active=True).first()
        if found is None:
            raise revoked_token()
        return found

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_"):
            raise AttributeError(name)
        return getattr(self.row, name)

    def __str__(self) -> str:
        return str(self.email)

    def __eq__(self, other: object) -> bool:
        return str(getattr(other, "pk", None)) == self.pk

    def __hash__(self) -> int:
        return hash(self.pk)


class BearerAuthentication(BaseAuthentication):
    """`Authorization: Bearer <access token>`; the scheme's case does not matter.

    Sets request.user to a TokenUser and request.auth to the claims. Nothing in the
    header: anonymous. A bad token: 401 with code token_not_valid or token_revoked.
    """

    #: Ask the database at each request, instead of the list of a second ago.
    immediate = False

    def authenticate(self, request: Request) -> tuple[TokenUser, dict[str, Any]] | None:
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
        return TokenUser(claims), claims

    def authenticate_header(self, request: Request) -> str:
        """The challenge for 401; the error handler adds the error to it."""
        return CHALLENGE


class ImmediateBearerAuthentication(BearerAuthentication):
    """For a view that may not be a second late: one query a request."""

    immediate = True


def revoked_token() -> AuthenticationFailed:
    """The answer to a token that was good until its sign-in was ended."""
    return AuthenticationFailed("The token was revoked.", "token_revoked")
