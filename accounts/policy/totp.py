"""A code of an authenticator app is good once (RFC 6238, 5.2; ASVS 6.5.1).

allauth sees to that for codes of an app that is on. Here the code that turns it on
counts as used too, and people are told why a code that their app shows is refused.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from allauth.mfa.adapter import get_adapter
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import validate_totp_code
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

if TYPE_CHECKING:
    from accounts.models import User

WRONG = "incorrect_code"
TOTP = Authenticator.Type.TOTP


class CodeOnce:
    """A mixin for forms of second steps: says so when a code was used before."""

    user: User

    def clean_code(self) -> str:
        """As allauth's. Raises ValidationError."""
        try:
            code: str = super().clean_code()  # type: ignore[misc] # of the form
        except ValidationError as error:
            typed = self.cleaned_data["code"]  # type: ignore[attr-defined] # of the form
            if error.code == WRONG and _is_right_by_the_clock(self.user, typed):
                raise _used_before() from None
            raise
        return code


class FirstCodeOnce:
    """A mixin for forms that turn an app on: its first code is used up by that."""

    user: User
    secret: str

    def clean_code(self) -> str:
        """As allauth's. Raises ValidationError, also for a code used before."""
        code: str = super().clean_code()  # type: ignore[misc] # of the form
        secret = get_adapter().encrypt(self.secret)
        app = Authenticator(user=self.user, type=TOTP, data={"secret": secret})
        if not app.wrap().validate_code(code):
            raise _used_before()
        return code


def _is_right_by_the_clock(user: User, code: str) -> bool:
    app = Authenticator.objects.filter(user=user, type=TOTP).first()
    if app is None:
        return False
    return validate_totp_code(get_adapter().decrypt(app.data["secret"]), code)


def _used_before() -> ValidationError:
    # The code is that of any wrong one: programs need not know more.
    text = _("This code was used already. Wait for the next one.")
    return ValidationError(text, code=WRONG)
