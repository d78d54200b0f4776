"""Signing out, after which nothing private is left in the browser either."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from allauth.account.views import LogoutView

from accounts.policy import sign_up

if TYPE_CHECKING:
    from django.http import HttpRequest, HttpResponse


class SignOutView(LogoutView):
    """allauth's, that lets the browser forget what it has kept of our pages."""

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Signed out; cookies stay, since devices are known by one."""
        sign_up.forget(request)
        response: HttpResponse = super().post(request, *args, **kwargs)
        response.headers["Clear-Site-Data"] = '"cache"'
        return response
