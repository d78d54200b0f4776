"""Streaming answers: sent while they are made, at the client's pace.

A stream has a thread of its own, and there are at most MAX_STREAMS in a process; one
with an async iterator runs on the event loop instead. It ends with its iterator, when
the client leaves or takes nothing for STALL_SECONDS, and when the server stops. Then
the iterator is closed. One that waits in a thread can only be closed at its next
`yield`, so it should yield every few seconds.
"""

from __future__ import annotations

import asyncio
import contextlib
import threading
import time
from concurrent import futures
from functools import partial
from typing import TYPE_CHECKING, Any

import structlog
from asgiref.sync import sync_to_async
from django.conf import settings
from django.db import connections

from authsite.leases import Lease

if TYPE_CHECKING:
    from collections.abc import Callable
    from contextvars import Context

CLOSE_SECONDS = 5  # that iterators have to close when the server stops

log = structlog.get_logger(__name__)


class Streams:
    """Those of this process: so many at most, and ended together."""

    def __init__(self, most: int) -> None:
        self._free = threading.BoundedSemaphore(most)
        self._open: set[Stream] = set()
        self._threads: set[threading.Thread] = set()
        self._stopping = False

    def take(self) -> bool:
        """Whether there was room for one more: then release() is due. Never waits."""
        return self._free.acquire(blocking=False)

    def release(self) -> None:
        """Make room for another."""
        self._threads.discard(threading.current_thread())
        self._free.release()

    def run(self, work: Callable[[], None]) -> None:
        """Work in a thread of its own until it calls release()."""
        # Not one that the interpreter waits for: an iterator may never come back.
        thread = threading.Thread(target=work, name="stream", daemon=True)
        self._threads.add(thread)
        thread.start()

    def add(self, stream: Stream) -> None:
        """Have it end at the stop of the server."""
        self._open.add(stream)
        if self._stopping:
            stream.end()

    def remove(self, stream: Stream) -> None:
        """It has ended by itself."""
        self._open.discard(stream)

    def stop(self) -> None:
        """End all, and those that come. On the loop."""
        self._stopping = True
        for stream in tuple(self._open):
            stream.end()

    async def closed(self) -> None:
        """Wait for the iterators that were ended to close, CLOSE_SECONDS at most."""
        await asyncio.to_thread(self._join)

    def _join(self) -> None:
        deadline = time.monotonic() + CLOSE_SECONDS
        for thread in tuple(self._threads):
            thread.join(max(0, deadline - time.monotonic()))


class Stream:
    """An answer for whose stream there is room; deliver() is to be called once."""

    def __init__(
        self,
        headers: list[tuple[str, str]],
        response: Any,
        context: Context,
        room: Streams,
    ) -> None:
        """`context` is that of the request: its language, and what logs name."""
        self.status: int = response.status_code
        self.headers, self.response, self.context = headers, response, context
        self.room = room
        self.ended = False
        self._pending: asyncio.Task[Any] | futures.Future[bool] | None = None

    async def deliver(self, receive: Any, send: Any) -> None:
        """Send what comes. A stream that ends before its time is cut off.

        The client sees that something is missing: the last chunk is not sent.
        """
        self._loop, self._send = asyncio.get_running_loop(), send
        self._over: asyncio.Future[bool] = self._loop.create_future()
        leaving = self._loop.create_task(self._watch(receive))
        self.room.add(self)
        try:
            self._start()
            if await self._over:
                await send({"type": "http.response.body", "body": b""})
        finally:
            self.room.remove(self)
            leaving.cancel()

    def end(self) -> None:
        """Stop before its time. On the loop."""
        self.ended = True
        self._finish(complete=False)
        if self._pending is not None:
            self._pending.cancel()

    def _start(self) -> None:
        if self.response.is_async:
            task = self._loop.create_task(self._iterate(), context=self.context)
            self._pending = task
        else:
            self.room.run(partial(self.context.run, self._pump))

    def _finish(self, *, complete: bool) -> None:
        if not self._over.done():
            self._over.set_result(complete)

    async def _watch(self, receive: Any) -> None:
        while (await receive())["type"] != "http.disconnect":
            pass
        self.end()

    async def _offer(self, part: bytes) -> bool:
        """Whether the client took it and more is wanted."""
        if self.ended or not part:
            return not self.ended
        message = {"type": "http.response.body", "body": part, "more_body": True}
        try:
            async with asyncio.timeout(settings.STALL_SECONDS):
                await self._send(message)
        except TimeoutError:
            self.ended = True
            self._finish(complete=False)
        return not self.ended

    # --- an ordinary iterator, in a thread ---

    def _pump(self) -> None:
        complete = False
        try:
            complete = self._send_parts()
        except futures.CancelledError:
            pass
        except Exception:
            log.exception("stream_failed")
        self._close()
        connections.close_all()
        self.room.release()
        with contextlib.suppress(RuntimeError):  # the loop has stopped
            self._loop.call_soon_threadsafe(lambda: self._finish(complete=complete))

    def _send_parts(self) -> bool:
        """Whether that was all of it."""
        lease = Lease()
        for part in self.response:
            lease.give_back()
            if self.ended:
                return False
            self._pending = asyncio.run_coroutine_threadsafe(
                self._offer(part), self._loop
            )
            if not self._pending.result():
                return False
        return True

    def _close(self) -> None:
        try:
            self.response.close()  # its iterator too; sends request_finished
        except Exception:
            log.exception("stream_not_closed")

    # --- an async iterator, on the loop ---

    async def _iterate(self) -> None:
        complete = False
        try:
            async with contextlib.aclosing(aiter(self.response)) as parts:
                async for part in parts:
                    if not await self._offer(part):
                        break
                else:
                    complete = True
        except asyncio.CancelledError:
            pass
        except Exception:
            log.exception("stream_failed")
        await sync_to_async(self._close_async)()
        self.room.release()
        self._finish(complete=complete)

    def _close_async(self) -> None:
        """In the one thread in which async code speaks to the database."""
        self._close()
        Lease().give_back()
