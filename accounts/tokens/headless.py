"""allauth's tokens/refresh, with the session token in its answer.

allauth's own view answers two tokens. Mounted before it, under its limit.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from allauth.core import ratelimit
from allauth.core.internal.ratelimit import get_ip
from allauth.headless import app_settings
from allauth.headless.base.response import APIResponse
from allauth.headless.constants import Client
from allauth.headless.internal.restkit.response import ErrorResponse
from allauth.headless.tokens import views as token_views
from django.urls import path

from accounts.policy.windows import seconds_to_wait
from accounts.tokens.strategy import RENEW

if TYPE_CHECKING:
    from django.http import HttpRequest, HttpResponseBase


class RefreshTokenView(token_views.RefreshTokenView):
    """POST tokens/refresh, under the limit of /api/token/refresh/."""

    def handle(
        self, request: HttpRequest, *args: Any, **kwargs: Any
    ) -> HttpResponseBase:
        """Allauth's answer, or 429."""
        if seconds_to_wait("token_refresh", get_ip(request)):
            return ratelimit.respond_429(request)
        return super().handle(request, *args, **kwargs)

    def post(self, request: HttpRequest) -> HttpResponseBase:
        """200 with the next tokens in `data`; 400 when the one sent is not valid."""
        tokens = app_settings.TOKEN_STRATEGY.renew(
            self.input.cleaned_data["refresh_token"]
        )
        if tokens is None:
            return ErrorResponse(request)
        data = {
            "access_token": tokens.access,
            "refresh_token": tokens.refresh,
            "session_token": tokens.session,
        }
        return APIResponse(request, data=data)


urlpatterns = [
    path(
        f"{client.value}/v1/tokens/refresh",
        RefreshTokenView.as_api_view(client=client),
        name=RENEW,
    )
    for client in (Client.APP, Client.BROWSER)
]
