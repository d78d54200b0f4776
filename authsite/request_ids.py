"""Every request gets an ID of ours: in its response, its log lines and its events.

What a client sends as X-Request-ID is kept beside it and never in its place: anybody
could give their events the ID of somebody else's request.
"""

from __future__ import annotations

import re
import uuid
from typing import TYPE_CHECKING, Any

import structlog

if TYPE_CHECKING:
    from collections.abc import Callable

    from django.http import HttpRequest, HttpResponse

HEADER = "X-Request-ID"
#: In the environment: the ID that the server's front gave the request.
KEY = "authsite.request_id"
#: Names of other systems' requests and traces; anything else is dropped.
CLIENT_ID = re.compile(r"[A-Za-z0-9._:/+=@-]{1,64}")


def new_id() -> str:
    """A random UUID (RFC 9562)."""
    return str(uuid.uuid4())


def client_id(request: HttpRequest) -> str:
    """What the client calls its request; "" when it is not a plain name."""
    given: str = request.META.get("HTTP_X_REQUEST_ID", "")
    return given if CLIENT_ID.fullmatch(given) else ""


def bind_ids(request: HttpRequest, **_: Any) -> None:
    """Name the request in its log lines; a receiver too: django-structlog has its own.

    It clears what is bound when a request ends.
    """
    ids = {"request_id": request.META.setdefault(KEY, new_id())}
    if given := client_id(request):
        ids["client_request_id"] = given
    structlog.contextvars.bind_contextvars(**ids)


class RequestIDMiddleware:
    """Outermost, so that no response goes without its ID."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """The response, with the ID."""
        structlog.contextvars.clear_contextvars()
        bind_ids(request)
        try:
            response = self.get_response(request)
        finally:
            structlog.contextvars.clear_contextvars()
        response.headers[HEADER] = request.META[KEY]
        return response
