"""Which way in this browser took last: one word in a cookie, nobody's name."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from allauth.account.internal.flows.login import get_authentication_records
from django.conf import settings

if TYPE_CHECKING:
    from django.http import HttpRequest, HttpResponse

    from accounts.models import User

WAYS = frozenset({"password", "passkey", "code", "google", "github", "oidc"})
COOKIE_AGE = 365 * 24 * 3600


def remember_way(request: HttpRequest, response: HttpResponse, user: User) -> None:
    """After a sign-in: let the next one begin with the same way."""
    way = _way(request, user)
    if way in WAYS:
        response.set_cookie(
            settings.LAST_USED_COOKIE_NAME,
            way,
            max_age=COOKIE_AGE,
            secure=settings.SESSION_COOKIE_SECURE,
            httponly=True,
            samesite="Lax",
        )


def last_way(request: HttpRequest) -> str:
    """A word of WAYS, or ""."""
    way = request.COOKIES.get(settings.LAST_USED_COOKIE_NAME, "")
    return way if way in WAYS else ""


def _way(request: HttpRequest, user: User) -> str:
    records: list[dict[str, Any]] = get_authentication_records(request, user)
    first = records[0] if records else {}
    method = first.get("method", "")
    if method == "socialaccount":
        return str(first.get("provider", ""))
    return "passkey" if method == "mfa" and first.get("passwordless") else str(method)
