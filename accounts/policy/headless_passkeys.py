"""allauth's headless views for passkeys and security keys, with the strict checks."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from allauth.account.fields import EmailField
from allauth.headless.base.response import ConflictResponse, UnauthorizedResponse
from allauth.headless.mfa import inputs, views
from allauth.mfa.models import Authenticator
from django.db import transaction
from django.forms import CharField, ValidationError

from accounts.policy.addresses import refuse_look_alike
from accounts.policy.limits import limit_options
from accounts.policy.own_rows import OwnRowsField
from accounts.policy.passkey_forms import (
    NAME_LENGTH,
    CredentialField,
    NameField,
    StrictAssertion,
    StrictRegistration,
)
from accounts.policy.sign_up import WaitsForCode
from accounts.policy.stages import is_unchanged
from accounts.policy.ways_in import lock, would_lock_out
from accounts.policy.words import LAST_WAY_IN

if TYPE_CHECKING:
    from django.http import HttpRequest, HttpResponseBase


class LoginWebAuthnInput(StrictAssertion, inputs.LoginWebAuthnInput):
    """A passkey alone."""

    credential = CredentialField()


class AuthenticateWebAuthnInput(StrictAssertion, inputs.AuthenticateWebAuthnInput):
    """A passkey or security key as second step."""

    credential = CredentialField()


class ReauthenticateWebAuthnInput(StrictAssertion, inputs.ReauthenticateWebAuthnInput):
    """The same as proof again."""

    credential = CredentialField()


class AddWebAuthnInput(StrictRegistration, inputs.AddWebAuthnInput):
    """A new one for whoever is signed in."""

    name = NameField(required=False)
    credential = CredentialField()


class CreateWebAuthnInput(StrictRegistration, inputs.CreateWebAuthnInput):
    """The first one, at sign-up."""

    name = NameField(required=False)
    credential = CredentialField()
    always_alone = True


class SignupWebAuthnInput(WaitsForCode, inputs.SignupWebAuthnInput):
    """An address to sign up with."""

    email = EmailField(validators=[refuse_look_alike])


class UpdateWebAuthnInput(inputs.UpdateWebAuthnInput):
    """Another name."""

    name = CharField(required=True, max_length=NAME_LENGTH)


class DeleteWebAuthnInput(inputs.DeleteWebAuthnInput):
    """Some are taken away, but for the last way in."""

    authenticators = OwnRowsField(queryset=Authenticator.objects.none())

    def clean_authenticators(self) -> Any:
        """Raises ValidationError."""
        going = self.cleaned_data["authenticators"]
        if would_lock_out(self.user, going):
            raise ValidationError(LAST_WAY_IN, code="last_way_in")
        return going


class LoginWebAuthnView(views.LoginWebAuthnView):
    """GET and POST auth/webauthn/login."""

    input_class = {"POST": LoginWebAuthnInput}  # noqa: RUF012 - as allauth's

    def handle(
        self, request: HttpRequest, *args: Any, **kwargs: Any
    ) -> HttpResponseBase:
        """Allauth's answer; 409 for somebody signed in, unchecked."""
        if request.user.is_authenticated:
            return ConflictResponse(request)
        return super().handle(request, *args, **kwargs)

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        """The options, or 429."""
        return limit_options(request) or super().get(request, *args, **kwargs)


class AuthenticateWebAuthnView(views.AuthenticateWebAuthnView):
    """GET and POST auth/webauthn/authenticate."""

    input_class = {"POST": AuthenticateWebAuthnInput}  # noqa: RUF012


class ReauthenticateWebAuthnView(views.ReauthenticateWebAuthnView):
    """GET and POST auth/webauthn/reauthenticate."""

    input_class = {"POST": ReauthenticateWebAuthnInput}  # noqa: RUF012


class SignupWebAuthnView(views.SignupWebAuthnView):
    """POST, GET and PUT auth/webauthn/signup."""

    input_class = {  # noqa: RUF012
        "POST": SignupWebAuthnInput,
        "PUT": CreateWebAuthnInput,
    }

    def handle(
        self, request: HttpRequest, *args: Any, **kwargs: Any
    ) -> HttpResponseBase:
        """As allauth's; 401 once the account is no longer what the sign-up began.

        409 when none waits: allauth's form breaks without its person.
        """
        if request.user.is_authenticated:
            return ConflictResponse(request)
        if request.method in {"GET", "PUT"}:
            if conflict := self._require_stage():
                return conflict
            if not is_unchanged(self.stage):
                self.stage.abort()
                return UnauthorizedResponse(request)
        return super().handle(request, *args, **kwargs)


class ManageWebAuthnView(views.ManageWebAuthnView):
    """GET, POST, PUT and DELETE account/authenticators/webauthn."""

    input_class = {  # noqa: RUF012
        "POST": AddWebAuthnInput,
        "PUT": UpdateWebAuthnInput,
        "DELETE": DeleteWebAuthnInput,
    }

    def handle(
        self, request: HttpRequest, *args: Any, **kwargs: Any
    ) -> HttpResponseBase:
        """One change at a time of what a person can sign in with."""
        if request.method == "GET":
            return super().handle(request, *args, **kwargs)
        with transaction.atomic():
            lock(request.user)
            return super().handle(request, *args, **kwargs)


VIEWS: dict[str, Any] = {
    "auth/webauthn/login": LoginWebAuthnView,
    "auth/webauthn/authenticate": AuthenticateWebAuthnView,
    "auth/webauthn/reauthenticate": ReauthenticateWebAuthnView,
    "auth/webauthn/signup": SignupWebAuthnView,
    "account/authenticators/webauthn": ManageWebAuthnView,
}
