"""allauth's headless views for emailed codes, with our limits."""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from allauth.account.adapter import get_adapter
from allauth.core import context as current
from allauth.core.exceptions import ImmediateHttpResponse, SignupClosedException
from allauth.headless.account import inputs as account_inputs
from allauth.headless.account import views as account_views
from allauth.headless.adapter import get_adapter as get_headless_adapter
from allauth.headless.base.response import (
    AuthenticationResponse,
    ConflictResponse,
    ForbiddenResponse,
)
from allauth.headless.internal.restkit.response import APIResponse, ErrorResponse

from accounts.models import User
from accounts.policy import pending
from accounts.policy.address_change import refuse_superseded
from accounts.policy.codes import (
    CountedRequest,
    SignInCode,
    count_try,
    only_by_code_enabled,
)
from accounts.policy.sign_up_finish import AddressTaken, finish
from accounts.policy.sign_up_process import SignUpProcess

if TYPE_CHECKING:
    from django.http import HttpRequest, HttpResponse, HttpResponseBase


class RequestLoginCodeInput(CountedRequest, account_inputs.RequestLoginCodeInput):
    """An e-mail address."""


class ConfirmLoginCodeInput(SignInCode, account_inputs.ConfirmLoginCodeInput):
    """The code from the mail."""


class VerifyEmailInput(account_inputs.VerifyEmailInput):
    """The code that proves an address."""

    def clean_key(self) -> str:
        """The code. Raises ValidationError, ImmediateHttpResponse (429)."""
        key = count_try(self.process.email, super().clean_key)
        refuse_superseded(current.request, self.process.email)
        return key


class RequestLoginCodeView(account_views.RequestLoginCodeView):
    """POST auth/code/request; again for a new code. 404 unless LOGIN_BY_CODE."""

    input_class = RequestLoginCodeInput

    def handle(
        self, request: HttpRequest, *args: Any, **kwargs: Any
    ) -> HttpResponseBase:
        """Allauth's answer; 409 for who is signed in. Raises Http404."""
        only_by_code_enabled()
        if request.user.is_authenticated:
            return ConflictResponse(request)
        return super().handle(request, *args, **kwargs)


class ConfirmLoginCodeView(account_views.ConfirmLoginCodeView):
    """POST auth/code/confirm."""

    input_class = ConfirmLoginCodeInput


class VerifyEmailView(account_views.VerifyEmailView):
    """GET and POST auth/email/verify."""

    input_class = VerifyEmailInput
    process: Any

    def get_input_kwargs(self) -> dict[str, Any]:
        """As allauth's, for a sign-up that waits too."""
        self.process = SignUpProcess.of(self.request) or self.process
        return {"process": self.process}

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Whose address the key confirms; of a sign-up nobody's yet."""
        process = SignUpProcess.of(request)
        if process is None:
            return super().get(request, *args, **kwargs)
        key = request.headers.get("x-email-verification-key", "")
        checked = self.input_class({"key": key}, process=process)
        if not checked.is_valid():
            process.record_invalid_attempt()
            return ErrorResponse(request, input=checked)
        return _nobody_yet(request, process)

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Allauth's answer; 409 where it has none: another request was first."""
        if isinstance(self.process, SignUpProcess):
            return _finish(request, self.process)
        response = super().post(request, *args, **kwargs)
        if response.status_code != HTTPStatus.INTERNAL_SERVER_ERROR:
            return response
        pending.give_way(request)
        return ConflictResponse(request)


def _nobody_yet(request: HttpRequest, process: SignUpProcess) -> HttpResponse:
    user = User(id=None, email=process.email, password=process.waiting.password)
    if not user.password:
        user.set_unusable_password()
    data = {"email": process.email, "user": get_headless_adapter().serialize_user(user)}
    return APIResponse(request, data=data, meta={"is_authenticating": True})


def _finish(request: HttpRequest, process: SignUpProcess) -> HttpResponse:
    """The new account's answer; 403 once sign-up is closed, 400 email_taken."""
    try:
        response = finish(request, process.waiting)
    except SignupClosedException:
        return ForbiddenResponse(request)
    except AddressTaken:
        taken = get_adapter().validation_error("email_taken")
        return ErrorResponse(request, exception=taken)
    except ImmediateHttpResponse:  # another request was first
        return ConflictResponse(request)
    return AuthenticationResponse.from_response(request, response)


class ResendEmailVerificationCodeView(account_views.ResendEmailVerificationCodeView):
    """POST auth/email/verify/resend: the same for addresses that have an account."""

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """200; 409 when no code waits or none may be sent any more; or 429."""
        process = SignUpProcess.of(request)
        if process is None:
            return super().post(request, *args, **kwargs)
        if not process.can_resend:
            return ConflictResponse(request)
        process.resend()
        return APIResponse(request)


VIEWS: dict[str, Any] = {
    "auth/code/request": RequestLoginCodeView,
    "auth/code/confirm": ConfirmLoginCodeView,
    "auth/email/verify": VerifyEmailView,
    "auth/email/verify/resend": ResendEmailVerificationCodeView,
}
