"""Every error in the shape of its door: pages HTML, headless allauth's, else problems.

Also Django's handler400 to handler500 and allauth's handler429 (see authsite.urls).
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.contrib.sessions.backends.base import UpdateError
from django.http import HttpResponse, JsonResponse
from django.shortcuts import redirect
from django.template.loader import render_to_string
from django.utils.cache import add_never_cache_headers
from django.views.decorators.csrf import csrf_exempt

from accounts.api.errors import problem_response
from accounts.api.unavailable import is_unavailable, retry_after
from accounts.pages.limited import limited_page
from accounts.policy.pauses import SIGN_IN, pause_of

if TYPE_CHECKING:
    from django.http import HttpRequest

#: Paths that programs speak to; everything else is a page.
PROBLEM_PATHS = ("/api/", "/.well-known/", "/healthz", "/readyz", "/metrics")


def respond(
    request: HttpRequest,
    status: int,
    code: str,
    detail: str,
    wait: int | None = None,
) -> HttpResponse:
    """An error for whoever asked. `wait` is Retry-After in seconds."""
    path = request.path_info
    if path.startswith(PROBLEM_PATHS):
        return problem_response(status, code, detail, retry_after=wait)
    response: HttpResponse
    if path.startswith("/_allauth/"):
        error = {"code": code, "message": detail}
        response = JsonResponse({"status": status, "errors": [error]}, status=status)
    else:
        response = _page(_plain(status), status)
    if wait is not None:
        response["Retry-After"] = str(wait)
    return response


def _page(html: str, status: int) -> HttpResponse:
    response = HttpResponse(html, status=status)
    add_never_cache_headers(response)
    return response


def _plain(status: int) -> str:
    # Without a request: an error page must need no session, person or database.
    names = {415: "400.html"}
    return render_to_string(names.get(status, f"{status}.html"))


def _is_page(request: HttpRequest) -> bool:
    return not request.path_info.startswith(("/_allauth/", *PROBLEM_PATHS))


@login_not_required
def bad_request(
    request: HttpRequest, exception: Exception | None = None
) -> HttpResponse:
    """400: a host, cookie, form or header that Django refused. Reads no POST again."""
    return respond(request, 400, "invalid", "The request cannot be understood.")


@login_not_required
def permission_denied(
    request: HttpRequest, exception: Exception | None = None
) -> HttpResponse:
    """403."""
    return respond(request, 403, "permission_denied", "You may not do this.")


@login_not_required
def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    """403 for a form without its CSRF token, with a way on for people."""
    if not _is_page(request):
        return respond(request, 403, "csrf_failed", "The CSRF token is missing or old.")
    if _is_in_already(request):
        return redirect(settings.LOGIN_REDIRECT_URL)
    return _page(render_to_string("403_csrf.html"), 403)


def _is_in_already(request: HttpRequest) -> bool:
    """Whether an old tab asks for the sign-in that another one has finished."""
    match = request.resolver_match
    if not match or match.url_name not in SIGN_IN:
        return False
    try:
        return bool(request.user.is_authenticated)
    except Exception as error:
        if is_unavailable(error):
            return False
        raise


@login_not_required
def not_found(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """404."""
    return respond(request, 404, "not_found", "There is nothing here.")


@csrf_exempt  # it changes nothing, and programs have no such token
@login_not_required
def nothing_here(request: HttpRequest, **where: str) -> HttpResponse:
    """404 in its shape under a prefix of programs; in DEBUG too."""
    return not_found(request)


@login_not_required
def too_many(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """429 with the seconds to wait, from allauth's own counters."""
    pause = pause_of(request)
    if not _is_page(request):
        return respond(request, 429, "throttled", "Too many attempts.", pause.seconds)
    try:
        html = limited_page(request, pause)
    except Exception as error:
        if not is_unavailable(error):
            raise
        html = _plain(429)  # the other ways to sign in cannot be read either
    response = _page(html, 429)
    response["Retry-After"] = str(pause.seconds)
    return response


@login_not_required
def server_error(request: HttpRequest) -> HttpResponse:
    """500; 503 with Retry-After when a part that we need does not answer.

    409 when another request gave the session of a pending sign-in its next key.
    """
    error: Any = sys.exc_info()[1]
    if isinstance(error, UpdateError):
        request.session.modified = False  # there is nothing left to save it to
        return respond(request, 409, "conflict", "Another request was first.")
    if is_unavailable(error):
        wait = retry_after(error)
        return respond(request, 503, "unavailable", "Try again in a moment.", wait)
    return respond(request, 500, "error", "Something went wrong on our side.")
