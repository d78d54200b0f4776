"""Forms for codes by mail: asking for one, typing it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from allauth.account import forms as account
from allauth.core import context as current
from django.utils.translation import gettext_lazy as _

from accounts.pages.forms import CodeField, dress_email, focus
from accounts.policy import sign_up
from accounts.policy.address_change import refuse_superseded
from accounts.policy.codes import CountedCode, CountedRequest, SignInCode
from accounts.policy.reauthentication import ReauthenticationCode, address_of

if TYPE_CHECKING:
    from accounts.models import User


class TypedCode(CountedCode):
    """The one field of the forms below."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        focus(self, "code")  # type: ignore[arg-type] # of the form


class RequestLoginCodeForm(CountedRequest, account.RequestLoginCodeForm):
    """Ask for a code to sign in with."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        dress_email(self, "email", "username")
        focus(self, "email")


class ConfirmLoginCodeForm(SignInCode, TypedCode, account.ConfirmLoginCodeForm):
    """The code from that mail."""

    code = CodeField(label=_("Code"))


class SignUpCode(account.ConfirmEmailVerificationCodeForm):
    """allauth's form; that the address is taken by now is no fault of the code."""

    def clean_code(self) -> str:
        """As allauth's. Raises ValidationError."""
        if sign_up.waiting_for(current.request, self.email or ""):
            return str(account.BaseConfirmCodeForm.clean_code(self))
        return str(super().clean_code())


class ConfirmEmailVerificationCodeForm(TypedCode, SignUpCode):
    """The code that was mailed to an address, to prove it."""

    code = CodeField(label=_("Code"))

    def clean_code(self) -> str:
        """The code. Raises ValidationError, ImmediateHttpResponse (429)."""
        code = super().clean_code()
        refuse_superseded(current.request, self.counted_email())
        return code

    def counted_email(self) -> str:
        """That address."""
        return self.email or ""


class RequestReauthenticationCodeForm(account.RequestReauthenticationCodeForm):
    """Ask for a code to reauthenticate with: to one's own address, without a choice."""

    def __init__(self, *args: Any, user: User, **kwargs: Any) -> None:
        super().__init__(*args, user=user, **kwargs)
        del self.fields["recipient"]
        self.email = address_of(user)

    def clean(self) -> dict[str, Any]:
        """As allauth's, whatever address was sent along."""
        self.cleaned_data["recipient"] = self.email
        cleaned: dict[str, Any] = super().clean()
        return cleaned


class ConfirmReauthenticationCodeForm(
    ReauthenticationCode, TypedCode, account.ConfirmReauthenticationCodeForm
):
    """The code from that email."""

    code = CodeField(label=_("Code"))
