"""Request bodies: read in whole on the event loop, before they may hold a thread.

Small ones stay in memory and have BODY_SECONDS in all. Larger ones, for views that
declare them (accounts/uploads.py), wait in a file, and have to keep up a rate.
"""

from __future__ import annotations

import asyncio
import io
import tempfile
from typing import IO, TYPE_CHECKING, Any

from authsite.bounds import MAX_BODY

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

BODY_SECONDS = 10
RATE = 16 * 1024  # bytes a second that a large body has to keep up on average
#: Each piece costs the server some work whatever its size, so a body may come in this
#: many, and in one more for each PIECE bytes.
PIECES = 1000
PIECE = 256
UPLOADS = 64  # large bodies at once in a process: they take room on the disk

_uploads = asyncio.Semaphore(UPLOADS)


class Late(Exception):
    """The body did not come in time: 408."""


class Gone(Exception):
    """The client left, or the body is not HTTP, or came in too many pieces: 400."""


class Full(Exception):
    """UPLOADS large bodies are on their way already: 503."""


def has_body(environ: dict[str, Any]) -> bool:
    """Whether one is to be read (RFC 9112 6.3)."""
    length = environ.get("CONTENT_LENGTH", "0")
    return length != "0" or "HTTP_TRANSFER_ENCODING" in environ


class Body:
    """The body of one request; close() it when the answer has gone."""

    def __init__(
        self,
        environ: dict[str, Any],
        receive: Callable[[], Awaitable[Any]],
        limit_of: Callable[[str], Awaitable[int]],
    ) -> None:
        """`limit_of` tells how many bytes the view at a path takes, 0 by default.

        It is asked about bodies over MAX_BODY alone.
        """
        self.environ, self.receive, self.limit_of = environ, receive, limit_of
        self.file: IO[bytes] = io.BytesIO()
        self.large = False
        self.size = 0  # bytes so far
        self.limit = MAX_BODY

    async def read(self) -> None:
        """Put it into the environment as `wsgi.input`, with its length.

        Of a body over its limit no more is read than shows that it is: bounds.py
        refuses it. Raises Late, Gone, Full, or OSError when there is no room on disk.
        """
        # Sent twice it is "5,5": the server has seen that they are the same.
        length = int(self.environ.get("CONTENT_LENGTH", "0").partition(",")[0])
        if length > MAX_BODY:
            await self._enlarge(length)
            if length > self.limit:
                return
        if await self._receive_all():
            self.file.seek(0)
            self.environ["wsgi.input"] = self.file
            self.environ["CONTENT_LENGTH"] = str(self.size)

    async def _receive_all(self) -> bool:
        """Whether there was a body; what is over the limit is left where it is."""
        began = asyncio.get_running_loop().time()
        more, pieces = True, 0
        while more and self.size <= self.limit:
            earned = self.size / RATE if self.large else 0
            try:
                async with asyncio.timeout_at(began + BODY_SECONDS + earned):
                    message = await self.receive()
            except TimeoutError:
                raise Late from None
            if message["type"] != "http.request":
                raise Gone
            self.size += len(message["body"])
            pieces += 1
            if pieces > PIECES + self.size // PIECE:
                raise Gone
            if self.size > self.limit and not self.large:
                await self._enlarge(self.size)
            self.file.write(message["body"])
            more = message["more_body"]
        return self.size > 0

    async def _enlarge(self, size: int) -> None:
        """Move to a file if the view takes so much."""
        self.limit = max(MAX_BODY, await self.limit_of(self.environ["PATH_INFO"]))
        if size > self.limit:
            return
        if _uploads.locked():
            raise Full
        await _uploads.acquire()
        self.large = True
        spool = tempfile.TemporaryFile()  # noqa: SIM115 - closed by close()
        self.file.seek(0)
        spool.write(self.file.read())
        self.file = spool

    def close(self) -> None:
        """Give its memory or its room on the disk back."""
        self.file.close()
        if self.large:
            _uploads.release()
