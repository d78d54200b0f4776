"""simplejwt's token classes, ours: minted from a family, verified by the key ring.

Settings are read when a token is made or read, never kept.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NoReturn

from django.conf import settings
from rest_framework_simplejwt.tokens import AccessToken as StockAccessToken
from rest_framework_simplejwt.tokens import RefreshToken as StockRefreshToken
from rest_framework_simplejwt.tokens import Token as StockToken

from accounts.tokens import audiences, claims
from accounts.tokens.backend import RingBackend
from accounts.tokens.ring import ring

if TYPE_CHECKING:
    from datetime import timedelta


class FamilyToken(StockToken):
    """What all kinds share: their backend, and that nobody mints them by hand."""

    token_type: str
    #: The header's `typ`: what tells the kinds apart before anything else is read.
    typ: str
    payload: dict[str, Any]

    @classmethod
    def accepted(cls) -> tuple[str, ...]:
        """Whom a token of this class may be for."""
        raise NotImplementedError

    # simplejwt has an attribute here, which would be read from settings only once.
    @property
    def lifetime(self) -> timedelta:  # type: ignore[override]
        """How long one lives."""
        found: timedelta = settings.JWT_ACCESS_LIFETIME
        return found

    @property
    def token_backend(self) -> RingBackend:
        """Simplejwt's hook for the key."""
        return RingBackend(
            ring,
            typ=self.typ,
            kind=self.token_type,
            issuer=settings.JWT_ISSUER,
            audiences=self.accepted(),
        )

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


class AccessToken(FamilyToken, StockAccessToken):
    """Short-lived, for our own API (RFC 9068)."""

    token_type = "access"  # noqa: S105
    typ = claims.ACCESS_TYP

    @classmethod
    def accepted(cls) -> tuple[str, ...]:
        """Our own API's alone."""
        return (audiences.own(),)


class ServiceToken(AccessToken):
    """An access token for any of the services that JWT_AUDIENCES names."""

    @classmethod
    def accepted(cls) -> tuple[str, ...]:
        """All that can be asked for."""
        return audiences.services()


class RefreshToken(FamilyToken, StockRefreshToken):
    """Long-lived, for /api/token/refresh/ alone, replaced at each use."""

    token_type = "refresh"  # noqa: S105
    typ = claims.REFRESH_TYP
    access_token_class = AccessToken

    @classmethod
    def accepted(cls) -> tuple[str, ...]:
        """Ourselves."""
        return (settings.JWT_ISSUER,)

    @property
    def lifetime(self) -> timedelta:  # type: ignore[override] # as above
        """How long one lives unused."""
        found: timedelta = settings.JWT_REFRESH_LIFETIME
        return found


class SessionToken(FamilyToken):
    """Short-lived, for the account API alone: no service ever receives one."""

    token_type = "session"  # noqa: S105
    typ = claims.SESSION_TYP

    @classmethod
    def accepted(cls) -> tuple[str, ...]:
        """The account API's."""
        return (audiences.account(),)
