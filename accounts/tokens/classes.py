"""simplejwt's token classes, ours: minted from a family, verified by the key ring."""

from __future__ import annotations

from functools import lru_cache
from typing import Any, NoReturn

from django.conf import settings
from rest_framework_simplejwt.tokens import AccessToken as StockAccessToken
from rest_framework_simplejwt.tokens import RefreshToken as StockRefreshToken

from accounts.tokens import claims
from accounts.tokens.backend import RingBackend
from accounts.tokens.ring import ring


@lru_cache(maxsize=2)
def backend(kind: str) -> RingBackend:
    """The backend for `access` or `refresh`; a refresh token is for us alone."""
    access = kind == "access"
    return RingBackend(
        ring,
        typ=claims.ACCESS_TYP if access else claims.REFRESH_TYP,
        kind=kind,
        issuer=settings.JWT_ISSUER,
        audience=settings.JWT_AUDIENCE if access else settings.JWT_ISSUER,
    )


class _FromFamily:
    """What both kinds share: their backend, and that nobody mints them by hand."""

    token_type: str
    payload: dict[str, Any]

    @property
    def token_backend(self) -> RingBackend:
        """Simplejwt's hook for the key."""
        return backend(self.token_type)

    def signed(self, kid: str) -> str:
        """The token's text, signed by the key that the family's row names."""
        return self.token_backend.encode(self.payload, kid)

    @classmethod
    def for_user(cls, user: Any) -> NoReturn:
        """Closed: a token comes from a session that the pipeline made.

        Raises RuntimeError; use accounts.tokens.issue.open_family().
        """
        msg = "tokens are minted from a session, by open_family()"
        raise RuntimeError(msg)


class AccessToken(_FromFamily, StockAccessToken):
    """Short-lived, for every service that knows our JWKS (RFC 9068)."""

    token_type = "access"  # noqa: S105
    lifetime = settings.JWT_ACCESS_LIFETIME


class RefreshToken(_FromFamily, StockRefreshToken):
    """Long-lived, for us alone, replaced at each use."""

    token_type = "refresh"  # noqa: S105
    lifetime = settings.JWT_REFRESH_LIFETIME
    access_token_class = AccessToken
