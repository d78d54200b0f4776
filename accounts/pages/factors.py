"""Pages of second steps where allauth's need a guard of ours: trust, recovery codes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from allauth.mfa.base.views import TrustView
from allauth.mfa.recovery_codes.views import ViewRecoveryCodesView
from django.contrib import messages
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST

from accounts.policy import trust
from accounts.policy.recovery import shown_once

if TYPE_CHECKING:
    from django.forms import Form
    from django.http import HttpRequest, HttpResponse

    from accounts.models import User


class TrustPage(TrustView):
    """The last page of a sign-in with a second step."""

    def form_valid(self, form: Form) -> HttpResponse:
        """Finish the sign-in; trust the browser when asked to."""
        stage = self.request._login_stage  # noqa: SLF001 - allauth's way to hand it on
        response: HttpResponse = stage.exit()
        if self.request.POST.get("action") == "trust":
            trust.remember(self.request, stage.login.user, response)
        return response


class RecoveryCodesPage(ViewRecoveryCodesView):
    """The codes the first time, then how many are left."""

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """As allauth's, for one request at a time."""
        with shown_once(self.request.user.pk):
            context: dict[str, Any] = super().get_context_data(**kwargs)
        return context


trust_browser = TrustPage.as_view()
recovery_codes = RecoveryCodesPage.as_view()


@never_cache
@require_POST
def forget_browsers(request: HttpRequest) -> HttpResponse:
    """Trust this browser no more, or none at all."""
    person = cast("User", request.user)
    response = redirect("mfa_index")
    trust.forget_here(request, person, response)
    if request.POST.get("which") == "all":
        trust.forget_everywhere(person)
        messages.success(
            request,
            _("No browser is trusted any more. Each asks for your second step."),
        )
    else:
        messages.success(
            request,
            _("This browser is not trusted any more. It asks for your second step."),
        )
    return response
