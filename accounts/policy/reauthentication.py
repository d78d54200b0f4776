"""Reauthentication by an emailed code: only for people who have nothing else.

allauth offers the code to everybody with a verified address, beside a password or
second factor. Here it never replaces either, and goes to one address alone.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from allauth.account.internal.flows.reauthenticate_by_code import (
    REAUTHENTICATION_CODE_SESSION_KEY,
    ConfirmReauthenticationCodeProcess,
)
from allauth.account.internal.flows.reauthentication import get_reauthentication_flows
from allauth.account.internal.userkit import user_id_to_str
from allauth.account.models import EmailAddress
from allauth.core import context as current

from accounts.policy.codes import CountedCode
from accounts.policy.email_bounds import PROOF_CODE

if TYPE_CHECKING:
    from django.http import HttpRequest

    from accounts.models import User

#: Among allauth's headless flows and its methods for pages.
FLOW = "reauthenticate_by_code"
REQUEST_PAGE = "account_request_reauthentication_code"
CONFIRM_PAGE = "account_confirm_reauthentication_code"
#: allauth emails codes to sign in and to reauthenticate by one template; we do not.
MAIL = PROOF_CODE


def offered(found: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """What is left of allauth's flows, or methods of pages: a code only if alone."""
    return [one for one in found if one["id"] != FLOW] or found


def is_by_code(user: User) -> bool:
    """Whether an emailed code is how this person reauthenticates."""
    flows = offered(get_reauthentication_flows(user))
    return any(flow["id"] == FLOW for flow in flows)


def address_of(user: User) -> str:
    """The verified address that a code goes to, the primary one first; else ""."""
    found = EmailAddress.objects.filter(user=user, verified=True)
    address = found.order_by("-primary", "pk").first()
    return address.email if address else ""


def forget_void_code(request: HttpRequest) -> None:
    """Drop a code on its way that may not be used anymore.

    allauth looks at its age alone. A password or factor set since then has to be used
    instead; an address that was given up since then is somebody else's.
    """
    process = ConfirmReauthenticationCodeProcess.resume(request)
    if process is None:
        return
    user: Any = request.user
    fits = (
        process.state.get("user_id") == user_id_to_str(user)
        and process.state.get("email") == address_of(user)
        and is_by_code(user)
    )
    if not fits:
        process.abort()


class ReauthenticationCode(CountedCode):
    """A mixin for the forms that take the code."""

    def counted_email(self) -> str:
        """Where it went."""
        state = current.request.session.get(REAUTHENTICATION_CODE_SESSION_KEY) or {}
        return str(state.get("email", ""))
