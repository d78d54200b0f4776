"""The well-known places that browsers and password managers ask for."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from allauth.mfa import app_settings as mfa_settings
from allauth.mfa.models import Authenticator
from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.http import HttpResponse, JsonResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_safe

from accounts import brand

if TYPE_CHECKING:
    from collections.abc import Callable

    from django.http import HttpRequest

#: RFC 9116 2.5.5 wants less than a year; it is made anew at each request.
SECURITY_TXT_LIFETIME = timedelta(days=180)


@login_not_required
@require_safe
def change_password(request: HttpRequest) -> HttpResponse:
    """302 to the page that changes a password (W3C, A Well-Known URL for it)."""
    return redirect("account_change_password")


@login_not_required
@require_safe
def passkey_endpoints(request: HttpRequest) -> HttpResponse:
    """Where passkeys are made and managed (W3C, passkey-endpoints); {} without them."""
    places = {}
    if Authenticator.Type.WEBAUTHN in mfa_settings.SUPPORTED_TYPES:
        places = {
            "enroll": settings.SITE_URL + reverse("mfa_add_webauthn"),
            "manage": settings.SITE_URL + reverse("mfa_list_webauthn"),
        }
    return JsonResponse(places)


@login_not_required
@require_safe
def security_txt(request: HttpRequest) -> HttpResponse:
    """Whom to tell of a hole (RFC 9116): BRAND_SECURITY_CONTACT."""
    expires = timezone.now() + SECURITY_TXT_LIFETIME
    lines = [
        f"Contact: {settings.BRAND_SECURITY_CONTACT}",
        f"Expires: {expires:%Y-%m-%dT%H:%M:%SZ}",
        "Preferred-Languages: en",
        f"Canonical: {settings.SITE_URL}{request.path}",
    ]
    text = "\n".join(lines) + "\n"
    return HttpResponse(text, content_type="text/plain; charset=utf-8")


@login_not_required
@require_safe
def favicon(request: HttpRequest) -> HttpResponse:
    """302 to our mark, for pages that name no icon (the admin's)."""
    return redirect(brand.icon_url())


@login_not_required
@require_safe
def healthz(request: HttpRequest) -> HttpResponse:
    """200 while the process lives; touches no database and no cache."""
    response = HttpResponse("ok\n", content_type="text/plain; charset=utf-8")
    response["Cache-Control"] = "no-store"
    return response


class HealthMiddleware:
    """Answers /healthz before anything looks at the host or wants https.

    A probe comes by the address of a machine, in clear, from beside it.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """The probe's answer, or the site's."""
        if request.path_info == "/healthz" and request.method in {"GET", "HEAD"}:
            return healthz(request)
        return self.get_response(request)
