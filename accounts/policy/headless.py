"""allauth's headless views where they need a guard: exact passwords, no 500.

allauth's inputs strip white space from passwords, so that " pw " would sign in as
"pw" here while the form takes it as typed (ASVS 6.2.8). Mounted before allauth's own
URLs; everything else of these views is allauth's.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from allauth.account.fields import EmailField
from allauth.account.internal.flows.reauthentication import (
    raise_if_reauthentication_required,
)
from allauth.core import ratelimit
from allauth.core.exceptions import ImmediateHttpResponse
from allauth.headless.account import inputs as account_inputs
from allauth.headless.account import views as account_views
from allauth.headless.adapter import get_adapter as get_headless_adapter
from allauth.headless.base.response import AuthenticationResponse
from allauth.headless.constants import Client
from allauth.headless.socialaccount import inputs as social_inputs
from allauth.headless.socialaccount import views as social_views
from allauth.headless.usersessions import inputs as session_inputs
from allauth.headless.usersessions import views as session_views
from allauth.socialaccount.adapter import get_adapter as get_social_adapter
from allauth.socialaccount.models import SocialAccount
from allauth.usersessions.models import UserSession
from django.db import transaction
from django.forms import CharField
from django.urls import path

from accounts.policy import (
    confirmation,
    headless_codes,
    headless_factors,
    headless_passkeys,
    headless_reauthentication,
    headless_removal,
)
from accounts.policy.addresses import ProvenAddress, refuse_look_alike
from accounts.policy.current_password import CheckedPassword
from accounts.policy.limits import APP, limit_provider
from accounts.policy.own_rows import OwnRowsField
from accounts.policy.sign_up import WaitsForCode
from accounts.policy.ways_in import lock

if TYPE_CHECKING:
    from django.http import HttpRequest, HttpResponseBase
    from django.urls import URLPattern


class LoginInput(account_inputs.LoginInput):
    """E-mail address and password."""

    email = EmailField(validators=[refuse_look_alike])
    password = CharField(strip=False)


class SignupInput(WaitsForCode, account_inputs.SignupInput):
    """E-mail address and a new password."""

    email = EmailField(validators=[refuse_look_alike])
    password = CharField(strip=False)


class ProviderSignupInput(WaitsForCode, social_inputs.SignupInput):
    """The address that a provider did not tell."""

    email = EmailField(validators=[refuse_look_alike])


class RequestPasswordResetInput(
    ProvenAddress, account_inputs.RequestPasswordResetInput
):
    """E-mail address."""

    email = EmailField(validators=[refuse_look_alike])


class ResetPasswordInput(account_inputs.ResetPasswordInput):
    """Key from the mail and a new password."""

    password = CharField(strip=False)


class ChangePasswordInput(CheckedPassword, account_inputs.ChangePasswordInput):
    """The old password and a new one."""

    current_password = CharField(required=False, strip=False)
    new_password = CharField(strip=False)


class ReauthenticateInput(account_inputs.ReauthenticateInput):
    """The password again."""

    password = CharField(strip=False)


class DeleteProviderAccountInput(social_inputs.DeleteProviderAccountInput):
    """Which connected account is to go: the provider's name and its own number."""

    def clean(self) -> dict[str, Any]:
        """By our rule alone: allauth's wants a password, though a passkey does."""
        found: dict[str, Any] = super(
            social_inputs.DeleteProviderAccountInput, self
        ).clean()
        if not self.errors:
            accounts = SocialAccount.objects.filter(user=self.user)
            account = accounts.filter(
                uid=found["account"], provider=found["provider"]
            ).first()
            if account is None:
                raise get_headless_adapter().validation_error("account_not_found")
            get_social_adapter().validate_disconnect(account, accounts)
            found["account"] = account
        return found


class EndSessionsInput(session_inputs.SelectSessionsInput):
    """Which sessions to end."""

    sessions = OwnRowsField(queryset=UserSession.objects.none())


class LoginView(account_views.LoginView):
    """POST auth/login."""

    input_class = LoginInput


class SignupView(account_views.SignupView):
    """POST auth/signup."""

    input_class = {"POST": SignupInput}  # noqa: RUF012 - as allauth declares it


class RequestPasswordResetView(account_views.RequestPasswordResetView):
    """POST auth/password/request."""

    input_class = RequestPasswordResetInput


class ResetPasswordView(account_views.ResetPasswordView):
    """GET and POST auth/password/reset."""

    input_class = ResetPasswordInput


class ChangePasswordView(account_views.ChangePasswordView):
    """POST account/password/change."""

    input_class = ChangePasswordInput

    def handle(
        self, request: HttpRequest, *args: Any, **kwargs: Any
    ) -> HttpResponseBase:
        """The old password alone is not enough: 401 unless confirmed lately."""
        raise_if_reauthentication_required(request, app=APP)
        return super().handle(request, *args, **kwargs)


class ReauthenticateView(account_views.ReauthenticateView):
    """POST auth/reauthenticate."""

    input_class = ReauthenticateInput

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        """200; 401 with the flows that are left for someone with a factor."""
        if confirmation.take_password(request):
            return AuthenticationResponse(request)
        return headless_reauthentication.Required(request)


class ManageProvidersView(social_views.ManageProvidersView):
    """GET and DELETE account/providers."""

    input_class = {"DELETE": DeleteProviderAccountInput}  # noqa: RUF012 - as allauth

    def handle(
        self, request: HttpRequest, *args: Any, **kwargs: Any
    ) -> HttpResponseBase:
        """One change at a time of what a person can sign in with."""
        with transaction.atomic():
            lock(request.user)
            return super().handle(request, *args, **kwargs)


class SessionsView(session_views.SessionsView):
    """GET and DELETE auth/sessions."""

    input_class = {"DELETE": EndSessionsInput}  # noqa: RUF012 - as allauth


class ProviderTokenView(social_views.ProviderTokenView):
    """POST auth/provider/token, under the limit of sign-ins: each asks the provider."""

    def handle(
        self, request: HttpRequest, *args: Any, **kwargs: Any
    ) -> HttpResponseBase:
        """Allauth's answer, or 429."""
        limited = ratelimit.consume_or_429(request, action="login")
        if limited:
            return limited
        try:
            return super().handle(request, *args, **kwargs)
        except ImmediateHttpResponse as error:  # a sign-up that waits for its code
            return error.response


class ProviderSignupView(social_views.ProviderSignupView):
    """GET and POST auth/provider/signup."""

    input_class = ProviderSignupInput


class RedirectToProviderView(social_views.RedirectToProviderView):
    """POST auth/provider/redirect, under the limit of calls to providers."""

    def handle(
        self, request: HttpRequest, *args: Any, **kwargs: Any
    ) -> HttpResponseBase:
        """Allauth's answer, or 429."""
        return limit_provider(request) or super().handle(request, *args, **kwargs)


VIEWS: dict[str, Any] = {
    "auth/login": LoginView,
    "auth/signup": SignupView,
    "auth/password/request": RequestPasswordResetView,
    "auth/password/reset": ResetPasswordView,
    "auth/reauthenticate": ReauthenticateView,
    "account/providers": ManageProvidersView,
    "auth/provider/signup": ProviderSignupView,
    "auth/provider/redirect": RedirectToProviderView,
    "auth/provider/token": ProviderTokenView,
    "auth/sessions": SessionsView,
    "account/password/change": ChangePasswordView,
    **headless_codes.VIEWS,
    **headless_factors.VIEWS,
    **headless_passkeys.VIEWS,
    **headless_reauthentication.VIEWS,
    **headless_removal.VIEWS,
}


def _patterns(client: Client) -> list[URLPattern]:
    return [
        path(f"{client.value}/v1/{route}", view.as_api_view(client=client))
        for route, view in VIEWS.items()
    ]


urlpatterns = [*_patterns(Client.APP), *_patterns(Client.BROWSER)]
