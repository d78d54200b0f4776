"""Answers that a client may have already: ETag, If-None-Match and 304 in one place."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

from django.http import HttpResponse
from django.utils.http import parse_etags, quote_etag

if TYPE_CHECKING:
    from django.http import HttpRequest
    from rest_framework.request import Request


def etag_of(content: bytes) -> str:
    """A strong ETag for these bytes."""
    return quote_etag(hashlib.sha256(content).hexdigest()[:32])


def answer(
    request: HttpRequest | Request,
    content: bytes,
    content_type: str,
    etag: str = "",
) -> HttpResponse:
    """200 with the content, or 304 when the client names it; both with its ETag.

    If-None-Match is compared weakly (RFC 9110 13.1.2): a proxy that compresses an
    answer makes its ETag a weak one.
    """
    etag = etag or etag_of(content)
    known = parse_etags(request.headers.get("If-None-Match", ""))
    if "*" in known or _opaque(etag) in map(_opaque, known):
        response = HttpResponse(status=304)
        del response.headers["Content-Type"]
    else:
        response = HttpResponse(content, content_type=content_type)
    response.headers["ETag"] = etag
    return response


def _opaque(etag: str) -> str:
    return etag.removeprefix("W/")
