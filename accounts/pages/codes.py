"""Pages around codes by mail, and the one that asks for a first password."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from allauth.account import views as account
from allauth.account.adapter import get_adapter
from allauth.account.internal.constants import LoginStageKey
from allauth.account.internal.flows.reauthentication import is_reauthentication_required
from allauth.account.internal.stagekit import clear_login, get_pending_stage
from allauth.account.utils import passthrough_next_redirect_url
from allauth.core.internal.httpkit import add_query_params
from django.contrib import messages
from django.contrib.auth import REDIRECT_FIELD_NAME
from django.contrib.auth.decorators import login_not_required
from django.forms import Form
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.decorators import method_decorator
from django.utils.functional import cached_property
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache

from accounts.pages.code_forms import ProofCodeForm
from accounts.policy import reproof
from accounts.policy.codes import only_by_code_enabled

if TYPE_CHECKING:
    from django.http import HttpRequest, HttpResponse, HttpResponseBase

    from accounts.models import User


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


@never_cache
def password_set(request: HttpRequest) -> HttpResponseBase:
    """A first password, after proof.

    The proof comes before the form: a form that waits for it would keep the password
    in the session meanwhile.
    """
    if not is_reauthentication_required(request, app="allauth.account"):
        return account.password_set(request)
    return _prove_first(request)


def _prove_first(request: HttpRequest) -> HttpResponse:
    ways = get_adapter().get_reauthentication_methods(request.user)
    url = ways[0]["url"] if ways else reverse("account_login")
    return redirect(add_query_params(url, {REDIRECT_FIELD_NAME: request.path}))


@method_decorator(never_cache, name="dispatch")
class ReauthenticateByCodeView(account.BaseReauthenticateView):
    """Proof by a mailed code, for people who have no other."""

    template_name = "account/reauthenticate_by_code.html"

    @cached_property
    def process(self) -> reproof.ProofByCode | None:
        """The code on its way."""
        return reproof.ProofByCode.resume(self.request, self.person)

    @property
    def person(self) -> User:
        """Whoever is signed in: LoginRequiredMiddleware lets nobody else come here."""
        return cast("User", self.request.user)

    def get_form_class(self) -> type[Form]:
        """Without a code on its way there is nothing to fill in."""
        return ProofCodeForm if self.process else Form

    def get_form_kwargs(self) -> dict[str, Any]:
        """What the code is compared with."""
        kwargs: dict[str, Any] = super().get_form_kwargs()
        if self.process:
            kwargs |= {"code": self.process.code, "email": self.process.email}
        return kwargs

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Send a code, or check one."""
        if request.POST.get("action") == "send" or not self.process:
            reproof.ProofByCode.initiate(request, self.person)
            return self._again()
        return cast("HttpResponse", super().post(request, *args, **kwargs))

    def form_valid(self, form: Form) -> HttpResponse:
        """Proven: back to where proof was asked for."""
        cast("reproof.ProofByCode", self.process).finish()
        return cast("HttpResponse", super().form_valid(form))

    def form_invalid(self, form: Form) -> HttpResponse:
        """A wrong code is a try; after the last one a new code is needed."""
        if cast("reproof.ProofByCode", self.process).record_invalid_attempt():
            return cast("HttpResponse", super().form_invalid(form))
        messages.error(
            self.request, _("Too many wrong codes. Get a new one in a few minutes.")
        )
        return self._again()

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """The address, and whether a code is on its way to it."""
        context: dict[str, Any] = super().get_context_data(**kwargs)
        email = reproof.address_of(self.person)
        return context | {"email": email, "is_sent": bool(self.process)}

    def _again(self) -> HttpResponse:
        return redirect(
            passthrough_next_redirect_url(
                self.request, self.request.path, REDIRECT_FIELD_NAME
            )
        )
