"""Limits for the calls that allauth does not count, by its client address."""

from __future__ import annotations

from typing import TYPE_CHECKING

from allauth.core.internal.ratelimit import get_ip, get_rates
from rest_framework.throttling import SimpleRateThrottle

if TYPE_CHECKING:
    from rest_framework.request import Request
    from rest_framework.views import APIView


class TokenThrottle(SimpleRateThrottle):
    """Per address: the `token_refresh` limit of settings.ACCOUNT_RATE_LIMITS."""

    num_requests: int | None
    scope = "token_refresh"

    def get_rate(self) -> str:
        """Never None: parse_rate() below reads allauth's form of limits."""
        return self.scope

    def parse_rate(self, rate: str | None) -> tuple[int | None, int | None]:
        """(requests, seconds)."""
        rates = get_rates(app="allauth.account", action=self.scope)
        if not rates:
            return None, None
        return rates[0].amount, int(rates[0].duration)

    def allow_request(self, request: Request, view: APIView) -> bool:
        """True without a limit."""
        return self.num_requests is None or super().allow_request(request, view)

    def get_cache_key(self, request: Request, view: APIView) -> str:
        """One counter for each address (IPv6: each /64)."""
        return f"throttle:{self.scope}:{get_ip(request._request)}"


class SessionExchangeThrottle(TokenThrottle):
    """Per person: the `token_session` limit."""

    scope = "token_session"

    def get_cache_key(self, request: Request, view: APIView) -> str:
        """One counter for each person."""
        return f"throttle:{self.scope}:{request.user.pk}"
