"""What makes a link for a new password count: the account as it was then."""

from __future__ import annotations

from typing import TYPE_CHECKING

from allauth.account.models import EmailAddress
from django.contrib.auth.tokens import PasswordResetTokenGenerator

if TYPE_CHECKING:
    from accounts.models import User


class ResetTokens(PasswordResetTokenGenerator):
    """Spent by a new password or another address, and by time; by no sign-in.

    Django's and allauth's end with the next sign-in too. Then somebody who is in with
    an old password could sign in again and again, and keep the owner from a new one.
    """

    def _make_hash_value(self, user: User, timestamp: int) -> str:
        mine = EmailAddress.objects.filter(user=user).values_list("email", flat=True)
        addresses = sorted({user.email, *mine})
        return "|".join([user.pk.hex, user.password, str(timestamp), *addresses])
