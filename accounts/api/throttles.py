"""Limits for the calls that allauth does not count itself, by its counters.

Its counters are changed under a lock. DRF's own throttles read and then write, so that
parallel requests get past them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from allauth.core.internal import ratelimit
from rest_framework.throttling import BaseThrottle

from accounts.policy.limits import APP, retry_after

if TYPE_CHECKING:
    from rest_framework.request import Request
    from rest_framework.views import APIView


class TokenThrottle(BaseThrottle):
    """The `token_refresh` limit of settings.ACCOUNT_RATE_LIMITS, per address.

    One count for all calls that have it, and for the headless API's tokens/refresh.
    """

    action: ClassVar[str] = "token_refresh"

    def allow_request(self, request: Request, view: APIView) -> bool:
        """Whether the limit is open; then this request is counted."""
        self.request = request._request
        usage = ratelimit.consume(self.request, app=APP, action=self.action)
        return usage is not None

    def wait(self) -> float:
        """Seconds, for Retry-After."""
        return retry_after(self.request, (self.action,))


class SessionExchangeThrottle(TokenThrottle):
    """The `token_session` limit, per person."""

    action = "token_session"
