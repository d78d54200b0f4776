"""Headless calls for someone who lost their device and their codes.

In allauth's shape; the pages are accounts.pages.removal.
"""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from allauth.headless.base.response import ConflictResponse, UnauthorizedResponse
from allauth.headless.base.views import APIView, AuthenticatedAPIView
from allauth.headless.internal.restkit import inputs
from allauth.headless.internal.restkit.response import APIResponse

from accounts.policy import removal
from accounts.policy.removal_code import (
    Code,
    StartsRemoval,
    TakesRemovalCode,
    asker_of,
)

if TYPE_CHECKING:
    from django.http import HttpRequest, HttpResponseBase

    from accounts.policy.models import FactorRemoval
    from accounts.policy.removal_code import Asker


class RequestInput(StartsRemoval, inputs.Input):
    """The password, where it was not just given."""

    password = inputs.CharField(strip=False, required=False)

    def __init__(self, *args: Any, asker: Asker, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.asker = asker
        self.fields["password"].required = asker.needs_password


class ConfirmInput(TakesRemovalCode, inputs.Input):
    """The emailed code."""

    code = inputs.CharField(max_length=64)

    def __init__(self, *args: Any, process: Code, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.process = process


class _OfAsker(APIView):
    """401 for strangers, 409 while a request is open or without a factor."""

    asker: Asker

    def handle(
        self, request: HttpRequest, *args: Any, **kwargs: Any
    ) -> HttpResponseBase:
        """Look at who asks before the body is read."""
        asker = asker_of(request)
        if asker is None:
            signed_in = request.user.is_authenticated
            return (ConflictResponse if signed_in else UnauthorizedResponse)(request)
        if removal.open_of(asker.user) is not None:
            return ConflictResponse(request)
        self.asker = asker
        return super().handle(request, *args, **kwargs)


class RequestView(_OfAsker):
    """POST auth/2fa/removal/request: email a code; again for a new one."""

    input_class = RequestInput

    def get_input_kwargs(self) -> dict[str, Any]:
        """Who asks."""
        return {"asker": self.asker}

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> APIResponse:
        """The code is on its way."""
        return APIResponse(request)


class ConfirmView(_OfAsker):
    """POST auth/2fa/removal/confirm: the code; 409 when none is pending."""

    input_class = ConfirmInput

    def get_input_kwargs(self) -> dict[str, Any]:
        """The code on its way."""
        return {"process": self.process}

    def handle_input(self, data: Any) -> Any:
        """Allauth's answer; 409 without a code."""
        process = Code.resume(self.asker)
        if process is None:
            return ConflictResponse(self.request)
        self.process = process
        return super().handle_input(data)

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> APIResponse:
        """When it takes effect; 409 when the account changed meanwhile."""
        row = removal.ask(request, self.asker.user)
        if row is None:
            return ConflictResponse(request)
        return APIResponse(request, data=_told(row))


class RemovalView(AuthenticatedAPIView):
    """GET and DELETE account/authenticators/removal: the open request; cancel it."""

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> APIResponse:
        """404 without one."""
        user: Any = request.user
        row = removal.open_of(user)
        if row is None:
            return APIResponse(request, status=HTTPStatus.NOT_FOUND)
        return APIResponse(request, data=_told(row))

    def delete(self, request: HttpRequest, *args: Any, **kwargs: Any) -> APIResponse:
        """404 when it had ended."""
        user: Any = request.user
        found = removal.cancel(user, removal.By.SESSION, request=request)
        return APIResponse(
            request, status=HTTPStatus.OK if found else HTTPStatus.NOT_FOUND
        )


def _told(row: FactorRemoval) -> dict[str, float]:
    """Times as allauth's headless API writes them: seconds since the epoch."""
    return {"asked_at": row.asked_at.timestamp(), "due_at": row.due_at.timestamp()}


VIEWS: dict[str, Any] = {
    "auth/2fa/removal/request": RequestView,
    "auth/2fa/removal/confirm": ConfirmView,
    "account/authenticators/removal": RemovalView,
}
