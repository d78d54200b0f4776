"""From a refresh or session token to its family."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from uuid import UUID

from django.conf import settings
from django.db.models import Max
from django.utils import timezone
from rest_framework_simplejwt.exceptions import TokenError

from accounts.policy.enrolment import required_by_group
from accounts.tokens.classes import FamilyToken, RefreshToken, SessionToken
from accounts.tokens.errors import TokenRevoked
from accounts.tokens.models import Family

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from django.db.models import QuerySet

#: Not revoked by anybody: the longest that a sign-in lasts has passed.
EXPIRED = "expired"


def read_refresh(raw: str) -> tuple[Family, str]:
    """The live family of a refresh token, and the token's id.

    Raises TokenError when the token is not valid, TokenRevoked when its family is.
    """
    token = RefreshToken(raw)  # type: ignore[arg-type]
    found = Family.objects.annotate(factor_by_group=required_by_group("user_id"))
    return _live(token, found), token["jti"]


def read_session(raw: str) -> Family:
    """The live family of a session token, by the database itself. One query.

    Raises TokenError when the token is not valid, its ExpiredTokenError when it has
    expired, TokenRevoked when its family has ended.
    """
    token = SessionToken(raw)  # type: ignore[arg-type]
    return _live(token, Family.objects.all())


def _live(token: FamilyToken, found: QuerySet[Family]) -> Family:
    try:
        sid, sub = UUID(token["sid"]), token["sub"]
    except ValueError:
        msg = "Token is invalid"
        raise TokenError(msg) from None
    family = found.select_related("user").filter(pk=sid).first()
    # First: the family of a deleted person is nobody's, and revoked.
    if family and (family.revoked_at or family.expires_at <= timezone.now()):
        msg = "Token was revoked"
        raise TokenRevoked(msg, family.revoked_reason or EXPIRED)
    if family is None or str(family.user_id) != sub:
        msg = "Token is invalid"
        raise TokenError(msg)
    return family


def check_live(claims: dict[str, Any]) -> None:
    """Hold an access token against its family, by the database itself. One query.

    `claims` are verified ones. Where a secret is shared, another service can have
    written them, so the row says whose sign-in it is, how strong and how recent. Raises
    TokenRevoked when the family has ended; TokenError when the token claims more than
    its row, as one from before a weaker sign-in on the same session does too.
    """
    live = Family.objects.filter(
        pk=claims["sid"], revoked_at__isnull=True, expires_at__gt=timezone.now()
    )
    family = live.only("user_id", "acr", "auth_time").first()
    if family is None:
        msg = "Token was revoked"
        raise TokenRevoked(msg)
    if (
        str(family.user_id) != claims["sub"]
        or claims.get("acr", "") > family.acr  # aal1 < aal2
        or claims.get("auth_time", 0) > int(family.auth_time.timestamp())
    ):
        msg = "Token is invalid"
        raise TokenError(msg)


def last_renewals(session_keys: Iterable[str]) -> dict[str, datetime]:
    """When the tokens of these sessions were last renewed. One query.

    A session without a live family is not in it.
    """
    live = Family.objects.filter(
        session_key__in=session_keys,
        revoked_at__isnull=True,
        expires_at__gt=timezone.now(),
    )
    newest = live.values("session_key").annotate(at=Max("rotated_at"))
    return dict(newest.values_list("session_key", "at"))


def is_current(family: Family, jti: str) -> bool:
    """Whether a refresh token of this family is the last one, or within the grace."""
    return jti == family.current_jti or within_grace(family, jti)


def within_grace(family: Family, jti: str) -> bool:
    """Whether it is the one before, replaced less than JWT_REUSE_GRACE ago."""
    age = timezone.now() - family.rotated_at
    return jti == family.previous_jti and age <= settings.JWT_REUSE_GRACE
