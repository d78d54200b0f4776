"""The pages of OpenID Connect, at allauth's paths."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from allauth.socialaccount.providers.oauth2.views import (
    OAuth2CallbackView,
    OAuth2LoginView,
)
from django.contrib.auth.decorators import login_not_required
from django.urls import path

from accounts.policy.providers.careful import limited
from accounts.policy.providers.openid_connect.provider import OpenIDConnectAdapter

if TYPE_CHECKING:
    from django.http import HttpRequest, HttpResponse


@login_not_required
@limited
def login(request: HttpRequest, provider_id: str) -> HttpResponse:
    """POST begins a sign-in."""
    return _view(OAuth2LoginView, request, provider_id)


@login_not_required
@limited
def callback(request: HttpRequest, provider_id: str) -> HttpResponse:
    """Where the provider sends people back to."""
    return _view(OAuth2CallbackView, request, provider_id)


def _view(kind: Any, request: HttpRequest, provider_id: str) -> HttpResponse:
    return kind.adapter_view(OpenIDConnectAdapter(request, provider_id))(request)


urlpatterns = [
    path("oidc/<provider_id>/login/", login, name="openid_connect_login"),
    path(
        "oidc/<provider_id>/login/callback/", callback, name="openid_connect_callback"
    ),
]
