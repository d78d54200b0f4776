"""Forms for codes by mail: asking for one, typing it."""

from __future__ import annotations

from typing import Any

from allauth.account import forms as account
from django.utils.translation import gettext_lazy as _

from accounts.pages.forms import CodeField, dress_email, focus
from accounts.policy.codes import CountedCode, CountedRequest, SignInCode


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


class ConfirmEmailVerificationCodeForm(
    TypedCode, account.ConfirmEmailVerificationCodeForm
):
    """The code that was mailed to an address, to prove it."""

    code = CodeField(label=_("Code"))

    def counted_email(self) -> str:
        """That address."""
        return self.email or ""


class ProofCodeForm(TypedCode, account.BaseConfirmCodeForm):
    """The code that was mailed to the person themselves, as proof again."""

    code = CodeField(label=_("Code"))

    def __init__(self, *args: Any, email: str, **kwargs: Any) -> None:
        self.email = email
        super().__init__(*args, **kwargs)

    def counted_email(self) -> str:
        """Their own."""
        return self.email
