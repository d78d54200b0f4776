"""allauth's headless views for second factors, with the guards of our pages."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from allauth.headless.mfa import inputs, response, views
from allauth.mfa.webauthn.internal import auth

from accounts.policy import trust
from accounts.policy.headless_passkeys import AuthenticateWebAuthnInput
from accounts.policy.limits import KeepAddressCount
from accounts.policy.recovery import shown_once
from accounts.policy.totp import CodeOnce, FirstCodeOnce

if TYPE_CHECKING:
    from django.http import HttpRequest, HttpResponseBase


class AuthenticateInput(CodeOnce, KeepAddressCount, inputs.AuthenticateInput):
    """A code of the second step."""


class ReauthenticateInput(CodeOnce, KeepAddressCount, inputs.ReauthenticateInput):
    """A code, as proof again."""


class ActivateTOTPInput(FirstCodeOnce, KeepAddressCount, inputs.ActivateTOTPInput):
    """The first code of a new authenticator app."""


class AuthenticateView(views.AuthenticateView):
    """POST auth/2fa/authenticate: a code, or the answer of a passkey or key.

    GET: the options to ask a passkey or key with.
    """

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        """As auth/webauthn/authenticate."""
        options = auth.begin_authentication(self.stage.login.user)
        return response.WebAuthnRequestOptionsResponse(request, options)

    def get_input_class(self) -> Any:
        """By what was sent."""
        if "credential" in (self.data or {}):
            return AuthenticateWebAuthnInput
        return AuthenticateInput


class ReauthenticateView(views.ReauthenticateView):
    """POST auth/2fa/reauthenticate."""

    input_class = ReauthenticateInput


class TrustView(views.TrustView):
    """POST auth/2fa/trust, of the browser client."""

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        """Go on; trust the browser when asked to and when that signed them in."""
        response = self.respond_next_stage()
        if self.input.cleaned_data["trust"]:
            trust.remember(request, self.stage.login.user, response)
        return response


class ManageTOTPView(views.ManageTOTPView):
    """GET, POST and DELETE account/authenticators/totp."""

    input_class = {"POST": ActivateTOTPInput}  # noqa: RUF012 - as allauth declares it


class ManageRecoveryCodesView(views.ManageRecoveryCodesView):
    """GET and POST account/authenticators/recovery-codes."""

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        """The codes the first time, then their number."""
        with shown_once(request.user.pk):
            return super().get(request, *args, **kwargs)


VIEWS: dict[str, Any] = {
    "auth/2fa/authenticate": AuthenticateView,
    "auth/2fa/reauthenticate": ReauthenticateView,
    "auth/2fa/trust": TrustView,
    "account/authenticators/totp": ManageTOTPView,
    "account/authenticators/recovery-codes": ManageRecoveryCodesView,
}
