"""Errors: RFC 9457 problem+json with DRF's `detail` and a stable `code`.

401 answers carry the challenge of RFC 6750: bare when nothing was sent, with
error="invalid_token" when a token was refused.
"""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

import orjson
import structlog
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpResponse
from rest_framework import exceptions
from rest_framework.response import Response

from accounts.api.unavailable import DETAIL, is_unavailable, reason, retry_after
from accounts.tokens.authentication import CHALLENGE
from accounts.tokens.step_up import InsufficientAuthentication

log = structlog.get_logger(__name__)
CONTENT_TYPE = "application/problem+json"
REFUSED_TOKEN = frozenset({"token_not_valid", "token_revoked"})
#: DRF's own codes where ours differ.
CODES = {
    "authentication_failed": "token_not_valid",
    "error": "invalid",
    "parse_error": "parse_error",
}


def problem(status: int, code: str, detail: str, **members: Any) -> dict[str, Any]:
    """The body: type, title, status, detail, code and what else is to be said."""
    return {
        "type": "about:blank",
        "title": HTTPStatus(status).phrase,
        "status": status,
        "detail": detail,
        "code": code,
        **members,
    }


def problem_response(
    status: int, code: str, detail: str, *, retry_after: int | None = None
) -> HttpResponse:
    """The same outside DRF: for the door, the bounds and Django's error handlers."""
    response = HttpResponse(
        orjson.dumps(problem(status, code, detail)),
        status=status,
        content_type=CONTENT_TYPE,
    )
    response["Cache-Control"] = "no-store"
    if status == HTTPStatus.UNAUTHORIZED:
        response["WWW-Authenticate"] = CHALLENGE
    if retry_after is not None:
        response["Retry-After"] = str(retry_after)
    return response


def exception_handler(error: Exception, context: dict[str, Any]) -> Response | None:
    """DRF's hook. None (a real 500) only for what we did not foresee."""
    if is_unavailable(error):
        log.warning("unavailable", error=reason(error))
        return unavailable(retry_after(error))
    if isinstance(error, Http404):
        error = exceptions.NotFound()
    elif isinstance(error, PermissionDenied):
        error = exceptions.PermissionDenied()
    if not isinstance(error, exceptions.APIException):
        return None
    return _from_api_exception(error)


def unavailable(wait: int) -> Response:
    """503 with Retry-After in seconds."""
    return refusal(503, "unavailable", DETAIL, {"Retry-After": str(wait)})


def refusal(
    status: int,
    code: str,
    detail: str,
    headers: dict[str, str] | None = None,
    **members: Any,
) -> Response:
    """A problem as a DRF response; a 401 gets its challenge."""
    response = Response(
        problem(status, code, detail, **members),
        status=status,
        headers=headers,
        content_type=CONTENT_TYPE,
    )
    if status == HTTPStatus.UNAUTHORIZED:
        response.headers.setdefault("WWW-Authenticate", challenge(code, detail))
    return response


def challenge(code: str, detail: str) -> str:
    """WWW-Authenticate for a 401 (RFC 6750 3)."""
    if code in REFUSED_TOKEN:
        return f'{CHALLENGE}, error="invalid_token", error_description="{detail}"'
    return CHALLENGE


def _insufficient(error: InsufficientAuthentication) -> Response:
    """RFC 9470 3: what would be enough, in the challenge and in the body."""
    code, detail = error.default_code, str(error.detail)
    asked = "".join(f', {name}="{value}"' for name, value in error.wanted.items())
    header = f'{CHALLENGE}, error="{code}", error_description="{detail}"{asked}'
    return refusal(401, code, detail, {"WWW-Authenticate": header}, **error.wanted)


def _from_api_exception(error: exceptions.APIException) -> Response:
    status = error.status_code
    wait = getattr(error, "wait", None)
    headers = {} if wait is None else {"Retry-After": str(max(1, int(wait)))}
    if isinstance(error, exceptions.ValidationError):
        return refusal(
            status,
            "invalid",
            "Some fields are missing or not valid.",
            headers,
            errors=error.detail,
        )
    if isinstance(error, InsufficientAuthentication):
        return _insufficient(error)
    codes = error.get_codes()
    code = codes if isinstance(codes, str) else "invalid"
    return refusal(status, CODES.get(code, code), str(error.detail), headers)
