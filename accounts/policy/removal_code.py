"""Who may ask that their factors be removed, and the emailed code for it.

Someone signed in, or someone whose sign-in waits for its second step: whoever has lost
everything is more often the latter. Both give the same: what their sign-in starts with
(the password, or a sign-in by a provider) and a code that goes to a confirmed address.
Nobody is signed in by it.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from allauth.account import app_settings
from allauth.account.adapter import get_adapter
from allauth.account.internal.flows.code_verification import (
    AbstractCodeVerificationProcess,
)
from allauth.account.internal.flows.login import get_authentication_records
from allauth.account.internal.userkit import user_id_to_str
from allauth.account.stages import LoginStageController
from allauth.core.exceptions import ImmediateHttpResponse
from allauth.core.internal import ratelimit
from allauth.core.internal.cryptokit import compare_user_code
from allauth.mfa.stages import AuthenticateStage
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from accounts.audit.models import Action, Outcome
from accounts.audit.record import record
from accounts.crypto import keyed_hash, keyed_hash_matches
from accounts.policy.codes import count_try
from accounts.policy.enrolment import has_factor
from accounts.policy.limits import APP, attempts_key
from accounts.policy.reauthentication import address_of
from accounts.policy.stages import is_unchanged

if TYPE_CHECKING:
    from django.http import HttpRequest

    from accounts.models import User

LIMIT = "factor_removal"
PURPOSE = "removal code"
KEY = "policy_removal_code"
CODE_EMAIL = "mfa/email/removal_code"
#: What a sign-in can start with that nobody has by holding the mailbox alone.
FIRST_STEPS = frozenset({"password", "socialaccount"})
NO_FIRST_STEP = _(
    "You have no password. Choose one with the link that we email you, then come back. "
    "If you sign in with a provider, you can instead sign in with it again and come "
    "back within five minutes."
)


@dataclass(frozen=True, slots=True)
class Asker:
    """Someone who may ask. `is_signed_in`: not only waiting for the second step."""

    request: HttpRequest
    user: User
    is_signed_in: bool

    @property
    def email(self) -> str:
        """The confirmed address that the code goes to; "" without one."""
        return address_of(self.user)

    @property
    def needs_password(self) -> bool:
        """Whether the password is yet to be typed."""
        if self.is_signed_in:  # a session proves nothing: it may be stolen
            return self.user.has_usable_password()
        return self.user.has_usable_password() and not self._began_by_first_step()

    @property
    def is_ready(self) -> bool:
        """Whether, without a password to type, enough was shown already."""
        return not self.needs_password and self._began_by_first_step()

    def _began_by_first_step(self) -> bool:
        records = get_authentication_records(self.request, self.user)
        if self.is_signed_in:
            recent = time.time() - app_settings.REAUTHENTICATION_TIMEOUT
            records = [one for one in records if one["at"] > recent]
        return any(one["method"] in self._first_steps() for one in records)

    def _first_steps(self) -> frozenset[str]:
        # A password that was given and then removed shows nothing anymore.
        has_password = self.user.has_usable_password()
        return FIRST_STEPS if has_password else FIRST_STEPS - {"password"}


def asker_of(request: HttpRequest) -> Asker | None:
    """Whoever asks; None for strangers and for people without a factor."""
    user: Any = request.user
    if user.is_authenticated:
        return Asker(request, user, is_signed_in=True) if has_factor(user) else None
    stage = LoginStageController.enter(request, AuthenticateStage.key)
    if stage is None or not stage.login.user or not is_unchanged(stage):
        return None
    return Asker(request, stage.login.user, is_signed_in=False)


def limit_key(request: HttpRequest, user: User) -> str:
    """What requests are counted under: the person, a browser of theirs on its own.

    So a stranger who knows the password cannot use up what the owner may ask for.
    """
    return f"{user.pk}|{attempts_key(request, user.email)}"


def send_code(asker: Asker, password: str = "") -> None:
    """Check the first step and email a code, which replaces an earlier one.

    Raises ValidationError, ImmediateHttpResponse (429).
    """
    adapter = get_adapter()
    if asker.needs_password:
        if not adapter.knows_password(asker.user, password):
            raise adapter.validation_error("incorrect_password")
    elif not asker.is_ready:
        raise ValidationError(NO_FIRST_STEP, code="first_step_required")
    send_again(asker)


def send_again(asker: Asker) -> None:
    """Email a code to someone who has shown their first step.

    Raises ValidationError, ImmediateHttpResponse (429).
    """
    request = asker.request
    if not asker.email:
        raise get_adapter().validation_error("unverified_primary_email")
    key = limit_key(request, asker.user)
    if not ratelimit.consume(request, app=APP, action=LIMIT, key=key):
        record(
            Action.REMOVAL_ASKED,
            request=request,
            user=asker.user,
            outcome=Outcome.LIMITED,
        )
        raise ImmediateHttpResponse(ratelimit.respond_429(request))
    Code.initiate(asker)


class Code(AbstractCodeVerificationProcess):
    """The code on its way, kept in the session that asked for it."""

    def __init__(self, asker: Asker, state: dict[str, Any]) -> None:
        self.asker = asker
        super().__init__(
            max_attempts=app_settings.LOGIN_BY_CODE_MAX_ATTEMPTS,
            timeout=app_settings.LOGIN_BY_CODE_TIMEOUT,
            state=state,
            user=asker.user,
        )

    @classmethod
    def initiate(cls, asker: Asker) -> None:
        """Make one, email and keep it."""
        state = cls.initial_state(user=asker.user, email=asker.email)
        state["pin"] = keyed_hash(_credentials(asker.user), PURPOSE)
        process = cls(asker, state)
        process.send()
        process.persist()

    @classmethod
    def resume(cls, asker: Asker) -> Code | None:
        """The one that this session waits for; dropped once it may not be used."""
        state = asker.request.session.get(KEY)
        if not state:
            return None
        found: Code | None = cls(asker, state).abort_if_invalid()
        return found

    def is_valid(self) -> bool:
        """In time, for the same person, password and address."""
        return (
            super().is_valid()
            and self.state.get("user_id") == user_id_to_str(self.asker.user)
            and self.state.get("email") == self.asker.email
            and keyed_hash_matches(
                _credentials(self.asker.user), self.state.get("pin", ""), PURPOSE
            )
        )

    def send(self) -> None:
        """Into the outbox."""
        adapter = get_adapter()
        self.state["code"] = adapter.generate_login_code()
        context = {"code": self.state["code"], "user": self.asker.user}
        adapter.send_mail(CODE_EMAIL, self.state["email"], context)

    def persist(self) -> None:
        """In the session."""
        self.asker.request.session[KEY] = self.state

    def abort(self) -> None:
        """Used, wrong too often or void."""
        self.asker.request.session.pop(KEY, None)

    def check(self, typed: str) -> str:
        """Use it up. Raises ValidationError, ImmediateHttpResponse (429)."""
        code: str = count_try(self.state["email"], lambda: self._matching(typed))
        self.abort()
        return code

    def _matching(self, typed: str) -> str:
        if compare_user_code(actual=typed, expected=self.code):
            return typed
        self.record_invalid_attempt()
        record(
            Action.FACTOR_REFUSED,
            request=self.asker.request,
            user=self.asker.user,
            outcome=Outcome.FAILURE,
            method="code",
        )
        raise get_adapter().validation_error("incorrect_code")


def _credentials(user: User) -> str:
    return f"{user.pk}|{user.password}"


class StartsRemoval:
    """A mixin for forms that have the code emailed; they have a `password` or none."""

    asker: Asker
    cleaned_data: dict[str, Any]

    def clean(self) -> dict[str, Any]:
        """Send it. Raises ValidationError, ImmediateHttpResponse (429)."""
        cleaned: dict[str, Any] = super().clean() or {}  # type: ignore[misc] # of the form
        if not self.errors:  # type: ignore[attr-defined] # of the form
            self._send(str(self.cleaned_data.get("password", "")))
        return cleaned

    def _send(self, password: str) -> None:
        try:
            send_code(self.asker, password)
        except ValidationError as error:
            field = "password" if self.asker.needs_password else None
            self.add_error(field, error)  # type: ignore[attr-defined] # of the form


class TakesRemovalCode:
    """A mixin for forms that take the code."""

    process: Code
    cleaned_data: dict[str, Any]

    def clean_code(self) -> str:
        """Use it up. Raises ValidationError, ImmediateHttpResponse (429)."""
        return self.process.check(self.cleaned_data["code"])
