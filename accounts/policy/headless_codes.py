"""allauth's headless views for emailed codes, with our limits."""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from allauth.core import context as current
from allauth.headless.account import inputs as account_inputs
from allauth.headless.account import views as account_views
from allauth.headless.base.response import ConflictResponse

from accounts.policy import pending
from accounts.policy.address_change import refuse_superseded
from accounts.policy.codes import (
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

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Allauth's answer; 409 where it has none: another request was first."""
        response = super().post(request, *args, **kwargs)
        if response.status_code != HTTPStatus.INTERNAL_SERVER_ERROR:
            return response
        pending.give_way(request)
        return ConflictResponse(request)


VIEWS: dict[str, Any] = {
    "auth/code/request": RequestLoginCodeView,
    "auth/code/confirm": ConfirmLoginCodeView,
    "auth/email/verify": VerifyEmailView,
}
