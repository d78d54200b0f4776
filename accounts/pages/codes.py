"""Pages around emailed codes: to sign in, and to reauthenticate."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from allauth.account import views as account
from allauth.account.internal.constants import LoginStageKey
from allauth.account.internal.stagekit import clear_login, get_pending_stage
from allauth.core import ratelimit
from django.contrib.auth.decorators import login_not_required
from django.utils.decorators import method_decorator
from django.views.decorators.cache import never_cache

from accounts.pages.code_forms import RequestReauthenticationCodeForm
from accounts.policy.codes import only_by_code_enabled
from accounts.policy.reauthentication import forget_void_code

if TYPE_CHECKING:
    from django.http import HttpRequest, HttpResponseBase


@login_not_required
def request_login_code(request: HttpRequest) -> HttpResponseBase:
    """Asking for a code. Raises Http404 unless LOGIN_BY_CODE.

    Asked for again it replaces a code that is on its way: allauth's own "resend" would
    tell by its time whether there is an account.
    """
    only_by_code_enabled()
    stage = get_pending_stage(request) if request.method == "POST" else None
    if stage and stage.key == LoginStageKey.LOGIN_BY_CODE:
        clear_login(request)
    return account.request_login_code(request)


@method_decorator(never_cache, name="dispatch")
class ConfirmReauthenticationCodeView(account.ConfirmReauthenticationCodeView):
    """The code from the email. Without one on its way it leads to where it is sent."""

    def dispatch(
        self, request: HttpRequest, *args: Any, **kwargs: Any
    ) -> HttpResponseBase:
        """Allauth's answer, or 429: allauth counts no tries here."""
        limited = ratelimit.consume_or_429(request, action="reauthenticate")
        if limited:
            return cast("HttpResponseBase", limited)
        forget_void_code(request)
        return super().dispatch(request, *args, **kwargs)


confirm_reauthentication_code = ConfirmReauthenticationCodeView.as_view()


@method_decorator(never_cache, name="dispatch")
class RequestReauthenticationCodeView(account.RequestReauthenticationCodeView):
    """Have a code emailed. allauth leads people with another way to that one."""

    form_class = RequestReauthenticationCodeForm

    def dispatch(
        self, request: HttpRequest, *args: Any, **kwargs: Any
    ) -> HttpResponseBase:
        """Allauth's answer. Deprecated: the code is taken here too, as it once was."""
        if "code" in request.POST:
            return confirm_reauthentication_code(request)
        return super().dispatch(request, *args, **kwargs)


request_reauthentication_code = RequestReauthenticationCodeView.as_view()
