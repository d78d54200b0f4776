"""A mail to whoever is signed in on a browser or app that was not seen before."""

from __future__ import annotations

from typing import TYPE_CHECKING

from allauth.account.adapter import get_adapter
from django.db.models import Exists

from accounts.audit.models import Action, Event, Outcome
from accounts.audit.receivers import methods
from accounts.audit.record import user_agent_of
from accounts.models import User
from accounts.policy.limits import known_device

if TYPE_CHECKING:
    from django.http import HttpRequest


def is_new(request: HttpRequest, user: User) -> bool:
    """Whether neither a cookie nor an earlier sign-in tells of this browser or app.

    Asked before the sign-in is written down. The very first one is no news: who has
    just made the account is at the keyboard.
    """
    if known_device(request, user.email):
        return False
    before = Event.objects.filter(
        user=user, action=Action.SIGN_IN, outcome=Outcome.SUCCESS
    )
    same = before.filter(user_agent=user_agent_of(request))
    asked = User.objects.filter(pk=user.pk).values_list(Exists(before), Exists(same))
    signed_in_before, seen_before = asked.get()
    return signed_in_before and not seen_before


def tell(request: HttpRequest, user: User) -> None:
    """Send it; in the transaction of the sign-in."""
    get_adapter().send_notification_mail(
        "account/email/new_device", user, {"method": methods(request, user)}
    )
