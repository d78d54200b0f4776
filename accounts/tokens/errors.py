"""Why a token was refused, where simplejwt has no word for it."""

from __future__ import annotations

from rest_framework.exceptions import AuthenticationFailed
from rest_framework_simplejwt.exceptions import TokenError

__all__ = [
    "NoPolicySession",
    "Replayed",
    "TokenError",
    "TokenRevoked",
    "revoked_token",
]


class TokenRevoked(TokenError):
    """The token was good until its family was revoked.

    `reason` is one of Family.Reason, or "expired" at the end of the longest sign-in.
    """

    def __init__(self, text: str, reason: str = "") -> None:
        super().__init__(text)
        self.reason = reason


class Replayed(TokenRevoked):
    """An old refresh token came back after the grace: somebody copied it."""


class NoPolicySession(Exception):
    """The session did not come out of the pipeline: no token can be minted from it."""


def revoked_token() -> AuthenticationFailed:
    """401 token_revoked: the token was good until its sign-in was ended."""
    return AuthenticationFailed("The token was revoked.", "token_revoked")
