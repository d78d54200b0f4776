"""The start and stop of one web process (ASGI's lifespan)."""

from __future__ import annotations

import asyncio
import multiprocessing
import signal
from typing import TYPE_CHECKING, Any

from django.conf import settings

from authsite import stalls
from authsite.lifeline import end_with_parent

if TYPE_CHECKING:
    from collections.abc import Callable

    from authsite.streams import Streams


async def run(receive: Any, send: Any, streams: Streams) -> None:
    """Answer the server's news of start and stop; streams end at SIGTERM.

    The news of the stop comes when the last connection has closed, which that of a
    stream without an end never would.
    """
    await receive()
    _end_with_master()
    _chain_signals(asyncio.get_running_loop(), streams.stop)
    await send({"type": "lifespan.startup.complete"})
    limiting = asyncio.create_task(stalls.limit(settings.STALL_SECONDS))
    await receive()
    limiting.cancel()
    await streams.closed()
    await send({"type": "lifespan.shutdown.complete"})


def _end_with_master() -> None:
    master = multiprocessing.parent_process()
    if master is not None and master.pid is not None:
        end_with_parent(master.pid)


def _chain_signals(
    loop: asyncio.AbstractEventLoop, on_stop: Callable[[], None]
) -> None:
    """Call `on_stop` beside what the loop does at a signal, not in place of it."""
    for number in (signal.SIGTERM, signal.SIGINT):
        before = signal.getsignal(number)

        def handle(received: int, frame: Any, before: Any = before) -> None:
            loop.call_soon_threadsafe(on_stop)
            if callable(before):
                before(received, frame)

        signal.signal(number, handle)
        signal.siginterrupt(number, False)  # noqa: FBT003 - takes no keyword
