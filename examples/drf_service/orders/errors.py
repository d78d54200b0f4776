"""Every error as application/problem+json (RFC 9457), in DRF and outside of it."""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from authsite_verifier import (
    CONTENT_TYPE,
    AccessError,
    NotAuthenticated,
    as_problem,
    problem,
)
from django.http import JsonResponse
from rest_framework import exceptions
from rest_framework.response import Response
from rest_framework.views import exception_handler

if TYPE_CHECKING:
    from authsite_verifier import Problem
    from django.http import HttpRequest


def handler(error: Exception, context: dict[str, Any]) -> Response | None:
    """DRF's EXCEPTION_HANDLER. None for what is a fault of ours: Django answers 500."""
    if isinstance(error, exceptions.NotAuthenticated):
        error = NotAuthenticated()
    if isinstance(error, AccessError):
        return _answer(as_problem(error))
    answer = exception_handler(error, context)
    if answer is None:
        return None
    code = getattr(error, "default_code", None) or _code(answer.status_code)
    phrase = HTTPStatus(answer.status_code).phrase
    detail = str(getattr(error, "detail", f"{phrase}."))
    headers = dict(answer.headers)
    return _answer(problem(answer.status_code, code, detail, headers))


def _answer(found: Problem) -> Response:
    headers = {k: v for k, v in found.headers.items() if k.lower() != "content-type"}
    return Response(
        found.body, status=found.status, headers=headers, content_type=CONTENT_TYPE
    )


def not_found(request: HttpRequest, exception: Exception) -> JsonResponse:
    """Django's handler404."""
    return _plain(404)


def bad_request(request: HttpRequest, exception: Exception) -> JsonResponse:
    """Django's handler400: a foreign Host header, for one."""
    return _plain(400)


def server_error(request: HttpRequest) -> JsonResponse:
    """Django's handler500."""
    return _plain(500)


def _plain(status: int) -> JsonResponse:
    found = problem(status, _code(status), f"{HTTPStatus(status).phrase}.")
    return JsonResponse(found.body, status=status, content_type=CONTENT_TYPE)


def _code(status: int) -> str:
    return HTTPStatus(status).phrase.lower().replace(" ", "_")
