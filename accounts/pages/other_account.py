"""The sign-in page of somebody who is signed in already, and the way to another."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from allauth.account.adapter import get_adapter
from allauth.account.utils import get_next_redirect_url
from allauth.account.views import LoginView, SignupView
from django.contrib.auth.decorators import login_not_required
from django.http import HttpResponseRedirect
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST

from accounts.models import User, normalise_email
from accounts.policy.other_account import conflict, keep_typed

if TYPE_CHECKING:
    from django.http import HttpRequest, HttpResponse


def _with_next(name: str, request: HttpRequest) -> HttpResponse:
    to = get_next_redirect_url(request)
    query = f"?{urlencode({'next': to})}" if to else ""
    return HttpResponseRedirect(reverse(name) + query)


class SignInView(LoginView):
    """allauth's; what is sent by somebody signed in is not checked."""

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Their own address leads to the confirmation, another one to 409."""
        if request.method == "POST" and isinstance(request.user, User):
            typed = normalise_email(request.POST.get("login", "").strip())
            if typed == request.user.email:
                return _with_next("account_reauthenticate", request)
            return conflict(request)
        response: HttpResponse = super().dispatch(request, *args, **kwargs)
        return response


class SignUpView(SignupView):
    """allauth's; 409 for somebody signed in."""

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """As above."""
        if request.method == "POST" and request.user.is_authenticated:
            return conflict(request)
        response: HttpResponse = super().dispatch(request, *args, **kwargs)
        return response


sign_in = login_not_required(SignInView.as_view())
sign_up = login_not_required(SignUpView.as_view())


@login_not_required
@never_cache
@require_POST
def use_another(request: HttpRequest) -> HttpResponse:
    """Sign out, then the sign-in page with the address that was typed."""
    response = _with_next("account_login", request)
    if request.user.is_authenticated:
        get_adapter().logout(request)
    keep_typed(request.session, request.POST.get("login", ""))
    response.headers["Clear-Site-Data"] = '"cache"'
    return response
