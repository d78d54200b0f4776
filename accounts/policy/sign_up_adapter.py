"""The account adapter's part about sign-ups; see accounts.policy.sign_up."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from allauth.account.adapter import DefaultAccountAdapter
from allauth.core import context as current

from accounts.audit.models import Action
from accounts.audit.record import record
from accounts.policy import closing, sign_up

if TYPE_CHECKING:
    from django.http import HttpRequest, HttpResponse

    from accounts.models import User

#: On the request: the code that was made last.
CODE = "_policy_sign_up_code"


class SignUpAdapter(DefaultAccountAdapter):
    """Who gets a code, and the password that was hashed before it was confirmed."""

    def generate_email_verification_code(self) -> str:
        """As allauth's, kept for the email that it does not hand the code to."""
        code: str = super().generate_email_verification_code()
        setattr(current.request, CODE, code)
        return code

    def send_account_already_exists_mail(self, email: str) -> None:
        """The email of every sign-up: a code, or that there is an account.

        The owner of a closing account gets the link that keeps it.
        """
        request = current.request
        waiting, code = sign_up.waiting_for(request, email), getattr(request, CODE, "")
        owner = closing.of_address(email)
        if sign_up.is_free(email) and waiting and code:
            prefix = "account/email/email_confirmation_signup"
            self.send_mail(prefix, email, {"code": code})
        elif owner:
            closing.remind(owner)
        else:
            super().send_account_already_exists_mail(email)

    def pre_login(
        self, request: HttpRequest, user: User, **kwargs: Any
    ) -> HttpResponse | None:
        """As allauth's; after the event of the sign-up, that of its address."""
        if kwargs["signup"] and getattr(request, sign_up.CONFIRMED, False):
            record(Action.EMAIL_VERIFIED, request=request, user=user)
        return super().pre_login(request, user, **kwargs)

    def save_user(
        self, request: HttpRequest, user: User, form: Any, commit: bool = True
    ) -> User:
        """As allauth's, with the hash of the password instead of the password."""
        saved: User = super().save_user(request, user, form, commit=False)
        saved.password = getattr(form, "password_hash", "") or saved.password
        if commit:
            saved.save()
        return saved
