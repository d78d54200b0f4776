"""The API's door: one line in MIDDLEWARE that takes sessionless views straight in.

A bearer call needs no session, no messages, no account middleware; walking through
them costs several times the call itself. What the door leaves out of the chain below
it does here: host check, https, bounds, CORS, headers, errors.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Any, cast

import structlog
from corsheaders.middleware import CorsMiddleware
from django.conf import settings
from django.core.exceptions import DisallowedHost
from django.http import HttpResponseNotAllowed
from django.urls import Resolver404, ResolverMatch, resolve

from accounts.api.errors import problem_response
from accounts.api.unavailable import DETAIL, is_unavailable, reason, retry_after
from authsite.bounds import Refused, check

if TYPE_CHECKING:
    from collections.abc import Callable

    from django.http import HttpRequest, HttpResponse

log = structlog.get_logger(__name__)
HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "X-Frame-Options": "DENY",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
    "Cache-Control": "no-store",
}
if settings.SECURE_HSTS_SECONDS:
    HEADERS["Strict-Transport-Security"] = (
        f"max-age={settings.SECURE_HSTS_SECONDS}; includeSubDomains; preload"
    )
#: The last is the brand's files: below, a session would forbid to keep them.
PATHS = ("/api/", "/.well-known/jwks.json", "/accounts/brand")


@lru_cache(maxsize=256)
def _match(path: str) -> ResolverMatch | None:
    try:
        return resolve(path)
    except Resolver404:
        return None


class ApiDoor:
    """Serves views that say `sessionless` under PATHS; the rest goes on below."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response
        self.with_cors = CorsMiddleware(self._serve)

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """The view's answer with the API's headers, or the page chain's."""
        if not request.path_info.startswith(PATHS):
            return self.get_response(request)
        match = _match(request.path_info)
        view: Any = getattr(match.func, "cls", match.func) if match else None
        if match is None or not getattr(view, "sessionless", False):
            return self.get_response(request)
        request.resolver_match = match
        serve: Any = self.with_cors if "HTTP_ORIGIN" in request.META else self._serve
        response: HttpResponse = serve(request)
        for name, value in HEADERS.items():
            response.headers.setdefault(name, value)
        return response

    def _serve(self, request: HttpRequest) -> HttpResponse:
        try:
            request.get_host()
            if settings.SECURE_SSL_REDIRECT and not request.is_secure():
                # Refused, not redirected: the token has already crossed in clear.
                return problem_response(403, "permission_denied", "Use https.")
            check(request)
        except DisallowedHost:
            return problem_response(400, "invalid", "This host is not served here.")
        except Refused as refused:
            return refused.mark(
                problem_response(refused.status, refused.code, refused.detail)
            )
        return _answer(request, cast("ResolverMatch", request.resolver_match))


def _answer(request: HttpRequest, match: ResolverMatch) -> HttpResponse:
    """The view's answer; its errors in the API's shape."""
    try:
        response: HttpResponse = match.func(request, *match.args, **match.kwargs)
        if hasattr(response, "render"):
            response.render()
    except Exception as error:
        if is_unavailable(error):
            log.warning("unavailable", error=reason(error))
            wait = retry_after(error)
            return problem_response(503, "unavailable", DETAIL, retry_after=wait)
        log.exception("api_error", path=request.path_info)
        return problem_response(500, "error", "Something went wrong here.")
    if isinstance(response, HttpResponseNotAllowed):
        detail = f"The method {request.method} is not allowed here."
        answer = problem_response(405, "method_not_allowed", detail)
        answer.headers["Allow"] = response.headers["Allow"]
        return answer
    return response
