"""The server's front: an ASGI application that runs Django in threads.

Granian's own WSGI mode hands a thread a body that is still on its way: two dozen
clients that send one byte of it would hold every thread. Here the event loop waits for
bodies (bodies.py), and Django's threads see complete requests only. A streaming answer
gives its thread back, and goes on in a pool of its own (streams.py).

ASGI and not granian's RSGI: its `response_stream` takes whatever it is given into
memory, however slowly the client reads, while ASGI's `send` waits for the client.
"""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any, cast

from authsite.gateway import HASHED, Answer, busy, make_environ, run  # sets Django up

# isort: split
import structlog
from django.conf import settings

from authsite import head, lifespan
from authsite.bodies import Body, Full, Gone, Late, has_body
from authsite.bounds import BUSY
from authsite.lanes import CallLane, HashLane
from authsite.request_ids import HEADER, KEY, new_id
from authsite.streams import Stream, Streams
from authsite.uploads import declared_limit

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    Receive = Callable[[], Awaitable[Any]]
    Send = Callable[[dict[str, Any]], Awaitable[None]]

THREADS = 8
CALL_THREADS = 2  # that may wait for a provider at once
SPARE_THREADS = 2  # that neither those nor a flood of sign-ins take from others

log = structlog.get_logger(__name__)
threads = ThreadPoolExecutor(THREADS, "request")
streams = Streams(settings.MAX_STREAMS)
calls = CallLane(CALL_THREADS)
hashes = HashLane(THREADS - CALL_THREADS - SPARE_THREADS)


async def application(scope: Any, receive: Receive, send: Send) -> None:
    """One request, or the process's start and stop (ASGI 3.0)."""
    if scope["type"] == "lifespan":
        await lifespan.run(receive, send, streams)
        return
    request_id = new_id()
    if status := head.refused(scope):
        await respond(closing(status, request_id), receive, send)
        return
    environ = make_environ(scope)
    environ[KEY] = request_id
    body = Body(environ, receive, limit_of)
    try:
        refusal = await read(body, environ) if has_body(environ) else None
        answer = refusal or await django_answer(environ, receive)
        await respond(answer, receive, send)
    finally:
        body.close()


async def respond(answer: Answer | Stream, receive: Receive, send: Send) -> None:
    """Send it, whole or as it comes."""
    await send(start_message(answer))
    if isinstance(answer, Stream):
        await answer.deliver(receive, send)
    else:
        await send({"type": "http.response.body", "body": answer.content})


async def django_answer(environ: dict[str, Any], receive: Receive) -> Answer | Stream:
    """Run Django in a thread; slow requests leave some free. Raises Gone."""
    lane = next((each for each in (calls, hashes) if each.takes(environ)), None)
    environ[BUSY] = lane is not None and lane.is_full()
    if lane and not environ[BUSY]:
        async with lane.turn(receive):
            return cast("Answer | Stream", await in_thread(run, environ, streams))
    answer = await in_thread(run, environ, streams)
    if environ.get(HASHED):
        hashes.learn(environ)
    return cast("Answer | Stream", answer)


async def read(body: Body, environ: dict[str, Any]) -> Answer | None:
    """Take the body in; the answer when it cannot be."""
    try:
        await body.read()
    except Late:
        return closing(408, environ[KEY])
    except Gone:  # to nobody, or to a client whose request cannot be read
        return closing(400, environ[KEY])
    except (Full, OSError) as error:
        log.warning(
            "body_not_taken", error=type(error).__name__, request_id=environ[KEY]
        )
        return cast("Answer", await in_thread(busy, environ))
    return None


def closing(status: int, request_id: str) -> Answer:
    """An answer without Django, after which the connection is of no more use."""
    return Answer(status, [("Connection", "close"), (HEADER, request_id)], b"")


def start_message(answer: Answer | Stream) -> dict[str, Any]:
    """How ASGI begins an answer."""
    headers = [
        (name.encode("latin-1"), value.encode("latin-1"))
        for name, value in answer.headers
    ]
    return {
        "type": "http.response.start",
        "status": answer.status,
        "headers": headers,
    }


def in_thread(work: Callable[..., Any], *arguments: Any) -> Awaitable[Any]:
    """Do this in one of the threads of requests."""
    loop = asyncio.get_running_loop()
    return loop.run_in_executor(threads, work, *arguments)


async def limit_of(path: str) -> int:
    """The bytes that the view at a path takes; 0 when it does not say."""
    return cast("int", await in_thread(declared_limit, path))
