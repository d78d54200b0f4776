"""Sign-in by a provider: the same doorkeeper as for everybody."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from allauth.core.exceptions import ImmediateHttpResponse
from allauth.core.internal.httpkit import is_headless_request
from allauth.headless.base.response import AuthenticationResponse
from allauth.socialaccount.adapter import DefaultSocialAccountAdapter
from allauth.socialaccount.models import SocialApp
from allauth.socialaccount.providers.base import AuthProcess
from django.core.exceptions import ValidationError
from django.http import Http404, HttpResponseRedirect

from accounts.audit.history import method_name
from accounts.audit.models import Action, Outcome
from accounts.audit.record import record
from accounts.policy import linking, sign_up
from accounts.policy.development import is_outsider
from accounts.policy.other_account import refuse_other
from accounts.policy.providers.careful import refuse_server_error
from accounts.policy.providers.troubles import explain
from accounts.policy.ways_in import would_lock_out
from accounts.policy.words import LAST_WAY_IN, SOCIAL_ERRORS

if TYPE_CHECKING:
    from collections.abc import Iterable

    from allauth.socialaccount.models import SocialAccount, SocialLogin
    from django.http import HttpRequest

    from accounts.models import User


NAME_LENGTH = 150


def demo_providers() -> list[str]:
    """The names of providers whose counterpart is a stand-in on this machine."""
    providers = SocialAccountAdapter().list_providers(None)
    demo = [found.name for found in providers if found.app.settings.get("demo")]
    return sorted(demo)


def provider_names(accounts: Iterable[SocialAccount]) -> list[str]:
    """What people know these accounts' providers by, also when no longer set up."""
    apps = SocialAccountAdapter().list_apps(None)
    names = {app.provider_id or app.provider: app.name for app in apps}
    return [names.get(one.provider) or method_name(one.provider) for one in accounts]


class NotConfigured(SocialApp.DoesNotExist, Http404):
    """A provider without client ids: its pages are not there."""


class SocialAccountAdapter(DefaultSocialAccountAdapter):
    """allauth's hooks for providers."""

    error_messages: ClassVar[dict[str, Any]] = SOCIAL_ERRORS

    def pre_social_login(self, request: HttpRequest, sociallogin: SocialLogin) -> None:
        """Before allauth decides whose account it is; see accounts.policy.linking."""
        linking.keep_one_address(sociallogin)
        connects = sociallogin.state.get("process") == AuthProcess.CONNECT
        if not connects:  # allauth would sign out whoever is signed in
            refuse_other(request, sociallogin.user)
        if not (sociallogin.is_existing or connects):
            linking.settle(request, sociallogin)

    def is_auto_signup_allowed(
        self, request: HttpRequest, sociallogin: SocialLogin
    ) -> bool:
        """As allauth's. An address that the provider has not verified waits for a code.

        Raises ImmediateHttpResponse with the answer that asks for it.
        """
        told = sociallogin.email_addresses
        if not told or told[0].verified:
            return bool(super().is_auto_signup_allowed(request, sociallogin))
        response = sign_up.begin_by_provider(request, sociallogin)
        if is_headless_request(request):
            response = AuthenticationResponse.from_response(request, response)
        elif sociallogin.is_headless:
            response = HttpResponseRedirect(sociallogin.state["next"])
        raise ImmediateHttpResponse(response)

    def validate_disconnect(self, account: SocialAccount, accounts: Any) -> None:
        """The last way in stays. Raises ValidationError."""
        if would_lock_out(account.user, [account]):
            raise ValidationError(LAST_WAY_IN, code="last_way_in")

    def populate_user(
        self, request: HttpRequest, sociallogin: SocialLogin, data: dict[str, Any]
    ) -> User:
        """As allauth's, with the name in our one field."""
        user: User = super().populate_user(request, sociallogin, data)
        name = data.get("name")
        if isinstance(name, str) and name.isprintable():
            user.name = name.strip()[:NAME_LENGTH]
        return user

    def on_authentication_error(
        self,
        request: HttpRequest,
        provider: Any,
        error: Any = None,
        exception: Exception | None = None,
        extra_context: dict[str, Any] | None = None,
    ) -> None:
        """A page that says what to do; raises ImmediateHttpResponse with it."""
        record(
            Action.SIGN_IN_FAILED,
            request=request,
            outcome=Outcome.FAILURE,
            method=str(getattr(provider, "sub_id", "")),
            reason=str(error or ""),
        )
        explain(request, provider, error, exception, extra_context or {})

    def get_requests_session(self) -> Any:
        """As allauth's; an error of the provider's own counts as no answer."""
        session = super().get_requests_session()
        session.hooks["response"].append(refuse_server_error)
        return session

    def list_apps(
        self,
        request: HttpRequest | None,
        provider: str | None = None,
        client_id: str | None = None,
    ) -> list[Any]:
        """The providers that are set up; demo providers are for this machine only.

        Their stand-ins sign anyone in as anyone.
        """
        apps: list[Any] = super().list_apps(request, provider, client_id)
        if request is not None and is_outsider(request):
            return [app for app in apps if not app.settings.get("demo")]
        return apps

    def get_app(
        self, request: HttpRequest, provider: str, client_id: str | None = None
    ) -> Any:
        """The provider's settings. Raises NotConfigured instead of ending in a 500."""
        try:
            return super().get_app(request, provider, client_id)
        except SocialApp.DoesNotExist:
            raise NotConfigured from None
