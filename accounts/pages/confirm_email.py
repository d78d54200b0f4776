"""The page for the code emailed to an address; at sign-up it creates the account."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from allauth.account import views as account
from allauth.core.exceptions import ImmediateHttpResponse, SignupClosedException
from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.http import HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.decorators import method_decorator
from django.utils.http import urlencode
from django.utils.translation import gettext as _

from accounts.policy.sign_up_finish import AddressTaken, finish
from accounts.policy.sign_up_process import SignUpProcess

if TYPE_CHECKING:
    from django.forms import Form
    from django.http import HttpRequest, HttpResponse


@method_decorator(login_not_required, name="dispatch")
class ConfirmEmailView(account.ConfirmEmailVerificationCodeView):
    """allauth's, where a sign-up that waits is finished or its code sent again."""

    _process: Any

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """The page."""
        self._process = SignUpProcess.of(request) or self._process
        return super().get(request, *args, **kwargs)

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """What the page's buttons do."""
        self._process = SignUpProcess.of(request) or self._process
        return super().post(request, *args, **kwargs)

    def form_valid(self, form: Form) -> HttpResponse:
        """As allauth's; the right code of a sign-up creates its account."""
        if self._action == "verify" and isinstance(self._process, SignUpProcess):
            return _finish(self.request, self._process)
        return super().form_valid(form)


def _finish(request: HttpRequest, process: SignUpProcess) -> HttpResponse:
    try:
        return cast("HttpResponse", finish(request, process.waiting))
    except SignupClosedException:
        return render(request, "account/signup_closed.html")
    except AddressTaken:
        text = _(
            "You already have an account with this address. Nothing was changed. "
            "Sign in to it."
        )
        messages.warning(request, text)
        page, next_url = reverse("account_login"), process.waiting.next_url
        query = f"?{urlencode({'next': next_url})}" if next_url else ""
        return HttpResponseRedirect(page + query)
    except ImmediateHttpResponse as error:  # another request was first
        return error.response
