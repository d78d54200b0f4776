"""allauth's forms in our words, with the attributes that password managers look for.

Sources: web.dev sign-in form best practices; WCAG 2.2, 1.3.5 and 3.3.8; Chromium's
"Create Amazing Password Forms".
"""

from __future__ import annotations

from typing import Any

from allauth.account import forms as account
from allauth.mfa.base import forms as mfa
from allauth.mfa.totp import forms as totp
from allauth.socialaccount import forms as social
from django import forms
from django.conf import settings
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from accounts.policy.addresses import ProvenAddress, refuse_look_alike
from accounts.policy.current_password import CheckedPassword
from accounts.policy.limits import KeepAddressCount
from accounts.policy.other_account import take_typed
from accounts.policy.sign_up import WaitsForCode
from accounts.policy.totp import CodeOnce, FirstCodeOnce
from accounts.policy.words import NAMES

EMAIL = {"dir": "ltr", "autocapitalize": "none", "spellcheck": "false"}
PASSWORD = {"autocapitalize": "none", "spellcheck": "false", "dir": "ltr"}


def dress(
    form: forms.BaseForm, name: str, label: Any, hint: Any = "", **attrs: str
) -> None:
    """Give a library's field our label, hint and attributes."""
    field = form.fields[name]
    field.label, field.help_text = label, hint
    field.widget.attrs.update(attrs)


def focus(form: forms.BaseForm, name: str) -> None:
    """Start in this field, but only on a fresh form: errors take the focus."""
    if not form.is_bound:
        form.fields[name].widget.attrs["autofocus"] = True


def dress_email(form: forms.BaseForm, name: str, autocomplete: str) -> None:
    """An e-mail field; a password manager takes it for the user name."""
    dress(form, name, _("E-mail address"), autocomplete=autocomplete, **EMAIL)
    form.fields[name].error_messages |= {
        "required": _("Type your e-mail address."),
        "invalid": _("Type an e-mail address like name@example.com."),
    }
    form.fields[name].validators = [
        *form.fields[name].validators,
        refuse_look_alike,
    ]


def dress_new_password(form: forms.BaseForm, label: Any) -> None:
    """The one field for a new password: typed once, shown on demand."""
    hint = _("At least 8 characters. A few words in a row work well.")
    dress(form, "password1", label, hint, autocomplete="new-password", **PASSWORD)
    form.fields["password1"].error_messages["required"] = _("Choose a password.")


def dress_password(form: forms.BaseForm, name: str, label: Any) -> None:
    """A field for the password that one has."""
    dress(form, name, label, **PASSWORD)
    form.fields[name].error_messages["required"] = _("Type your password.")


class CodeField(forms.CharField):
    """A one-time code: one box, spaces ignored, pasted as it comes."""

    def __init__(self, *, label: Any, help_text: Any = "", digits: bool = True) -> None:
        widget = forms.TextInput(
            attrs={
                "class": "input-code",
                "dir": "ltr",
                "inputmode": "numeric" if digits else "text",
                "autocomplete": "one-time-code",
                "autocapitalize": "none",
                "spellcheck": "false",
            }
        )
        super().__init__(label=label, help_text=help_text, max_length=64, widget=widget)
        # The bound is for the server alone: a paste with spaces must not be cut.
        self.widget.attrs.pop("maxlength", None)
        self.error_messages["required"] = _("Type the code.")

    def to_python(self, value: Any) -> str:
        """Without any white space."""
        return "".join((super().to_python(value) or "").split())


class LoginForm(account.LoginForm):
    """Sign in. One message, on the e-mail field, for whatever did not fit."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.request is not None and not self.is_bound:
            self.initial.setdefault("login", take_typed(self.request.session))
        dress_email(self, "login", "username webauthn")
        dress_password(self, "password", _("Password"))
        dress(self, "remember", _("Keep me signed in on this device"))
        focus(self, "login")

    def clean(self) -> dict[str, Any]:
        """As allauth's, with the refusal tied to the field that it speaks of."""
        try:
            super().clean()
        except ValidationError as error:
            self.add_error("login", error)
            self.fields["password"].widget.attrs.update(
                {"aria-invalid": "true", "aria-describedby": "id_login_error"}
            )
        return self.cleaned_data


class SignupForm(WaitsForCode, account.SignupForm):
    """Create an account: an address and a password, typed once."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        dress_email(self, "email", "username")
        if "password1" in self.fields:
            dress_new_password(self, _("Password"))
        focus(self, "email")


class SocialSignupForm(WaitsForCode, social.SignupForm):
    """The address that a provider did not tell; it is verified by a code."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        dress_email(self, "email", "email")
        focus(self, "email")


class ResetPasswordForm(ProvenAddress, account.ResetPasswordForm):
    """Ask for a link to choose a new password."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        dress_email(self, "email", "username")
        focus(self, "email")


class ResetPasswordKeyForm(account.ResetPasswordKeyForm):
    """Choose a new password by the link in a mail."""

    password2 = None  # typed once; the field can be shown

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        dress_new_password(self, _("New password"))
        focus(self, "password1")


class ChangePasswordForm(CheckedPassword, account.ChangePasswordForm):
    """Change the password: the old one and a new one."""

    password2 = None

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        dress_password(self, "oldpassword", _("Current password"))
        dress_new_password(self, _("New password"))


class SetPasswordForm(account.SetPasswordForm):
    """A first password for somebody who signs in by other means."""

    password2 = None

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        dress_new_password(self, _("Password"))


class ReauthenticateForm(account.ReauthenticateForm):
    """The password again, before something that matters."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        dress_password(self, "password", _("Password"))
        focus(self, "password")


class AddEmailForm(account.AddEmailForm):
    """Another address to sign in with."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        dress_email(self, "email", "email")
        self.fields["email"].label = _("New e-mail address")


class SecondStep(CodeOnce, KeepAddressCount, forms.Form):
    """The one field of both forms below."""

    code = CodeField(
        label=_("Code"),
        help_text=_("Or one of your recovery codes. Spaces do not matter."),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        focus(self, "code")


class AuthenticateForm(SecondStep, mfa.AuthenticateForm):
    """The second step of a sign-in."""


class MFAReauthenticateForm(SecondStep, mfa.ReauthenticateForm):
    """The second step again, before something that matters."""


class ActivateTOTPForm(FirstCodeOnce, KeepAddressCount, totp.ActivateTOTPForm):
    """The first code of a new authenticator app."""

    code = CodeField(label=_("Code from the app"))


class ProfileForm(forms.ModelForm):
    """What a person may change about themselves here."""

    class Meta:
        model = User
        fields = ("name", "language")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["language"] = forms.ChoiceField(
            choices=[("", _("As my browser asks")), *settings.LANGUAGES],
            required=False,
            label=_("Language"),
            help_text=_("Of these pages and of our mails to you."),
        )
        self.fields["name"].error_messages.update(NAMES)
        hint = _("What apps and mails call you. Your e-mail address when empty.")
        dress(self, "name", _("Full name"), hint, autocomplete="name")
