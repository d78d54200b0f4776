"""GitHub's pages."""

from __future__ import annotations

from allauth.socialaccount.providers.oauth2.views import (
    OAuth2CallbackView,
    OAuth2LoginView,
)
from django.urls import path

from accounts.policy.providers.careful import limited
from accounts.policy.providers.github.provider import GitHubAdapter

urlpatterns = [
    path(
        "github/login/",
        limited(OAuth2LoginView.adapter_view(GitHubAdapter)),
        name="github_login",
    ),
    path(
        "github/login/callback/",
        limited(OAuth2CallbackView.adapter_view(GitHubAdapter)),
        name="github_callback",
    ),
]
