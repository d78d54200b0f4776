"""The routes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rest_framework.permissions import IsAuthenticated
from rest_framework.response import Response
from rest_framework.views import APIView

from orders.permissions import RequireRecentAuthentication

if TYPE_CHECKING:
    from rest_framework.request import Request


class ProtectedRoute(APIView):
    """GET: a greeting for the person that the token speaks of."""

    def get(self, request: Request) -> Response:
        """200, or 401 or 503 by the settings' authentication."""
        answer = {"message": f"Hello {request.user.email}"}
        return Response(answer, headers={"Cache-Control": "no-store"})


class RecentRoute(ProtectedRoute):
    """The same for a proof within 300 s, with a second factor."""

    permission_classes = (
        IsAuthenticated & RequireRecentAuthentication(max_age=300, acr="aal2"),
    )


class Healthz(APIView):
    """GET: the process lives, whatever the state of the issuer."""

    authentication_classes = ()
    permission_classes = ()

    def get(self, request: Request) -> Response:
        """Always 200."""
        return Response({"status": "ok"})
