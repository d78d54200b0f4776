"""Mixins for allauth's WebAuthn forms, on pages and headless: the strict checks."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from allauth.core import context as current
from allauth.core.exceptions import ImmediateHttpResponse
from allauth.mfa.webauthn.internal import auth
from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _
from fido2.webauthn import AuthenticationResponse, RegistrationResponse

from accounts import strict_json
from accounts.audit.models import Action, Outcome
from accounts.audit.record import record
from accounts.audit.repeats import record_repeated
from accounts.policy import webauthn
from accounts.policy.confirmation import USER_VERIFIED
from accounts.policy.limits import address_count_kept
from accounts.policy.words import NAMES

if TYPE_CHECKING:
    from accounts.models import User

METHOD = "webauthn"
NAME_LENGTH = 60
LONGEST = 65_536
#: Of one member below. The library's reader of CBOR copies the rest at each item, so
#: its work is bounded here; certificates and post-quantum signatures fit.
LONGEST_MEMBER = 16_384
#: Members of an answer that are bytes, written as text.
TEXTS = (
    "rawId",
    "clientDataJSON",
    "authenticatorData",
    "attestationObject",
    "signature",
    "userHandle",
)


class CredentialField(forms.Field):
    """What navigator.credentials answered, as JSON; never a 500.

    Not Django's JSONField: it calls json.loads() here, and again when the page is
    rendered with errors, and handles only JSONDecodeError.
    """

    def __init__(self) -> None:
        super().__init__(required=True, widget=forms.HiddenInput)
        text = _("This page needs JavaScript and a browser that knows passkeys.")
        self.error_messages["required"] = text

    def to_python(self, value: Any) -> dict[str, Any] | None:
        """None for an empty value. Raises webauthn.Refused (a ValidationError)."""
        if value in self.empty_values:
            return None
        if isinstance(value, str):
            value = _read(value)
        if not _is_written_as_text(value):
            raise webauthn.Refused
        return value


def _read(text: str) -> Any:
    if len(text) > LONGEST:
        raise webauthn.Refused
    try:
        return strict_json.read(text)
    except strict_json.Invalid:
        raise webauthn.Refused from None


def _is_written_as_text(answer: Any) -> bool:
    """Whether it is an object whose bytes are text of a length that can be.

    The library would make that many zero bytes of a number: gigabytes, if one asks.
    """
    if not isinstance(answer, dict):
        return False
    inner = answer.get("response")
    parts = [answer, inner] if isinstance(inner, dict) else [answer]
    texts = [part.get(name) or "" for part in parts for name in TEXTS]
    return all(isinstance(one, str) and len(one) <= LONGEST_MEMBER for one in texts)


class NameField(forms.CharField):
    """What a person calls one of their keys."""

    def __init__(self, *, required: bool) -> None:
        super().__init__(
            label=_("Name"),
            help_text=_("To tell your passkeys apart, such as “Laptop”."),
            max_length=NAME_LENGTH,
            required=required,
            error_messages=NAMES,
        )


class StrictAssertion(forms.Form):
    """A passkey or security key is used: to sign in, as second step, as proof."""

    user: User | None
    passwordless: bool

    def clean_credential(self) -> Any:
        """The authenticator that answered. Raises webauthn.Refused, or over a limit."""
        try:
            return self._verified(self.cleaned_data["credential"])
        except (ValidationError, ImmediateHttpResponse) as error:
            self._record(error)
            raise

    def _verified(self, response: dict[str, Any]) -> Any:
        with webauthn.strict():
            assertion = AuthenticationResponse.from_dict(response)
            webauthn.check_client(assertion.response.client_data)
            if self.user is None:
                webauthn.owner_of(response, assertion.raw_id)
                authenticator = super().clean_credential()  # type: ignore[misc]
            else:
                with address_count_kept(current.request):
                    authenticator = super().clean_credential()  # type: ignore[misc]
            if self.passwordless:
                webauthn.check_passwordless(authenticator)
            data = assertion.response.authenticator_data
            webauthn.count(authenticator, data.counter)
        setattr(current.request, USER_VERIFIED, data.is_user_verified())
        return authenticator

    def _record(self, error: Exception) -> None:
        is_refusal = isinstance(error, webauthn.Refused)
        action = Action.SIGN_IN_FAILED if self.user is None else Action.FACTOR_REFUSED
        write = record if is_refusal else record_repeated
        write(
            action if is_refusal else Action.SIGN_IN_LIMITED,
            request=current.request,
            user=self.user,
            outcome=Outcome.FAILURE if is_refusal else Outcome.LIMITED,
            method=METHOD,
            reason=str(getattr(error, "code", "")),
        )


class StrictRegistration(forms.Form):
    """A new passkey or security key."""

    user: User
    #: A passkey from the start: there is no password, and nobody is asked.
    always_alone = False

    def clean(self) -> dict[str, Any]:
        """As allauth's; `credential` becomes what is to be stored of it.

        Raises webauthn.Refused.
        """
        response = self.cleaned_data.get("credential")
        if not response:
            return super().clean() or {}
        with webauthn.strict():
            registration = RegistrationResponse.from_dict(response)
            webauthn.check_client(registration.response.client_data)
            webauthn.check_new(self.user, registration)
            alone = self.always_alone or webauthn.asked_for_verification()
            cleaned: dict[str, Any] = super().clean() or {}
            alone = alone or bool(cleaned.get("passwordless"))
            told = response.get("clientExtensionResults", {}).get("credProps", {})
            cleaned["credential"] = webauthn.kept(
                registration, alone=alone, told=told.get("rk")
            )
        auth.clear_state()
        return cleaned
