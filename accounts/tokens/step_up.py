"""Step-up: a call that wants a fresher or stronger sign-in says so (RFC 9470).

The client sends the person to the re-authentication page, or through the headless
API's, exchanges its refresh token, and tries again: the next access token carries the
new `acr`, `amr` and `auth_time`.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from rest_framework.exceptions import APIException
from rest_framework.permissions import BasePermission, OperationHolderMixin

from accounts.tokens.claims import LEVELS

if TYPE_CHECKING:
    from rest_framework.request import Request
    from rest_framework.views import APIView


class InsufficientAuthentication(APIException):
    """401 insufficient_user_authentication: what would be enough stands in `wanted`.

    `wanted` holds `acr_values` (str), `max_age` (int, seconds), or both.
    """

    status_code = 401
    default_code = "insufficient_user_authentication"

    def __init__(self, detail: str, wanted: dict[str, str | int]) -> None:
        super().__init__(detail)
        self.wanted = wanted


class RequireRecentAuthentication(OperationHolderMixin, BasePermission):
    """For permission_classes, as an instance: who proved themselves lately, and how.

    `max_age` is how many seconds ago the last proof may have been, `acr` the least
    level (`aal1`, `aal2`); at least one of them. Put it after what wants a token:

        permission_classes = [
            IsAuthenticated & RequireRecentAuthentication(max_age=300),
        ]

    Raises InsufficientAuthentication. Anybody without a token is left to the others.
    """

    def __init__(self, *, max_age: int | None = None, acr: str | None = None) -> None:
        if (max_age is None and acr is None) or acr not in {None, *LEVELS}:
            msg = "give max_age, acr (aal1 or aal2), or both"
            raise ValueError(msg)
        self.max_age, self.acr = max_age, acr

    def __call__(self) -> RequireRecentAuthentication:
        """DRF calls what stands in permission_classes to get a permission."""
        return self

    def has_permission(self, request: Request, view: APIView) -> bool:
        """Raises InsufficientAuthentication; False without a bearer token."""
        claims = request.auth
        if not isinstance(claims, dict):
            return False
        if self.acr and claims.get("acr", "") < self.acr:  # aal1 < aal2
            raise self._insufficient("A stronger sign-in is needed.")
        if self.max_age is not None and not self._is_recent(claims.get("auth_time")):
            raise self._insufficient("A more recent sign-in is needed.")
        return True

    def _is_recent(self, auth_time: int | None) -> bool:
        now = int(time.time())
        oldest = now - (self.max_age or 0)
        return auth_time is not None and oldest <= auth_time <= now + 1

    def _insufficient(self, detail: str) -> InsufficientAuthentication:
        wanted: dict[str, Any] = {"acr_values": self.acr, "max_age": self.max_age}
        given = {name: value for name, value in wanted.items() if value is not None}
        return InsufficientAuthentication(detail, given)
