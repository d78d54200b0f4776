"""Step-up: a view that wants a fresher or stronger sign-in says so (RFC 9470)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rest_framework.permissions import BasePermission, OperationHolderMixin

from orders.authentication import verifier

if TYPE_CHECKING:
    from rest_framework.request import Request
    from rest_framework.views import APIView


class RequireRecentAuthentication(OperationHolderMixin, BasePermission):
    """For permission_classes, as an instance; put it after IsAuthenticated.

        permission_classes = (
            IsAuthenticated & RequireRecentAuthentication(max_age=300, acr="aal2"),
        )

    `max_age` is how many seconds ago the last proof may have been, `acr` the least
    level (`aal1`, `aal2`); at least one of them.
    """

    def __init__(self, *, max_age: int | None = None, acr: str | None = None) -> None:
        if max_age is None and acr is None:
            msg = "give max_age, acr, or both"
            raise ValueError(msg)
        self.max_age, self.acr = max_age, acr

    def __call__(self) -> RequireRecentAuthentication:
        """DRF calls what stands in permission_classes to get a permission."""
        return self

    def has_permission(self, request: Request, view: APIView) -> bool:
        """False without a token. Raises InsufficientAuthentication."""
        if not isinstance(request.auth, dict):
            return False
        verifier.require_recent(request.auth, max_age=self.max_age, acr=self.acr)
        return True
