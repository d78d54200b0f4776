"""Closing one's account, and keeping it after all by the link in the mail."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from allauth.account.models import EmailAddress
from django.conf import settings
from django.contrib import messages
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_safe

from accounts.pages.links import behind_link, dead, limited, see_other, with_proof
from accounts.pages.refusal import refusal
from accounts.policy import closing
from accounts.policy.devices import signed_in
from accounts.policy.sessions import leave
from accounts.tokens.revoke import live_families

if TYPE_CHECKING:
    from django.http import HttpRequest, HttpResponse

    from accounts.models import User


LAST_SUPERUSER = gettext_lazy(
    "You are the only administrator with all rights. Give them to somebody else first."
)


@with_proof
@require_http_methods(["GET", "HEAD", "POST"])
def close(request: HttpRequest) -> HttpResponse:
    """GET and POST close/: what will happen, then the press."""
    user = cast("User", request.user)
    if request.method == "POST":
        try:
            closing.ask(request, user)
        except closing.LastSuperuser:
            return _preview(request, user)
        leave(request, user)
        return see_other("close_done")
    return _preview(request, user)


def _preview(request: HttpRequest, user: User) -> HttpResponse:
    grace = settings.ACCOUNT_CLOSING_GRACE
    email = EmailAddress.objects.get_primary_email(user)
    context = {
        "form": refusal(LAST_SUPERUSER) if closing.is_last_superuser(user) else None,
        "sessions": sum(not one.is_app for one in signed_in(user)),
        "families": live_families(user),
        "days": grace.days,
        "closes_at": timezone.now() + grace,
        "email": email,
    }
    status = 409 if request.method == "POST" else 200
    return render(request, "pages/close.html", context, status=status)


@behind_link
@require_safe
def closed(request: HttpRequest) -> HttpResponse:
    """After the press; the same for everybody."""
    context = {"days": settings.ACCOUNT_CLOSING_GRACE.days}
    return render(request, "pages/close_done.html", context)


@behind_link
@require_http_methods(["GET", "HEAD", "POST"])
def undo(request: HttpRequest, token: str) -> HttpResponse:
    """GET and POST close/undo/TOKEN/: keep the account; signs nobody in."""
    if request.method != "POST":
        user = closing.by_undo_link(token)
        if user is None:
            return dead(request, "pages/close_dead.html")
        context = {"closes_at": user.closes_at}
        return render(request, "pages/close_undo.html", context)
    too_many = limited(request, "mail_link")
    if too_many:
        return too_many
    if not closing.undo(request, token):
        return dead(request, "pages/close_dead.html")
    messages.success(request, _("Your account stays as it was. Sign in to use it."))
    return see_other("account_login")
