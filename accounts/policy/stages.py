"""Stages of ours in allauth's login: what began must still be true at the end."""

from __future__ import annotations

from typing import TYPE_CHECKING

from allauth.account.adapter import get_adapter
from allauth.account.internal.stagekit import clear_login
from allauth.account.stages import LoginStage
from allauth.core.exceptions import ImmediateHttpResponse
from allauth.core.internal.httpkit import headed_redirect_response, is_headless_request
from allauth.headless.constants import Client
from allauth.mfa.stages import AuthenticateStage
from django.contrib import messages
from django.utils.translation import gettext as _

from accounts.crypto import keyed_hash, keyed_hash_matches
from accounts.policy import enrolment, pending, trust
from accounts.policy.addresses import is_of

if TYPE_CHECKING:
    from django.http import HttpResponse

    from accounts.models import User

PURPOSE = "login pin"


def _credentials(user: User) -> str:
    return f"{user.pk}|{user.password}"


def _stopped(stage: LoginStage) -> tuple[HttpResponse, bool]:
    """Back to the sign-in page, which says so (headless: 401)."""
    text = _("This sign-in could not be finished. Start again.")
    get_adapter().add_message(stage.request, messages.ERROR, message=text)
    return headed_redirect_response("account_login"), False


class PinStage(LoginStage):
    """Early: remember the credentials that this sign-in started from."""

    key = "policy_pin"

    def handle(self) -> tuple[HttpResponse | None, bool]:
        """Stops a sign-in by an address that is not the person's, such as a former one.

        allauth would add it to the account anew, and let its holder prove it.
        """
        user, email = self.login.user, self.login.email
        if user and email and not is_of(user, email):
            return _stopped(self)
        if user:
            self.state["pin"] = keyed_hash(_credentials(user), PURPOSE)
        return None, True


def is_unchanged(stage: LoginStage) -> bool:
    """Whether whoever waits at a stage is active, with the password they began with."""
    user = stage.login.user
    user.refresh_from_db()
    pin = stage.controller.get_stage(PinStage.key).state.get("pin", "")
    return user.is_active and keyed_hash_matches(_credentials(user), pin, PURPOSE)


class SecondStepStage(AuthenticateStage):
    """allauth's, where a trusted browser counts for people at its own pages alone."""

    def handle(self) -> tuple[HttpResponse | None, bool]:
        """Ask for a second step, unless a page's browser is trusted."""
        if is_headless_request(self.request) == Client.APP:
            trust.ignore_cookie(self.request)
        response, goes_on = super().handle()
        return response, goes_on


class RecheckStage(LoginStage):
    """Last: nothing may have changed while a second step was pending.

    allauth looks at is_active once, before the first stage. A person disabled, or a
    password changed, while a code was awaited must end the pending sign-in.
    """

    key = "policy_recheck"

    def handle(self) -> tuple[HttpResponse | None, bool]:
        """Abort to the sign-in page (headless: 401) when the pin no longer fits."""
        user = self.login.user
        if user is None:
            return None, True
        if is_unchanged(self):
            pending.mark(self.request)
            self._let_programs_enrol_first(user)
            return None, True
        return _stopped(self)

    def _let_programs_enrol_first(self, user: User) -> None:
        # A browser gets a session that leads to the pages for it and nowhere else.
        # Asked here and where tokens are minted: here so that no session is made, there
        # so that nothing is ever minted without the question.
        client = is_headless_request(self.request)
        if client != Client.APP or not enrolment.must_enrol(user):
            return
        enrolment.refused(self.request, user)
        clear_login(self.request)
        raise ImmediateHttpResponse(enrolment.answer(self.request))
