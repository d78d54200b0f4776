"""Proof by a mailed code, for people who have no other: neither password nor factor.

allauth takes whoever has only a provider for proven for ever. Here they are asked as
everybody is, and a code to their own verified address is the answer.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NoReturn

from allauth.account import app_settings
from allauth.account.adapter import get_adapter
from allauth.account.internal.flows.code_verification import (
    AbstractCodeVerificationProcess,
)
from allauth.account.internal.flows.login import record_authentication
from allauth.account.internal.flows.reauthentication import get_reauthentication_flows
from allauth.account.models import EmailAddress
from allauth.core.exceptions import ImmediateHttpResponse, ReauthenticationRequired
from allauth.core.internal.httpkit import is_headless_request
from django.urls import reverse
from django.utils.translation import gettext as _

from accounts.policy.codes import count_mail

if TYPE_CHECKING:
    from django.http import HttpRequest

    from accounts.models import User

#: Its name among allauth's headless flows, and of its page.
FLOW = "reauthenticate_by_code"
URL_NAME = "account_reauthenticate_by_code"
STATE = "policy_proof_code"


def is_needed_by(user: User) -> bool:
    """Whether they have nothing else to prove themselves with."""
    return not get_reauthentication_flows(user)


def address_of(user: User) -> str:
    """The verified address that a code goes to, the primary one first; else ""."""
    found = EmailAddress.objects.filter(user=user, verified=True)
    address = found.order_by("-primary", "pk").first()
    return address.email if address else ""


def mail_key(user: User) -> str:
    """What the mails are counted under: the person, whoever else knows the address."""
    return f"proof|{user.pk}"


def methods(user: User) -> list[dict[str, Any]]:
    """The way to our page, in the shape of get_reauthentication_methods()."""
    if not address_of(user):
        return []
    return [
        {"id": FLOW, "description": _("Get a code by mail"), "url": reverse(URL_NAME)}
    ]


def demand(request: HttpRequest) -> NoReturn:
    """Raises ReauthenticationRequired; headless the 401 that names our flow."""
    if not is_headless_request(request):
        raise ReauthenticationRequired
    from allauth.headless.base.response import ReauthenticationResponse

    class Response(ReauthenticationResponse):
        def _get_flows(self, request: HttpRequest, user: User) -> list[Any]:
            return [*super()._get_flows(request, user), {"id": FLOW}]

    raise ImmediateHttpResponse(Response(request))


class ProofByCode(AbstractCodeVerificationProcess):
    """A code on its way to the person who is signed in here, kept in their session."""

    def __init__(self, request: HttpRequest, state: dict[str, Any]) -> None:
        self.request = request
        super().__init__(
            max_attempts=app_settings.LOGIN_BY_CODE_MAX_ATTEMPTS,
            timeout=app_settings.LOGIN_BY_CODE_TIMEOUT,
            state=state,
        )

    @property
    def email(self) -> str:
        """Where the code went."""
        return str(self.state["email"])

    @classmethod
    def initiate(cls, request: HttpRequest, user: User) -> ProofByCode | None:
        """Mail a code; an earlier one no longer fits. None without an address.

        Raises ImmediateHttpResponse (429).
        """
        email = address_of(user)
        if not email:
            return None
        count_mail(email, key=mail_key(user))
        process = cls(request, cls.initial_state(user, email))
        process.state["code"] = get_adapter().generate_login_code()
        process.send()
        process.persist()
        return process

    @classmethod
    def resume(cls, request: HttpRequest, user: User) -> ProofByCode | None:
        """The code on its way, if it still counts: in time, to an address of theirs.

        And only while they have no better proof: a password set meanwhile is one.
        """
        state = request.session.get(STATE)
        if not state:
            return None
        process: ProofByCode | None = cls(request, state).abort_if_invalid()
        fits = process and process.user == user and process.email == address_of(user)
        if process and not (fits and is_needed_by(user)):
            process.abort()
            return None
        return process

    def finish(self) -> None:
        """The code was right."""
        self.abort()
        record_authentication(
            self.request,
            self.user,
            method="code",
            email=self.email,
            reauthenticated=True,
        )

    def send(self) -> None:
        """Into the outbox."""
        context = {"code": self.code, "user": self.user}
        get_adapter().send_mail("account/email/proof_code", self.email, context)

    def persist(self) -> None:
        """Keep it in the session."""
        self.request.session[STATE] = self.state

    def abort(self) -> None:
        """Forget it."""
        self.request.session.pop(STATE, None)
