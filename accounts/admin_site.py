"""The admin's door: the pipeline, staff, and a second factor in this very session."""

from __future__ import annotations

from functools import wraps
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from allauth.account.adapter import get_adapter
from allauth.account.internal.flows.login import get_authentication_records
from django.contrib import messages
from django.contrib.admin import AdminSite
from django.contrib.auth import REDIRECT_FIELD_NAME
from django.contrib.auth.decorators import login_not_required
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.decorators import method_decorator
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.admin_base import changes_nothing
from accounts.admin_confirmation import (
    ask,
    is_awake,
    note_visit,
    owes_confirmation,
)
from accounts.audit.models import Action, Outcome
from accounts.audit.repeats import record_repeated
from accounts.pages.sign_out import SignOutView
from accounts.policy import enrolment

if TYPE_CHECKING:
    from django.contrib.auth.models import AnonymousUser

    from accounts.models import User


class PolicyAdminSite(AdminSite):
    """No sign-in form and no password page of its own."""

    site_header = gettext_lazy("Administration")
    site_title = gettext_lazy("Administration")
    index_title = gettext_lazy("People, devices, keys and events")

    def get_urls(self) -> list[Any]:
        """Django's, without "View on site": nothing here has a page to lead to.

        It answers an id that is no UUID with a 500.
        """
        urls: list[Any] = super().get_urls()
        return [url for url in urls if getattr(url, "name", "") != "view_on_site"]

    def has_permission(self, request: HttpRequest) -> bool:
        """Active staff who came through the pipeline, with a second factor.

        Not after 30 idle minutes, though their session goes on.
        """
        allowed = super().has_permission(request) and _proven(request)
        return allowed and is_awake(request)

    @method_decorator(login_not_required)
    def login(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Where the admin sends whoever it does not let in: on to what they lack.

        Raises PermissionDenied for people who are not staff.
        """
        after = _next(request)
        user: User | AnonymousUser = request.user
        if not user.is_authenticated:
            return _to("account_login", after)
        if not (user.is_active and user.is_staff):
            record_repeated(
                Action.ADMIN_DENIED,
                request=request,
                user=user,
                outcome=Outcome.FAILURE,
            )
            raise PermissionDenied
        if self.has_permission(request):
            return HttpResponseRedirect(after)
        if enrolment.must_enrol(user):
            text = _("The administration asks for a second step. Set one up first.")
            messages.warning(request, text)
            return _to("mfa_activate_totp", after)
        return ask(request, after)

    def admin_view(self, view: Any, cacheable: bool = False) -> Any:
        """Django's, which also asks before a press: see accounts.admin_confirmation."""

        @wraps(view)
        def seen(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
            note_visit(request)
            response: HttpResponse = view(request, *args, **kwargs)
            return response

        inner = super().admin_view(seen, cacheable)

        @wraps(inner)
        def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
            if self._may_enter(request) and owes_confirmation(request, view):
                return ask(request)
            response: HttpResponse = inner(request, *args, **kwargs)
            return response

        return guarded

    def _may_enter(self, request: HttpRequest) -> bool:
        # Others are refused or sent to sign in, whatever they sent.
        user: Any = request.user
        return super().has_permission(request) and not enrolment.must_enrol(user)

    @changes_nothing
    def logout(  # type: ignore[override] # a redirect, not a page
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Out at once, as its button says; who comes by a link is asked first."""
        if request.method == "POST":
            return SignOutView.as_view()(request)
        return redirect("account_logout")

    @changes_nothing
    def password_change(  # type: ignore[override] # the same
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """The site's own page, which knows the old password, limits and mails."""
        return redirect("account_change_password")


def _proven(request: HttpRequest) -> bool:
    """Whether the pipeline made this session, and with a second factor if need be."""
    user: Any = request.user
    records = get_authentication_records(request, user)
    if not enrolment.is_required(user):
        return bool(records)
    used = any(item["method"] == "mfa" for item in records)
    # One that was used and has been removed since proves nothing anymore.
    return used and enrolment.has_factor(user)


def _next(request: HttpRequest) -> str:
    after = request.GET.get(REDIRECT_FIELD_NAME, "")
    return after if get_adapter().is_safe_url(after) else reverse("admin:index")


def _to(name: str, after: str) -> HttpResponse:
    query = urlencode({REDIRECT_FIELD_NAME: after})
    return HttpResponseRedirect(f"{reverse(name)}?{query}")
