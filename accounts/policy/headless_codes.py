"""allauth's headless views for codes by mail, counted; and proof by such a code."""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from allauth.account.forms import BaseConfirmCodeForm
from allauth.core import ratelimit
from allauth.headless.account import inputs as account_inputs
from allauth.headless.account import views as account_views
from allauth.headless.base.response import AuthenticationResponse, ConflictResponse
from allauth.headless.base.views import AuthenticatedAPIView
from allauth.headless.internal.restkit.inputs import Input
from allauth.headless.internal.restkit.response import APIResponse

from accounts.policy import pending, reproof
from accounts.policy.codes import (
    CountedCode,
    CountedRequest,
    SignInCode,
    count_try,
    only_by_code_enabled,
)

if TYPE_CHECKING:
    from django.http import HttpRequest, HttpResponse, HttpResponseBase


class RequestLoginCodeInput(CountedRequest, account_inputs.RequestLoginCodeInput):
    """An e-mail address."""


class ConfirmLoginCodeInput(SignInCode, account_inputs.ConfirmLoginCodeInput):
    """The code from the mail."""


class VerifyEmailInput(account_inputs.VerifyEmailInput):
    """The code that proves an address."""

    def clean_key(self) -> str:
        """As allauth's. Raises ValidationError, ImmediateHttpResponse (429)."""
        return count_try(self.process.email, super().clean_key)


class ProofInput(CountedCode, BaseConfirmCodeForm, Input):
    """A code, as proof again."""

    def __init__(self, *args: Any, email: str, **kwargs: Any) -> None:
        self.email = email
        super().__init__(*args, **kwargs)

    def counted_email(self) -> str:
        """The person's own."""
        return self.email


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

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Allauth's answer; 409 where it has none: another request was first."""
        response = super().post(request, *args, **kwargs)
        if response.status_code != HTTPStatus.INTERNAL_SERVER_ERROR:
            return response
        pending.give_way(request)
        return ConflictResponse(request)


class RequestProofView(AuthenticatedAPIView):
    """POST auth/code/reauthenticate/request: a code to the person's own address."""

    handle_json_input = False

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """200; 409 for who has another way to prove themselves."""
        user: Any = request.user
        if not reproof.is_needed_by(user):
            return ConflictResponse(request)
        if not reproof.ProofByCode.initiate(request, user):
            return ConflictResponse(request)
        return APIResponse(request)


class ProofView(AuthenticatedAPIView):
    """POST auth/code/reauthenticate: the code from that mail."""

    input_class = ProofInput

    def handle(
        self, request: HttpRequest, *args: Any, **kwargs: Any
    ) -> HttpResponseBase:
        """Allauth's answer to a proof; 409 when no code is on its way, or 429."""
        limited = ratelimit.consume_or_429(request, action="reauthenticate")
        if limited:
            return limited
        process = reproof.ProofByCode.resume(request, request.user)  # type: ignore[arg-type]
        if not process:
            return ConflictResponse(request)
        self.process = process
        return super().handle(request, *args, **kwargs)

    def get_input_kwargs(self) -> dict[str, Any]:
        """What the code is compared with."""
        return {"code": self.process.code, "email": self.process.email}

    def handle_invalid_input(self, refused: Any) -> HttpResponse:
        """A wrong code is a try."""
        self.process.record_invalid_attempt()
        return super().handle_invalid_input(refused)

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """200, as after auth/reauthenticate."""
        self.process.finish()
        return AuthenticationResponse(request)


VIEWS: dict[str, Any] = {
    "auth/code/request": RequestLoginCodeView,
    "auth/code/confirm": ConfirmLoginCodeView,
    "auth/code/reauthenticate/request": RequestProofView,
    "auth/code/reauthenticate": ProofView,
    "auth/email/verify": VerifyEmailView,
}
