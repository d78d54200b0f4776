"""Between ASGI and Django: a request as WSGI sees it, run in a thread."""

from __future__ import annotations

import contextvars
import io
import sys
from functools import lru_cache
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import unquote_to_bytes

from authsite.wsgi import application as django  # first: it sets Django up

# isort: split
from django.core.handlers.wsgi import WSGIRequest
from django.db import close_old_connections
from django.http import FileResponse

from accounts.policy import hashing
from accounts.policy.client_address import one_spelling
from authsite.bounds import MAX_BODY
from authsite.errors import respond
from authsite.head import plain_cookies
from authsite.request_ids import HEADER, KEY
from authsite.streams import Stream

if TYPE_CHECKING:
    from collections.abc import Iterable

    from authsite.streams import Streams

HASHED = "authsite.hashed"  # in the environment: whether a password was hashed
RETRY_SECONDS = 5  # until a stream or a large body may have found its end
FILE_BLOCK = 64 * 1024
BODILESS = frozenset({HTTPStatus.NO_CONTENT, HTTPStatus.NOT_MODIFIED})
#: Headers that say something of a body: not kept when another takes its place.
OF_THE_BODY = ("content-", "accept-ranges", "cache-control", "etag", "last-modified")
COMMON = {
    "SCRIPT_NAME": "",
    "wsgi.version": (1, 0),
    "wsgi.errors": sys.stderr,
    "wsgi.multithread": True,
    "wsgi.multiprocess": True,
    "wsgi.run_once": False,
}


class Answer(NamedTuple):
    """One that is complete."""

    status: int
    headers: list[tuple[str, str]]
    content: bytes


def make_environ(scope: dict[str, Any]) -> dict[str, Any]:
    """The WSGI environment of a request without a body (PEP 3333).

    Headers with an underscore in their name are dropped: X_Forwarded_For would become
    the same variable as X-Forwarded-For, past a proxy that knows only the latter.
    """
    path = scope["raw_path"]
    host, port = scope["server"]
    peer = scope["client"][0]
    environ: dict[str, Any] = {
        **COMMON,
        "REQUEST_METHOD": scope["method"],
        "PATH_INFO": (unquote_to_bytes(path) if b"%" in path else path).decode(
            "latin-1"
        ),
        "QUERY_STRING": scope["query_string"].decode("latin-1"),
        "REMOTE_ADDR": one_spelling(peer) if ":" in peer else peer,
        "SERVER_NAME": f"[{host}]" if ":" in host else host,  # RFC 3875 4.1.14
        "SERVER_PORT": str(port),
        "SERVER_PROTOCOL": f"HTTP/{scope['http_version']}",
        "wsgi.url_scheme": scope["scheme"],
        "wsgi.input": io.BytesIO(),
    }
    for raw_name, raw_value in scope["headers"]:
        key = key_of(raw_name)
        value = raw_value.decode("latin-1")
        if key in environ:
            separator = "; " if key == "HTTP_COOKIE" else ","
            value = f"{environ[key]}{separator}{value}"
        if key:
            environ[key] = value
    if "HTTP_COOKIE" in environ:
        environ["HTTP_COOKIE"] = plain_cookies(environ["HTTP_COOKIE"])
    return environ


@lru_cache(maxsize=256)
def key_of(raw_name: bytes) -> str:
    """What WSGI calls a header; empty for one to be dropped."""
    if b"_" in raw_name:
        return ""
    name = raw_name.decode("latin-1").upper().replace("-", "_")
    return name if name in {"CONTENT_TYPE", "CONTENT_LENGTH"} else f"HTTP_{name}"


def run(environ: dict[str, Any], streams: Streams) -> Answer | Stream:
    """Django's answer: read to its end in this thread, or to be streamed elsewhere."""
    told: list[Any] = []

    def start(status: str, headers: list[tuple[str, str]], *_: Any) -> Any:
        told[:] = [int(status[:3]), headers]

    hashing.watch()
    response: Any = django(environ, start)
    environ[HASHED] = hashing.was_used()
    if response.streaming and not is_short(response):
        return begin(environ, response, told[1], streams)
    return Answer(told[0], told[1], whole(response))


def whole(response: Iterable[bytes]) -> bytes:
    """All of it, and closed."""
    try:
        return b"".join(response)
    finally:
        response.close()  # type: ignore[attr-defined] # every response of Django's has it


def is_short(response: Any) -> bool:
    """Whether it is a file, such as most static ones, that is no more than a page."""
    if not isinstance(response, FileResponse):
        return False
    length = response.headers.get("Content-Length", "")
    return length.isdecimal() and int(length) <= MAX_BODY


def begin(
    environ: dict[str, Any], response: Any, headers: list[Any], streams: Streams
) -> Answer | Stream:
    """The stream, when there is room for one more; else the refusal."""
    status = response.status_code
    if environ["REQUEST_METHOD"] == "HEAD" or status in BODILESS:
        response.close()
        return Answer(status, headers, b"")
    if not streams.take():
        response.close()
        return busy(environ, headers)
    if isinstance(response, FileResponse):
        response.block_size = (
            FILE_BLOCK  # its own 4 KiB would be sixteen times the work
        )
    # What follows runs elsewhere: this thread keeps no connection for it.
    close_old_connections()
    return Stream(headers, response, contextvars.copy_context(), streams)


def busy(environ: dict[str, Any], headers: Iterable[tuple[str, str]] = ()) -> Answer:
    """503 with Retry-After in the shape of the path, with the headers of `headers`."""
    detail = "Too many transfers are under way. Try again in a moment."
    refusal = respond(WSGIRequest(environ), 503, "unavailable", detail, RETRY_SECONDS)
    kept = [
        (name, value)
        for name, value in headers
        if not name.lower().startswith(OF_THE_BODY)
        or name.lower() == "content-security-policy"
    ]
    if not headers and KEY in environ:  # else Django named it
        kept.append((HEADER, environ[KEY]))
    return Answer(503, [*kept, *refusal.items()], refusal.content)
