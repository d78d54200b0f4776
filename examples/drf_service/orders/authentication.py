"""Who asks: the person that an access token of Authsite speaks of."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from authsite_verifier import NotAuthenticated, Verifier, bearer
from django.conf import settings
from rest_framework.authentication import BaseAuthentication

if TYPE_CHECKING:
    from rest_framework.request import Request

#: One for the process; it begins with the first token, so after any fork.
verifier = Verifier(settings.AUTHSITE)


@dataclass(frozen=True, slots=True)
class Person:
    """`request.user`: no row in a database, only what the token says."""

    id: str
    email: str
    groups: tuple[str, ...]
    is_authenticated = True

    @classmethod
    def of(cls, claims: dict[str, Any]) -> Person:
        """Whom these claims speak of."""
        return cls(claims["sub"], claims["email"], tuple(claims["groups"]))


class BearerAuthentication(BaseAuthentication):
    """`request.user` is a Person, `request.auth` the claims."""

    def authenticate(self, request: Request) -> tuple[Person, dict[str, Any]] | None:
        """None without a bearer token: permissions decide what that means.

        Raises AccessError, which errors.handler answers.
        """
        try:
            token = bearer(request.META.get("HTTP_AUTHORIZATION"))
        except NotAuthenticated:
            return None
        claims = verifier.verify(token)
        return Person.of(claims), claims

    def authenticate_header(self, request: Request) -> str:
        """Without it DRF would answer 403 where 401 is meant."""
        return "Bearer"
