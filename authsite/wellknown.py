"""The well-known places that browsers and password managers ask for."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.contrib.auth.decorators import login_not_required
from django.http import HttpResponse
from django.shortcuts import redirect
from django.templatetags.static import static
from django.views.decorators.http import require_safe

if TYPE_CHECKING:
    from django.http import HttpRequest


@login_not_required
@require_safe
def change_password(request: HttpRequest) -> HttpResponse:
    """302 to the page that changes a password (W3C, A Well-Known URL for it)."""
    return redirect("account_change_password")


@login_not_required
@require_safe
def favicon(request: HttpRequest) -> HttpResponse:
    """302 to our mark, for pages that name no icon (the admin's)."""
    return redirect(static("accounts/brand.svg"))


@login_not_required
@require_safe
def healthz(request: HttpRequest) -> HttpResponse:
    """200 while the process lives; touches no database and no cache."""
    response = HttpResponse("ok\n", content_type="text/plain; charset=utf-8")
    response["Cache-Control"] = "no-store"
    return response
