"""The server's front: takes a request in whole before it may hold a thread.

Granian's own WSGI mode hands a thread a body that is still on its way: two dozen
clients that send one byte of it would hold every thread. Here the event loop waits for
bodies, for BODY_SECONDS and up to the size that bounds.py allows; Django's threads see
complete requests only.
"""

from __future__ import annotations

import asyncio
import io
import sys
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

from authsite.wsgi import application as django  # first: it sets Django up

from authsite import head  # isort: skip
from authsite.bounds import MAX_BODY, fits, is_length  # isort: skip

if TYPE_CHECKING:
    from collections.abc import Iterable

BODY_SECONDS = 10
#: Hashes have slots of their own, so these threads wait for the database only.
THREADS = 8
Answer = tuple[int, list[tuple[str, str]], bytes]

threads = ThreadPoolExecutor(THREADS, "request")


async def application(scope: Any, protocol: Any) -> None:
    """One request (RSGI 1.5)."""
    if scope.proto != "http":
        return
    if status := head.refused(scope):
        protocol.response_bytes(status, [("connection", "close")], b"")
        return
    body = b""
    if has_body(scope):
        try:
            async with asyncio.timeout(BODY_SECONDS):
                body = await read_body(protocol)
        except TimeoutError:
            protocol.response_bytes(408, [("connection", "close")], b"")
            return
    environ = make_environ(scope, body)
    loop = asyncio.get_running_loop()
    status, headers, content = await loop.run_in_executor(threads, run, environ)
    protocol.response_bytes(status, headers, content)


def has_body(scope: Any) -> bool:
    """Whether one is to be read; bounds.py refuses a large one by its length alone."""
    length = scope.headers.get("content-length")
    if length is None:
        return scope.headers.get("transfer-encoding") is not None
    return length != "0" and not (is_length(length) and not fits(length))


async def read_body(protocol: Any) -> bytes:
    """The body; of one that is too large only as much as tells that it is."""
    body = bytearray()
    async for chunk in protocol:
        body += chunk
        if len(body) > MAX_BODY:
            break
    return bytes(body)


def make_environ(scope: Any, body: bytes) -> dict[str, Any]:
    """The WSGI environment of a request (PEP 3333).

    Headers with an underscore in their name are dropped: X_Forwarded_For would become
    the same variable as X-Forwarded-For, past a proxy that knows only the latter.
    """
    host, _, port = scope.server.rpartition(":")
    environ: dict[str, Any] = {
        "REQUEST_METHOD": scope.method,
        "SCRIPT_NAME": "",
        "PATH_INFO": scope.path.encode().decode("latin-1"),
        "QUERY_STRING": scope.query_string,
        "REMOTE_ADDR": scope.client.rpartition(":")[0].strip("[]"),
        "SERVER_NAME": host,
        "SERVER_PORT": port,
        "SERVER_PROTOCOL": f"HTTP/{scope.http_version}",
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": scope.scheme,
        "wsgi.input": io.BytesIO(body),
        "wsgi.errors": sys.stderr,
        "wsgi.multithread": True,
        "wsgi.multiprocess": True,
        "wsgi.run_once": False,
    }
    for name in scope.headers.keys():  # noqa: SIM118 - not a dict
        if "_" in name:
            continue
        key = name.upper().replace("-", "_")
        key = key if key in {"CONTENT_TYPE", "CONTENT_LENGTH"} else f"HTTP_{key}"
        separator = "; " if key == "HTTP_COOKIE" else ","
        value = separator.join(scope.headers.get_all(name))
        environ[key] = head.plain_cookies(value) if key == "HTTP_COOKIE" else value
    if body:
        environ["CONTENT_LENGTH"] = str(len(body))
    return environ


def run(environ: dict[str, Any]) -> Answer:
    """Django's answer, read to its end in this thread."""
    told: list[Any] = []

    def start(status: str, headers: list[tuple[str, str]], *_: Any) -> Any:
        told[:] = [int(status[:3]), headers]

    parts: Iterable[bytes] = django(environ, start)
    try:
        content = b"".join(parts)
    finally:
        close = getattr(parts, "close", None)
        if close:
            close()
    return told[0], told[1], content
