"""A code of an authenticator app is good once, for all the time that it is accepted.

allauth remembers a used code for one period, while MFA_TOTP_TOLERANCE lets it be
accepted in three: it could be replayed after 30 seconds (RFC 6238, 5.2; ASVS 6.5.1).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from allauth.core.internal.cryptokit import normalize_user_code
from allauth.mfa import app_settings
from allauth.mfa.models import Authenticator
from django.core.cache import cache
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from accounts.crypto import keyed_hash

if TYPE_CHECKING:
    from accounts.models import User

PURPOSE = "used code"


def spend(user: User, code: str) -> bool:
    """Mark a code as used; whether this was its first use. Atomic."""
    periods = 2 * app_settings.TOTP_TOLERANCE + 1
    return cache.add(_key(user, code), 1, periods * app_settings.TOTP_PERIOD)


def is_spent(user: User, code: str) -> bool:
    """Whether this person used this code while it is still accepted."""
    return cache.get(_key(user, code)) is not None


def _key(user: User, code: str) -> str:
    digest = keyed_hash(f"{user.pk}|{normalize_user_code(code)}", PURPOSE)
    return f"policy.totp.used:{digest}"


class CodeOnce:
    """A mixin for forms of second steps: a code that was used is a wrong one.

    Put it before KeepAddressCount, so that a replay counts as an attempt.
    """

    def clean_code(self) -> str:
        """As allauth's. Raises ValidationError, also for a code used before."""
        user: User = self.user  # type: ignore[attr-defined] # of the form
        spent = is_spent(user, self.cleaned_data["code"])  # type: ignore[attr-defined]
        if spent:
            self.cleaned_data["code"] = ""  # type: ignore[attr-defined] # fits nothing
        try:
            code: str = super().clean_code()  # type: ignore[misc] # of the form
        except ValidationError as error:
            if spent and error.code == "incorrect_code":
                raise _used_before() from None
            raise
        factor = getattr(self, "authenticator", None)
        # A form without one is that of an app's first code, which it has just proven.
        kind = factor.type if factor else Authenticator.Type.TOTP
        if kind == Authenticator.Type.TOTP and not spend(user, code):
            raise _used_before()
        return code


def _used_before() -> ValidationError:
    # The code is that of any wrong one: programs need not know more.
    text = _("This code was used already. Wait for the next one.")
    return ValidationError(text, code="incorrect_code")
