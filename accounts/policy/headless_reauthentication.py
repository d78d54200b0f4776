"""allauth's headless reauthentication by code, and its 401, under our policy."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from allauth.account.adapter import get_adapter
from allauth.core import ratelimit
from allauth.headless.account import inputs, views
from allauth.headless.base import response

from accounts.policy import confirmation
from accounts.policy.reauthentication import (
    FLOW,
    ReauthenticationCode,
    address_of,
    forget_void_code,
    is_by_code,
)

if TYPE_CHECKING:
    from django.http import HttpRequest, HttpResponse, HttpResponseBase

    from accounts.models import User


class Required(response.ReauthenticationResponse):
    """401 with the flows that we offer, and the one address that a code goes to."""

    def _get_flows(self, request: HttpRequest, user: User) -> list[dict[str, Any]]:
        forget_void_code(request)
        refused = set() if is_by_code(user) else {FLOW}
        if confirmation.uses_factor(user):
            refused.add("reauthenticate")
        flows = super()._get_flows(request, user)
        for flow in flows:
            if flow["id"] == FLOW:
                flow["recipients"] = [{"email": address_of(user)}]
        return [flow for flow in flows if flow["id"] not in refused]


class RequestCodeInput(inputs.RequestReauthenticationCodeInput):
    """The address that the 401 names, and none of the others that allauth takes."""

    def clean(self) -> dict[str, Any]:
        """As allauth's. Raises ValidationError."""
        cleaned: dict[str, Any] = super().clean() or {}
        if not self.errors and cleaned.get("email") != address_of(self.user):
            raise get_adapter().validation_error("unknown_email")
        return cleaned


class ConfirmCodeInput(ReauthenticationCode, inputs.ConfirmReauthenticationCodeInput):
    """The code."""


class RequestCodeView(views.RequestReauthenticationCodeView):
    """POST auth/reauthenticate/code/request; again for a new code."""

    input_class = RequestCodeInput
    refusal = response.ForbiddenResponse

    def handle(
        self, request: HttpRequest, *args: Any, **kwargs: Any
    ) -> HttpResponseBase:
        """Allauth's answer; 403 for people who have another way."""
        user: Any = request.user
        if not is_by_code(user):
            return self.refusal(request)
        return super().handle(request, *args, **kwargs)


class ConfirmCodeView(views.ConfirmReauthenticationCodeView):
    """POST auth/reauthenticate/code/confirm."""

    input_class = ConfirmCodeInput

    def handle(
        self, request: HttpRequest, *args: Any, **kwargs: Any
    ) -> HttpResponseBase:
        """Allauth's answer; 429, which it leaves out here; 409 without a code."""
        limited = ratelimit.consume_or_429(request, action="reauthenticate")
        if limited:
            return limited
        forget_void_code(request)
        return super().handle(request, *args, **kwargs)


class ResendCodeView(views.ResendReauthenticationCodeView):
    """POST auth/reauthenticate/code/resend."""

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Allauth's answer: 409 while LOGIN_BY_CODE_SUPPORTS_RESEND is off."""
        forget_void_code(request)
        return super().post(request, *args, **kwargs)


class OldRequestCodeView(RequestCodeView):
    """POST auth/code/reauthenticate/request, without a body. Deprecated."""

    refusal = response.ConflictResponse

    def handle_input(self, data: Any) -> Any:
        """The address is known."""
        user: Any = self.request.user
        return super().handle_input({"email": address_of(user)})


VIEWS: dict[str, Any] = {
    "auth/reauthenticate/code/request": RequestCodeView,
    "auth/reauthenticate/code/confirm": ConfirmCodeView,
    "auth/reauthenticate/code/resend": ResendCodeView,
    # Deprecated: our paths from before allauth had its own.
    "auth/code/reauthenticate/request": OldRequestCodeView,
    "auth/code/reauthenticate": ConfirmCodeView,
}
