"""A change of email address: of several that were asked for, the last one counts.

The code of a change waits in the session that asked for it. Without this a change that
began earlier, perhaps in a session that somebody else holds, could overwrite a later
one for as long as its code is valid.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from allauth.account.adapter import get_adapter
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from accounts.policy.models import AddressChange

if TYPE_CHECKING:
    from django.http import HttpRequest

    from accounts.models import User

STARTED = "account/email/email_change_started"


def start(user: User, email: str) -> None:
    """Make this the change that counts, and tell the present address about it."""
    change, is_new = AddressChange.objects.get_or_create(
        user=user, defaults={"email": email}
    )
    if not is_new and change.email == email:
        return  # another code for the same change
    change.email = email
    change.save(update_fields=["email", "asked_at"])
    get_adapter().send_notification_mail(
        STARTED, user, {"from_email": user.email, "to_email": email}, email=user.email
    )


def is_superseded(request: HttpRequest, email: str) -> bool:
    """Whether the signed-in person has since asked for another address, or has one.

    The first confirmation of an address, which ends in a sign-in, is no change.
    """
    if not request.user.is_authenticated:
        return False
    mine = AddressChange.objects.filter(user=request.user, email=email)
    return not mine.exists()


def refuse_superseded(request: HttpRequest, email: str) -> None:
    """Raises ValidationError for the code of a change that a later one replaced."""
    if is_superseded(request, email):
        text = _(
            "You have changed your email address, or asked to, since this code was "
            "sent. Start again to use this address."
        )
        raise ValidationError(text, code="superseded")


def finish(user: User) -> None:
    """The change is done: codes of earlier ones are worth nothing from now on."""
    AddressChange.objects.filter(user=user).delete()
