"""One early look at every body: its size, text, depth and numbers. Clear 4xx, no 500.

Libraries further in differ in what they do with 3 MB, JSON nested 2,000 deep, a lone
surrogate or a repeated name; here every entry point answers alike, each in its own
shape. Anyone can send a body, so the work on it grows linearly with its length: no
regular expression is run over a body (tests/security/test_linear_work.py).
"""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING
from urllib.parse import unquote_to_bytes

from accounts import strict_json
from authsite.errors import respond
from authsite.uploads import declared_limit

if TYPE_CHECKING:
    from collections.abc import Callable

    from django.http import HttpRequest, HttpResponse

MAX_BODY = 256 * 1024  # bytes, unless the view declares more (accounts/uploads.py)
#: In the environment of a request: more of its kind wait already than can be served.
BUSY = "authsite.busy"
PAGE_METHODS = frozenset({"GET", "HEAD", "OPTIONS", "POST"})
METHODS = PAGE_METHODS | {"PUT", "PATCH", "DELETE"}
CHARSETS = frozenset({"", "utf-8", "utf8", "us-ascii", "ascii"})
FORMS = frozenset({"application/x-www-form-urlencoded", "multipart/form-data"})
TRANSFER_ENCODING = b"content-transfer-encoding"
PROVIDER_REDIRECT = "/_allauth/browser/v1/auth/provider/redirect"


class Refused(Exception):
    """A body that goes no further."""

    def __init__(self, status: int, code: str, detail: str) -> None:
        super().__init__(detail)
        self.status, self.code, self.detail = status, code, detail

    def mark(self, answer: HttpResponse) -> HttpResponse:
        """The answer with the headers that its status wants (RFC 9110 15.5.6)."""
        if self.status == HTTPStatus.METHOD_NOT_ALLOWED:
            answer.headers["Allow"] = ", ".join(sorted(PAGE_METHODS))
        elif self.status == HTTPStatus.SERVICE_UNAVAILABLE:
            answer.headers["Retry-After"] = "1"
        return answer


class BoundsMiddleware:
    """Refuses what no view of ours could want."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """413, 415 or 400 in the shape of the door; else the next in line."""
        try:
            check(request)
        except Refused as refused:
            return refused.mark(
                respond(request, refused.status, refused.code, refused.detail)
            )
        response = self.get_response(request)
        if response.status_code == HTTPStatus.METHOD_NOT_ALLOWED:
            return _with_a_body(request, response)
        return response


def _with_a_body(request: HttpRequest, refused: HttpResponse) -> HttpResponse:
    """Django's own 405 is empty: a blank page for people."""
    if getattr(refused, "content", b""):
        return refused
    detail = f"The method {request.method} is not allowed here."
    response = respond(request, 405, "method_not_allowed", detail)
    response.headers["Allow"] = refused.headers.get("Allow", "")
    return response


def check(request: HttpRequest) -> None:
    """Raises Refused."""
    if request.META.get(BUSY):
        raise Refused(503, "unavailable", "Too many sign-ins at once. Try again.")
    if "\x00" in request.path_info or "%00" in request.META.get("QUERY_STRING", ""):
        raise Refused(400, "invalid", "The address must not hold NUL.")
    programs = request.path_info.startswith(("/api/", "/_allauth/"))
    if request.method not in (METHODS if programs else PAGE_METHODS):
        raise Refused(405, "method_not_allowed", "This method is not known here.")
    if request.method in {"GET", "HEAD", "OPTIONS"}:
        return
    length = request.META.get("CONTENT_LENGTH") or "0"
    if not is_length(length):
        raise Refused(400, "parse_error", "Content-Length is not a number.")
    limit = MAX_BODY
    if not fits(length):
        limit = max(MAX_BODY, declared_limit(request.path_info))
    if not fits(length, limit):
        raise Refused(413, "payload_too_large", f"The body exceeds {limit} bytes.")
    if length.strip("0"):  # else nothing was sent, whatever its type is said to be
        # A browser is sent on from there, so a form is right there too.
        sent_on = request.path_info == PROVIDER_REDIRECT
        is_form = sent_on and request.content_type in FORMS
        check_body(request, programs=programs and not is_form)


def check_body(request: HttpRequest, *, programs: bool) -> None:
    """Raises Refused. `programs`: where only JSON is spoken."""
    charset = (
        request.content_params.get("charset", "") if request.content_params else ""
    )
    if charset.strip("\"' ").lower() not in CHARSETS:
        raise Refused(415, "unsupported_media_type", "Send UTF-8.")
    if _is_upload(request):
        return
    if request.content_type == "application/json" or programs:
        if request.content_type not in {"application/json", ""}:
            raise Refused(415, "unsupported_media_type", "Send application/json.")
        # allauth answers what is no object with an empty page.
        headless = request.path_info.startswith("/_allauth/")
        check_json(request.body, only_objects=headless)
    elif request.content_type in FORMS:
        check_form(request.body)
        if request.content_type == "multipart/form-data":
            check_parts(request.body, request.content_params or {})


def _is_upload(request: HttpRequest) -> bool:
    """Whether the view takes files: then its parser reads them, from disk."""
    plain = {"application/json", "application/x-www-form-urlencoded", ""}
    if request.content_type in plain:
        return False
    return declared_limit(request.path_info) > 0


def check_form(body: bytes) -> None:
    """Raises Refused for a form whose text is not UTF-8, or holds NUL."""
    try:
        text = unquote_to_bytes(body).decode()
    except UnicodeDecodeError:
        raise Refused(400, "parse_error", "Send UTF-8.") from None
    if "\x00" in text:
        raise Refused(400, "parse_error", "Text must not hold NUL.")


def check_parts(body: bytes, parameters: dict[str, str]) -> None:
    """Raises Refused for a part in a transfer encoding (RFC 7578 4.7 deprecates them).

    Django decodes base64 there, and check_form() cannot see what it holds. Parts and
    headers end where Django's parser ends them, so that text which people type may
    hold any words.
    """
    boundary = parameters.get("boundary", "")
    if not boundary:
        return  # Django refuses it
    for part in body.split(b"--" + boundary.encode()):
        headers, end, _ = part.partition(b"\r\n\r\n")
        if end and TRANSFER_ENCODING in headers.lower():
            detail = "Send parts without Content-Transfer-Encoding."
            raise Refused(400, "parse_error", detail)


def is_length(text: str) -> bool:
    """Whether this is a Content-Length (RFC 9110 8.6): ASCII digits."""
    return text.isascii() and text.isdecimal()


def fits(length: str, limit: int = MAX_BODY) -> bool:
    """Whether a decimal Content-Length is at most the limit, however long it is.

    int() refuses more than 4,300 digits, and takes quadratic time where that limit is
    switched off.
    """
    digits = length.lstrip("0") or "0"
    return len(digits) <= len(str(limit)) and int(digits) <= limit


def check_json(body: bytes, *, only_objects: bool = False) -> None:
    """Raises Refused for JSON that is malformed, deep, ambiguous, or not plain data."""
    if not body.strip():
        return
    try:
        data = strict_json.read(body.decode())
    except strict_json.Invalid as error:
        raise Refused(400, "parse_error", str(error)) from None
    except UnicodeDecodeError:
        raise Refused(400, "parse_error", "The body is not valid JSON.") from None
    if only_objects and type(data) is not dict:
        raise Refused(400, "parse_error", "Send a JSON object.")
