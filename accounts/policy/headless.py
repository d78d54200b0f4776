"""allauth's headless views where they need a guard: exact passwords, no 500.

allauth's inputs strip white space from passwords, so that " pw " would sign in as
"pw" here while the form takes it as typed (ASVS 6.2.8). Mounted before allauth's own
URLs; everything else of these views is allauth's.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from allauth.account.fields import EmailField
from allauth.headless.account import inputs as account_inputs
from allauth.headless.account import views as account_views
from allauth.headless.constants import Client
from allauth.headless.socialaccount import views as social_views
from django.forms import CharField
from django.http import JsonResponse
from django.urls import path

from accounts.policy.addresses import refuse_look_alike

if TYPE_CHECKING:
    from django.http import HttpRequest, HttpResponseBase
    from django.urls import URLPattern


class LoginInput(account_inputs.LoginInput):
    """E-mail address and password."""

    email = EmailField(validators=[refuse_look_alike])
    password = CharField(strip=False)


class SignupInput(account_inputs.SignupInput):
    """E-mail address and a new password."""

    email = EmailField(validators=[refuse_look_alike])
    password = CharField(strip=False)


class ResetPasswordInput(account_inputs.ResetPasswordInput):
    """Key from the mail and a new password."""

    password = CharField(strip=False)


class ChangePasswordInput(account_inputs.ChangePasswordInput):
    """The old password and a new one."""

    current_password = CharField(required=False, strip=False)
    new_password = CharField(strip=False)


class ReauthenticateInput(account_inputs.ReauthenticateInput):
    """The password again."""

    password = CharField(strip=False)


class LoginView(account_views.LoginView):
    """POST auth/login."""

    input_class = LoginInput


class SignupView(account_views.SignupView):
    """POST auth/signup."""

    input_class = {"POST": SignupInput}  # noqa: RUF012 - as allauth declares it


class ResetPasswordView(account_views.ResetPasswordView):
    """GET and POST auth/password/reset."""

    input_class = ResetPasswordInput


class ChangePasswordView(account_views.ChangePasswordView):
    """POST account/password/change."""

    input_class = ChangePasswordInput


class ReauthenticateView(account_views.ReauthenticateView):
    """POST auth/reauthenticate."""

    input_class = ReauthenticateInput


class ProviderTokenView(social_views.ProviderTokenView):
    """POST auth/provider/token; an id_token without `kid` is a client's error."""

    def handle(
        self, request: HttpRequest, *args: Any, **kwargs: Any
    ) -> HttpResponseBase:
        """Allauth's answer; 400 in its shape where it would break (KeyError: kid)."""
        try:
            return super().handle(request, *args, **kwargs)
        except KeyError:
            error = {
                "message": "The provider token cannot be verified.",
                "code": "invalid_token",
                "param": "token",
            }
            return JsonResponse({"status": 400, "errors": [error]}, status=400)


class ManagePhoneView(account_views.ManagePhoneView):
    """GET and POST account/phone; allauth breaks on other methods (no self.user)."""

    def dispatch(
        self, request: HttpRequest, *args: Any, **kwargs: Any
    ) -> HttpResponseBase:
        """405 for what the view does not know."""
        if request.method not in {"GET", "POST"}:
            return self.http_method_not_allowed(request, *args, **kwargs)
        return super().dispatch(request, *args, **kwargs)


VIEWS: dict[str, Any] = {
    "auth/login": LoginView,
    "auth/signup": SignupView,
    "auth/password/reset": ResetPasswordView,
    "auth/reauthenticate": ReauthenticateView,
    "auth/provider/token": ProviderTokenView,
    "account/phone": ManagePhoneView,
    "account/password/change": ChangePasswordView,
}


def _patterns(client: Client) -> list[URLPattern]:
    return [
        path(f"{client.value}/v1/{route}", view.as_api_view(client=client))
        for route, view in VIEWS.items()
    ]


urlpatterns = [*_patterns(Client.APP), *_patterns(Client.BROWSER)]
