"""Sign-in by a provider: the same doorkeeper as for everybody."""

from __future__ import annotations

from typing import TYPE_CHECKING

from allauth.socialaccount.adapter import DefaultSocialAccountAdapter
from django.conf import settings

if TYPE_CHECKING:
    from allauth.socialaccount.models import SocialLogin
    from django.http import HttpRequest


class SocialAccountAdapter(DefaultSocialAccountAdapter):
    """allauth's hooks for providers."""

    def is_open_for_signup(
        self, request: HttpRequest, sociallogin: SocialLogin
    ) -> bool:
        """A provider is no way around a closed sign-up."""
        return bool(settings.SIGNUP_OPEN)
