"""The pages' forms for passkeys and security keys: allauth's, strict, in our words."""

from __future__ import annotations

from typing import Any

from allauth.mfa.webauthn import forms as webauthn
from django.utils.translation import gettext_lazy as _

from accounts.pages.forms import dress
from accounts.policy.passkey_forms import (
    CredentialField,
    NameField,
    StrictAssertion,
    StrictRegistration,
)


class LoginWebAuthnForm(StrictAssertion, webauthn.LoginWebAuthnForm):
    """Sign in with a passkey alone."""

    credential = CredentialField()


class AuthenticateWebAuthnForm(StrictAssertion, webauthn.AuthenticateWebAuthnForm):
    """A passkey or security key as the second step."""

    credential = CredentialField()


class ReauthenticateWebAuthnForm(StrictAssertion, webauthn.ReauthenticateWebAuthnForm):
    """The same again, before something that matters."""

    credential = CredentialField()


class AddWebAuthnForm(StrictRegistration, webauthn.AddWebAuthnForm):
    """Another passkey or security key."""

    name = NameField(required=False)
    credential = CredentialField()

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        dress(
            self,
            "passwordless",
            _("Let it sign me in by itself, without my password"),
            _(
                "It then checks your fingerprint, face or PIN each time. Without this "
                "it is a security key: asked for after your password."
            ),
        )
        self.fields["passwordless"].initial = True


class SignupWebAuthnForm(StrictRegistration, webauthn.SignupWebAuthnForm):
    """The first passkey of a new account."""

    name = NameField(required=False)
    credential = CredentialField()
    always_alone = True


class EditWebAuthnForm(webauthn.EditWebAuthnForm):
    """Another name for one."""

    name = NameField(required=True)
