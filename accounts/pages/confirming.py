"""The page that confirms with a password.

For people without a factor, and for others on the way to `acr=aal2`, which takes the
password and the factor in one event.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from allauth.account import app_settings
from allauth.account.adapter import get_adapter
from allauth.account.views import ReauthenticateView as AllauthReauthenticateView
from django.contrib import messages
from django.http import HttpResponseRedirect
from django.shortcuts import redirect
from django.utils.translation import gettext as _

from accounts.policy.confirmation import (
    EVENT_SECONDS,
    has_first_step,
    take_password,
    uses_factor,
)

if TYPE_CHECKING:
    from django.forms import Form
    from django.http import HttpRequest, HttpResponse

AAL2 = "aal2"
BY_KEY = "mfa_reauthenticate:webauthn"
#: An earlier password or provider serves if this much of the event is left for the
#: factor, which comes last: `auth_time` is then now.
_RECENT = EVENT_SECONDS - app_settings.REAUTHENTICATION_TIMEOUT


class ReauthenticateView(AllauthReauthenticateView):
    """GET and POST reauthenticate/?next=…; with `acr=aal2` the factor comes after it.

    Services send people here who need a stronger sign-in (RFC 9470): docs/tokens.md.
    """

    def _check_reauthentication_method_available(
        self, request: HttpRequest
    ) -> HttpResponse | None:
        if not self._steps_up():
            found: HttpResponse | None = (
                super()._check_reauthentication_method_available(request)
            )
            return found
        if not uses_factor(request.user):
            text = _("This asks for a second step. Set one up to go on.")
            messages.warning(request, text)
            return redirect("mfa_index")
        user: Any = request.user
        if has_first_step(request, user, within=_RECENT):
            return self._to_factor()
        return None if user.has_usable_password() else self._to_factor(by_key=True)

    def form_valid(self, form: Form) -> HttpResponse:
        """On to the factor, or to where the person was going."""
        if not self._steps_up():
            response: HttpResponse = super().form_valid(form)
            return response
        take_password(self.request)
        return self._to_factor()

    def get_reauthentication_alternatives(self) -> list[dict[str, Any]]:
        """On the way to aal2 only a passkey does without the password."""
        found: list[dict[str, Any]] = super().get_reauthentication_alternatives()
        if self._steps_up():
            return [way for way in found if way["id"] == BY_KEY]
        return found

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """With `steps_up`, which the form repeats."""
        return super().get_context_data(**kwargs, steps_up=self._steps_up())

    def _steps_up(self) -> bool:
        asked = self.request.POST.get("acr") or self.request.GET.get("acr")
        return asked == AAL2

    def _to_factor(self, *, by_key: bool = False) -> HttpResponse:
        ways = get_adapter().get_reauthentication_methods(self.request.user)
        keys = [way for way in ways if way["id"] == BY_KEY]
        way = (keys if by_key and keys else ways)[0]
        return HttpResponseRedirect(self.passthrough_next_url(way["url"]))


reauthenticate = ReauthenticateView.as_view()
