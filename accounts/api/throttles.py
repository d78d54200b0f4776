"""Limits for the calls that allauth does not count itself."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from allauth.core.internal.ratelimit import get_ip
from rest_framework.throttling import BaseThrottle

from accounts.policy.windows import seconds_to_wait

if TYPE_CHECKING:
    from rest_framework.request import Request
    from rest_framework.views import APIView


class TokenThrottle(BaseThrottle):
    """The `token_refresh` limit of settings.ACCOUNT_RATE_LIMITS, per address.

    One count for all calls that have it, and for the headless API's tokens/refresh.
    """

    action: ClassVar[str] = "token_refresh"
    seconds = 0

    def allow_request(self, request: Request, view: APIView) -> bool:
        """Count this request; whether the limit is open."""
        self.seconds = seconds_to_wait(self.action, self.source(request))
        return not self.seconds

    def source(self, request: Request) -> str:
        """What is counted by: the client's address, or its /64 of IPv6."""
        return get_ip(request._request)

    def wait(self) -> float:
        """Seconds, for Retry-After."""
        return self.seconds


class SessionExchangeThrottle(TokenThrottle):
    """The `token_session` limit, per person."""

    action = "token_session"

    def source(self, request: Request) -> str:
        """What is counted by: the person."""
        return str(request.user.pk)
