"""Sign-in by a provider: the same doorkeeper as for everybody."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from allauth.socialaccount.adapter import DefaultSocialAccountAdapter
from allauth.socialaccount.models import SocialApp
from allauth.socialaccount.providers.base import AuthProcess
from django.conf import settings
from django.http import Http404

from accounts.policy import linking

if TYPE_CHECKING:
    from allauth.socialaccount.models import SocialLogin
    from django.http import HttpRequest


class NotConfigured(SocialApp.DoesNotExist, Http404):
    """A provider without client ids: its pages are not there."""


class SocialAccountAdapter(DefaultSocialAccountAdapter):
    """allauth's hooks for providers."""

    def pre_social_login(self, request: HttpRequest, sociallogin: SocialLogin) -> None:
        """Before allauth decides whose account it is; see accounts.policy.linking."""
        if sociallogin.is_existing:
            return
        linking.drop_look_alikes(sociallogin)
        if sociallogin.state.get("process") != AuthProcess.CONNECT:
            linking.settle(request, sociallogin)

    def is_open_for_signup(
        self, request: HttpRequest, sociallogin: SocialLogin
    ) -> bool:
        """A provider is no way around a closed sign-up."""
        return bool(settings.SIGNUP_OPEN)

    def get_app(
        self, request: HttpRequest, provider: str, client_id: str | None = None
    ) -> Any:
        """The provider's settings. Raises NotConfigured instead of ending in a 500."""
        try:
            return super().get_app(request, provider, client_id)
        except SocialApp.DoesNotExist:
            raise NotConfigured from None
