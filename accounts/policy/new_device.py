"""A mail to whoever is signed in on a browser or app that was not seen before."""

from __future__ import annotations

from ipaddress import ip_address, ip_network
from typing import TYPE_CHECKING

from allauth.account.adapter import get_adapter

from accounts.audit.models import Action, Event, Outcome
from accounts.audit.receivers import methods
from accounts.audit.record import user_agent_of
from accounts.policy.client_address import one_spelling
from accounts.policy.limits import known_device

if TYPE_CHECKING:
    from django.http import HttpRequest

    from accounts.models import User

#: The newest sign-ins that are compared.
LOOKED_AT = 100


def is_new(request: HttpRequest, user: User) -> bool:
    """Whether neither a cookie nor an earlier sign-in tells of this browser or app.

    The same browser by its name counts from the same network alone: a stranger's is
    called the same as often as not. Asked before the sign-in is written down. The
    very first one is no news: who has just made the account is at the keyboard.
    """
    if known_device(request, user.email):
        return False
    before = Event.objects.filter(
        user=user, action=Action.SIGN_IN, outcome=Outcome.SUCCESS
    )
    recent = list(before.order_by("-id").values_list("user_agent", "ip")[:LOOKED_AT])
    here = _mark(user_agent_of(request), get_adapter().get_client_ip(request))
    return bool(recent) and here not in {_mark(*seen) for seen in recent}


def _mark(user_agent: str, ip: str | None) -> tuple[str, str]:
    address = one_spelling(ip or "")  # events of earlier releases have others
    if not address:
        return user_agent, ""
    bits = 24 if ip_address(address).version == 4 else 64
    return user_agent, str(ip_network(f"{address}/{bits}", strict=False))


def tell(request: HttpRequest, user: User) -> None:
    """Send it; in the transaction of the sign-in."""
    get_adapter().send_notification_mail(
        "account/email/new_device", user, {"method": methods(request, user)}
    )
