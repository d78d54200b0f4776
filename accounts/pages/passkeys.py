"""allauth's pages for passkeys and security keys, where they need more than templates.

Mounted before allauth's own, under the same paths and names.
"""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from allauth.account import app_settings as account_settings
from allauth.account.adapter import get_adapter
from allauth.account.models import Login
from allauth.account.utils import get_next_redirect_url
from allauth.mfa.base import views as base
from allauth.mfa.models import Authenticator
from allauth.mfa.webauthn import views
from allauth.mfa.webauthn.internal import flows
from django.contrib import messages
from django.db import transaction
from django.http import HttpResponse, JsonResponse
from django.urls import path
from django.utils.translation import gettext as _
from django.views.generic.edit import FormView

from accounts.pages.lost_steps import explained
from accounts.pages.refusal import refusal
from accounts.policy import webauthn
from accounts.policy.limits import limit_options
from accounts.policy.stages import is_unchanged
from accounts.policy.ways_in import lock, would_lock_out
from accounts.policy.words import LAST_WAY_IN

if TYPE_CHECKING:
    from django.db.models import QuerySet
    from django.forms import Form
    from django.http import HttpRequest


class LoginWebAuthnView(views.LoginWebAuthnView):
    """Sign in with a passkey: GET gives a script the options, POST takes the answer.

    A script is answered in JSON: {location}, or 400 {error, unknown}.
    """

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """The options; a page only sends on to the sign-in page."""
        return limit_options(request) or super().get(request, *args, **kwargs)

    def form_valid(self, form: Form) -> HttpResponse:
        """Into the pipeline, with `next` and `remember` as on the sign-in form."""
        authenticator = form.cleaned_data["credential"]
        login = Login(
            user=authenticator.user, redirect_url=get_next_redirect_url(self.request)
        )
        response = flows.perform_passwordless_login(self.request, authenticator, login)
        kept = account_settings.SESSION_COOKIE_AGE
        self.request.session.set_expiry(kept if "remember" in self.request.POST else 0)
        if not get_adapter().is_ajax(self.request) or "Location" not in response:
            return response
        answer = JsonResponse({"location": response["Location"]})
        answer.cookies.update(response.cookies)
        return answer

    def form_invalid(self, form: Form) -> HttpResponse:
        """The sentence, and whether the browser may forget this passkey."""
        if not get_adapter().is_ajax(self.request):
            return super().form_invalid(form)
        found = form.errors.as_data().get("credential", [])
        error = form.errors.get("credential", [webauthn.FAILED])[0]
        unknown = any(one.code == "unknown_passkey" for one in found)
        return JsonResponse(
            {"error": str(error), "unknown": unknown}, status=HTTPStatus.BAD_REQUEST
        )


class OneForm:
    """A mixin: the form that was judged is the one that is shown.

    allauth makes another for the page, which would be judged by the new challenge.
    """

    def get_form(self, form_class: Any = None) -> Any:
        """The same at each call."""
        if not hasattr(self, "_form"):
            self._form = super().get_form(form_class)  # type: ignore[misc]
        return self._form


class AddWebAuthnView(OneForm, views.AddWebAuthnView):
    """Another passkey or security key."""


class SignupWebAuthnView(OneForm, views.SignupWebAuthnView):
    """The end of a sign-up with a passkey."""

    def form_valid(self, form: Form) -> HttpResponse:
        """No passkey for an account that has changed since the sign-up began."""
        stage = self._login_stage
        if is_unchanged(stage):
            return super().form_valid(form)
        text = _("This sign-in could not be finished. Start again.")
        messages.error(self.request, text)
        return stage.abort()


class AuthenticateView(base.AuthenticateView):
    """The second step: a code, a passkey or security key."""

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """With what the person has: `types`."""
        found = super().get_context_data(**kwargs)
        mine = Authenticator.objects.filter(user=self.stage.login.user)
        types = found["types"] = set(mine.values_list("type", flat=True))
        if found["form"] and Authenticator.Type.TOTP not in types:
            code = found["form"]["code"]  # it may have been judged already
            code.label, code.help_text = _("Recovery code"), ""
            code.field.widget.attrs.pop("autofocus", None)
        return found


class ReauthenticateWebAuthnView(OneForm, views.ReauthenticateWebAuthnView):
    """A passkey or security key as proof again."""

    def form_invalid(self, form: Form) -> HttpResponse:
        """The page again, with a fresh challenge."""
        return FormView.form_invalid(self, form)


class ListWebAuthnView(views.ListWebAuthnView):
    """One's own passkeys and security keys."""

    def get_queryset(self) -> QuerySet:
        """The oldest first."""
        return super().get_queryset().order_by("pk")

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """With what the browser is told of them."""
        accepted = webauthn.accepted(self.request.user)
        return super().get_context_data(**kwargs, accepted=accepted)


class RemoveWebAuthnView(views.RemoveWebAuthnView):
    """Take one away, unless it is the last way in."""

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """With why not, if so."""
        found = super().get_context_data(**kwargs)
        if would_lock_out(self.request.user, [self.object]):
            found["form"] = refusal(LAST_WAY_IN)
        return found

    def form_valid(self, form: Form) -> HttpResponse:
        """Removed; or the page again when it has become the last way in meanwhile."""
        with transaction.atomic():
            lock(self.request.user)
            if not would_lock_out(self.request.user, [self.get_object()]):
                return super().form_valid(form)
        context = self.get_context_data()
        return self.render_to_response(context, status=HTTPStatus.CONFLICT)


_WEBAUTHN = "2fa/webauthn/"
urlpatterns = [
    path(
        "2fa/authenticate/",
        explained(AuthenticateView.as_view()),
        name="mfa_authenticate",
    ),
    path(_WEBAUTHN, ListWebAuthnView.as_view(), name="mfa_list_webauthn"),
    path(f"{_WEBAUTHN}login/", LoginWebAuthnView.as_view(), name="mfa_login_webauthn"),
    path(
        f"{_WEBAUTHN}signup/",
        explained(SignupWebAuthnView.as_view()),
        name="mfa_signup_webauthn",
    ),
    path(f"{_WEBAUTHN}add/", AddWebAuthnView.as_view(), name="mfa_add_webauthn"),
    path(
        f"{_WEBAUTHN}reauthenticate/",
        ReauthenticateWebAuthnView.as_view(),
        name="mfa_reauthenticate_webauthn",
    ),
    path(
        f"{_WEBAUTHN}keys/<int:pk>/remove/",
        RemoveWebAuthnView.as_view(),
        name="mfa_remove_webauthn",
    ),
]
