"""Google's pages. allauth's One Tap door is left shut: no page of ours leads there."""

from __future__ import annotations

from allauth.socialaccount.providers.oauth2.views import (
    OAuth2CallbackView,
    OAuth2LoginView,
)
from django.urls import path

from accounts.policy.providers.careful import limited
from accounts.policy.providers.google.provider import GoogleAdapter

urlpatterns = [
    path(
        "google/login/",
        limited(OAuth2LoginView.adapter_view(GoogleAdapter)),
        name="google_login",
    ),
    path(
        "google/login/callback/",
        limited(OAuth2CallbackView.adapter_view(GoogleAdapter)),
        name="google_callback",
    ),
]
