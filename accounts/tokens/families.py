"""From a refresh token to its family."""

from __future__ import annotations

from uuid import UUID

from django.utils import timezone
from rest_framework_simplejwt.exceptions import TokenError

from accounts.tokens.classes import RefreshToken
from accounts.tokens.errors import TokenRevoked
from accounts.tokens.models import Family


def read_refresh(raw: str) -> tuple[Family, str]:
    """The live family of a refresh token, and the token's id.

    Raises TokenError when the token is not valid, TokenRevoked when its family is.
    """
    token = RefreshToken(raw)  # type: ignore[arg-type]
    try:
        sid, sub = UUID(token["sid"]), token["sub"]
    except ValueError:
        msg = "Token is invalid"
        raise TokenError(msg) from None
    family = Family.objects.select_related("user").filter(pk=sid).first()
    if family is None or str(family.user_id) != sub:
        msg = "Token is invalid"
        raise TokenError(msg)
    if family.revoked_at or family.expires_at <= timezone.now():
        msg = "Token was revoked"
        raise TokenRevoked(msg)
    return family, token["jti"]
