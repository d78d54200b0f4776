"""Codes by mail: what asking for one and guessing one are counted under.

A session counts the tries of its own code, but requests that arrive together all see
the same count. These counters are shared, and change by one atomic step.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NoReturn

from allauth.account import app_settings
from allauth.account.adapter import get_adapter
from allauth.account.internal.stagekit import unstash_login
from allauth.core import context as current
from allauth.core.exceptions import ImmediateHttpResponse
from allauth.core.internal import ratelimit
from django.http import Http404

from accounts.audit.models import Action, Outcome
from accounts.audit.record import known
from accounts.audit.repeats import record_repeated
from accounts.models import normalise_email
from accounts.policy import email_bounds, pace
from accounts.policy.addresses import is_of, refuse_look_alike
from accounts.policy.limits import APP, attempts_key

if TYPE_CHECKING:
    from collections.abc import Callable

    from accounts.models import User


def only_by_code_enabled() -> None:
    """Raises Http404 unless people may sign in by code."""
    if not app_settings.LOGIN_BY_CODE_ENABLED:
        raise Http404


def count_request(email: str) -> None:
    """Count a request for an email. Raises ImmediateHttpResponse (429).

    By network address alone: strangers who ask for emails to somebody must not keep
    them from their own. How many are sent is up to accounts.policy.email_bounds.
    """
    if not ratelimit.consume(current.request, app=APP, action="reset_password"):
        _refuse(email)


def count_try(email: str, check: Callable[[], str]) -> str:
    """Check a code of this address; a wrong one counts as a failed sign-in.

    So who may not guess passwords any more may not guess codes either, and the other
    way round. Raises what `check` raises, and ImmediateHttpResponse (429).
    """
    request = current.request
    usage = ratelimit.consume(
        request,
        app=APP,
        action="login_failed",
        key=attempts_key(request, email),
        limit_get=True,  # a code can be tried by GET too: auth/email/verify
    )
    if usage is None:
        _refuse(email)
    code = check()
    usage.rollback()
    email_bounds.forget_used(email, code)
    return code


def _refuse(email: str) -> NoReturn:
    request = current.request
    record_repeated(
        Action.SIGN_IN_LIMITED,
        request=request,
        user=known(email),
        outcome=Outcome.LIMITED,
        method="code",
        email=email,
    )
    raise ImmediateHttpResponse(ratelimit.respond_429(request))


class CountedRequest:
    """A mixin for forms that ask for a code to sign in with.

    An address that somebody typed or left, and nobody proved, opens no account.
    """

    _user: User | None

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["email"]  # type: ignore[attr-defined] # of the form
        field.validators = [*field.validators, refuse_look_alike]

    def clean_email(self) -> str:
        """As allauth's. Raises ImmediateHttpResponse (429)."""
        pace.hold(current.request)
        count_request(self.cleaned_data["email"])  # type: ignore[attr-defined]
        email: str = super().clean_email()  # type: ignore[misc]
        if self._user and not is_of(self._user, normalise_email(email)):
            self._user = None
        email_bounds.expect(current.request, email_bounds.SIGN_IN_CODE, email)
        return email


class CountedCode:
    """A mixin for forms that take such a code."""

    def clean_code(self) -> str:
        """As allauth's. Raises ValidationError, ImmediateHttpResponse (429)."""
        return count_try(self.counted_email(), self._unexpired)

    def _unexpired(self) -> str:
        code: str = super().clean_code()  # type: ignore[misc] # of the form
        if email_bounds.is_over(current.request.session):
            raise get_adapter().validation_error("incorrect_code")
        return code

    def counted_email(self) -> str:
        """The address that the code was sent to."""
        raise NotImplementedError


class SignInCode(CountedCode):
    """A mixin for the forms that take a code to sign in with."""

    def clean_code(self) -> str:
        """As allauth's, and refused once the address is no longer the person's.

        allauth would prove that address before any of our stages is asked.
        """
        code = super().clean_code()
        login = unstash_login(current.request, peek=True)
        if login and login.user and not is_of(login.user, login.email or ""):
            raise get_adapter().validation_error("incorrect_code")
        return code

    def counted_email(self) -> str:
        """That of the sign-in that waits."""
        login = unstash_login(current.request, peek=True)
        return (login.email if login else "") or ""
