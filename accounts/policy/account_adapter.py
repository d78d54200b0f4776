"""allauth's hooks for accounts: where our policy joins its pipeline."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from allauth.account.internal.flows.login import record_authentication
from allauth.core import context as current
from allauth.core.exceptions import ImmediateHttpResponse
from allauth.core.internal import ratelimit
from allauth.core.internal.httpkit import is_headless_request
from allauth.headless.constants import Client
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme

from accounts.audit.models import Action, Outcome
from accounts.audit.record import known
from accounts.audit.repeats import record_repeated
from accounts.models import normalise_email
from accounts.policy import (
    address_change,
    devices,
    new_device,
    other_account,
    pace,
    pending,
    session_locks,
    session_owner,
    sessions,
    sign_up,
)
from accounts.policy.addresses import refuse_look_alike, refuse_undeliverable
from accounts.policy.backend import DRIVEN
from accounts.policy.client_address import client_address
from accounts.policy.last_used import remember_way
from accounts.policy.limits import attempts_key, remember_device
from accounts.policy.mails import Mails
from accounts.policy.reauthentication_adapter import ReauthenticationAdapter
from accounts.policy.sign_up_adapter import SignUpAdapter
from accounts.policy.ways_in import lock
from accounts.policy.words import ERRORS

if TYPE_CHECKING:
    from allauth.account.models import EmailAddress
    from allauth.mfa.models import Authenticator
    from django.http import HttpRequest, HttpResponse

    from accounts.models import User

CODE_SENT = "account/messages/email_confirmation_sent.txt"
PIN = "accounts.policy.stages.PinStage"
RECHECK = "accounts.policy.stages.RecheckStage"
REPLACED = {
    "allauth.mfa.stages.AuthenticateStage": "accounts.policy.stages.SecondStepStage"
}


class AccountAdapter(ReauthenticationAdapter, SignUpAdapter, Mails):
    """One policy for form, API, social, code and admin."""

    error_messages: ClassVar[dict[str, Any]] = ERRORS

    # Opening and closing -------------------------------------------------------
    def add_message(
        self,
        request: HttpRequest,
        level: int,
        message_template: str | None = None,
        *args: Any,
        **kwargs: Any,
    ) -> None:
        """As allauth's; not what the page that comes next says by itself."""
        if message_template == CODE_SENT and request.POST.get("action") != "resend":
            return
        super().add_message(request, level, message_template, *args, **kwargs)

    def authenticate(self, request: HttpRequest, **credentials: Any) -> User | None:
        """Check a password, with PolicyBackend open for just this long."""
        setattr(request, DRIVEN, True)
        try:
            return super().authenticate(request, **credentials)
        finally:
            setattr(request, DRIVEN, False)

    def pre_authenticate(self, request: HttpRequest, **credentials: Any) -> None:
        """Count the attempt. Over the limit: 429 on pages, else allauth's error."""
        try:
            super().pre_authenticate(request, **credentials)
        except (ValidationError, ImmediateHttpResponse):
            record_repeated(
                Action.SIGN_IN_LIMITED,
                request=request,
                user=known(credentials.get("email", "")),
                outcome=Outcome.LIMITED,
                method="password",
                email=credentials.get("email", ""),
            )
            raise

    def pre_login(
        self, request: HttpRequest, user: User, **kwargs: Any
    ) -> HttpResponse | None:
        """As allauth's; 409 over somebody else's session.

        Choosing a password at sign-up is a proof by password.
        allauth records none for it, so that the session would look as if it had not
        come out of the pipeline. A provider's sign-up has its own record.
        """
        other_account.refuse_other(request, user)
        by_provider = "sociallogin" in (kwargs.get("signal_kwargs") or {})
        if kwargs["signup"] and not by_provider and user.has_usable_password():
            record_authentication(request, user, "password", email=kwargs["email"])
        return super().pre_login(request, user, **kwargs)

    def prove_by_new_passkey(
        self, request: HttpRequest, user: User, authenticator: Authenticator
    ) -> None:
        """Making a passkey at sign-up is a proof by passkey, as its use would be.

        allauth records none for it either.
        """
        record_authentication(
            request, user, "mfa",
            id=authenticator.pk, type=authenticator.type, passwordless=True,
        )  # fmt: skip

    def validation_error(self, code: str, *args: Any) -> ValidationError:
        """An error for a form; over a limit a page answers 429 instead of 200."""
        error = super().validation_error(code, *args)
        request = current.request
        if code == "too_many_login_attempts" and not is_headless_request(request):
            raise ImmediateHttpResponse(ratelimit.respond_429(request))
        return error

    def login(self, request: HttpRequest, user: User) -> None:
        """The end of the pipeline: session and audit event in one transaction."""
        with transaction.atomic():
            session_locks.begin_sign_in(request, user)
            pending.claim(request)
            sessions.renew_sessions(user)
            sessions.end_oldest(user)
            session_owner.leave_other(self, request, user)
            sign_up.forget(request)
            sessions.begin(request.session, user, is_app=_is_app(request))
            is_new = new_device.is_new(request, user)
            super().login(request, user)
            request.session.save()
            # Here, not at allauth's signal, which comes after the tokens: a session
            # that is not listed yet would outlive "sign out everywhere".
            devices.list_new(request, user)
            if is_new:
                new_device.tell(request, user)

    def logout(self, request: HttpRequest) -> None:
        """Session, its tokens and the audit event in one transaction."""
        with transaction.atomic():
            if request.user.is_authenticated and request.session.session_key:
                session_locks.lock_person(request.user.pk)
                session_locks.lock_session(request.session.session_key)
            super().logout(request)

    def get_login_stages(self) -> list[str]:
        """Allauth's stages between our two.

        LoginByCodeStage stays first: allauth stashes a login for it before any stage
        has run, and takes the first unhandled one as its own.
        """
        stages = super().get_login_stages()
        first, *rest = [REPLACED.get(stage, stage) for stage in stages]
        return [first, PIN, *rest, RECHECK]

    def post_login(
        self, request: HttpRequest, user: User, **kwargs: Any
    ) -> HttpResponse:
        """The answer to a sign-in; a browser is remembered as this person's."""
        response = super().post_login(request, user, **kwargs)
        if not is_headless_request(request):
            remember_device(request, response, user)
            remember_way(request, response, user)
        return response

    def confirm_email(self, request: HttpRequest, email_address: EmailAddress) -> bool:
        """As allauth's, seen by others with all that follows from it or not at all.

        A mail that is rendered meanwhile would know the new address as proven and not
        yet when it came to be, so that its link reached further back than it may.
        """
        with transaction.atomic():
            lock(email_address.user)
            if address_change.is_superseded(request, email_address.email):
                return False  # it was replaced after its code was checked
            is_done = bool(super().confirm_email(request, email_address))
            if is_done:
                address_change.finish(email_address.user)
            return is_done

    # What people type ----------------------------------------------------------
    def clean_email(self, email: str) -> str:
        """One spelling for each address.

        allauth asks wherever somebody types an address to sign up with, to reset, to
        add: what follows depends on whose it is, so its time must not tell. Raises
        ValidationError for look-alikes, and where no email can be delivered.
        """
        pace.hold(current.request)
        refuse_look_alike(email)
        refuse_undeliverable(email)
        return normalise_email(super().clean_email(email))

    def is_safe_url(self, url: str | None) -> bool:
        """Only paths of this site: no host, no scheme, nothing that browsers mend."""
        if not url or not url.startswith("/") or url.startswith("//"):
            return False
        if "\\" in url or not url.isprintable():
            return False
        try:
            return url_has_allowed_host_and_scheme(url, allowed_hosts=None)
        except ValueError:
            return False

    def get_password_change_redirect_url(self, request: HttpRequest) -> str:
        """On to the security page, not to the empty form again."""
        return reverse("mfa_index")

    # Where they come from ------------------------------------------------------
    def get_client_ip(self, request: HttpRequest) -> str:
        """The client's address in its one spelling. Raises PermissionDenied."""
        address = client_address(request)
        if not address:
            raise PermissionDenied("The client's address is not known.")
        return address

    def _get_login_attempts_cache_key(
        self, request: HttpRequest, **credentials: Any
    ) -> str:
        # allauth's own holds the Host with its port, which the client chooses.
        return attempts_key(request, credentials.get("email") or "")


def _is_app(request: HttpRequest) -> bool:
    """Whether a program signs in: by /api/token/ or the headless API's app client."""
    headless = getattr(request.allauth, "headless", None)  # type: ignore[attr-defined]
    return headless is not None and headless.client == Client.APP
