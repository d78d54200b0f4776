"""The one daemon thread that fetches; it ends with its process and outlives a fork."""

from __future__ import annotations

import asyncio
import concurrent.futures
import contextlib
import logging
import os
import threading
import weakref
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine

log = logging.getLogger(__name__)

STOP = 5.0


class Background:
    """Runs `work` on an event loop of its own.

    Only there can a fetch be ended at a given second, whatever the other side does.
    It starts on `start`, in the process that calls it. A child of a fork has no
    threads but its own: there it counts as not started. `prepare` is called first
    each time, to replace what belonged to the process or the loop before.
    """

    def __init__(
        self,
        prepare: Callable[[], None],
        work: Callable[[], Coroutine[None, None, None]],
    ) -> None:
        self._prepare, self._work = prepare, work
        self._forget()
        after = weakref.WeakMethod(self._forget)

        def in_child() -> None:
            forget = after()
            if forget is not None:
                forget()

        os.register_at_fork(after_in_child=in_child)

    def _forget(self) -> None:
        self._starting = threading.Lock()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread: threading.Thread | None = None
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begin, unless it runs."""
        if self._loop is not None:
            return
        with self._starting:
            if self._loop is None:
                self._prepare()
                ready = threading.Event()
                self._thread = threading.Thread(
                    target=asyncio.run,
                    args=(self._run(ready),),
                    name="authsite-verifier",
                    daemon=True,
                )
                self._thread.start()
                ready.wait(STOP)

    def stop(self) -> None:
        """End it and wait, at most STOP seconds; `start` begins anew."""
        with self._starting:
            loop, task, thread = self._loop, self._task, self._thread
            self._loop = None
            if loop is not None and task is not None and thread is not None:
                loop.call_soon_threadsafe(task.cancel)
                thread.join(STOP)

    def run(self, work: Coroutine[None, None, None], seconds: float) -> bool:
        """Run this there and wait; whether it ended within so many seconds."""
        loop = self._loop
        if loop is None:
            work.close()
            return False
        try:
            asyncio.run_coroutine_threadsafe(work, loop).result(seconds)
        except (TimeoutError, concurrent.futures.CancelledError, RuntimeError):
            return False
        return True

    async def _run(self, ready: threading.Event) -> None:
        loop = asyncio.get_running_loop()
        self._task, self._loop = asyncio.current_task(), loop
        ready.set()
        try:
            with contextlib.suppress(asyncio.CancelledError):  # stop() cancels it
                await self._work()
        finally:  # whatever ended it: the next token begins anew
            if self._loop is loop:
                self._loop = None


async def every(
    seconds: float, work: Callable[[], Coroutine[None, None, None]]
) -> None:
    """Do it again and again, whatever happens."""
    while True:
        try:
            await work()
        except Exception:  # one bad turn must not be the last
            log.exception("A turn of the verifier's background work failed")
        await asyncio.sleep(seconds)
