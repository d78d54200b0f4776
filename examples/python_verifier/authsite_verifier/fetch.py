"""One bounded GET: a limit for the whole of it in time and in bytes."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

import httpx


@dataclass(frozen=True, slots=True)
class Answer:
    """What came: `body` is None for 304 (not modified)."""

    body: bytes | None
    headers: httpx.Headers


async def get(
    http: httpx.AsyncClient,
    url: str,
    *,
    seconds: float,
    most: int,
    etag: str | None = None,
) -> Answer:
    """GET a URL. Raises ValueError, TimeoutError or httpx's errors.

    The limit is for the whole: httpx's own is for each read, so that an answer of one
    byte a second would never end. Compressed answers are refused: a small one could
    unfold to anything.
    """
    headers = {"Accept-Encoding": "identity"}
    if etag is not None:
        headers["If-None-Match"] = etag
    async with (
        asyncio.timeout(seconds),
        http.stream("GET", url, headers=headers) as response,
    ):
        if etag is not None and response.status_code == httpx.codes.NOT_MODIFIED:
            return Answer(None, response.headers)
        # No redirects either: what we trust comes from the configured address.
        if response.status_code != httpx.codes.OK:
            msg = f"status {response.status_code}"
            raise ValueError(msg)
        if response.headers.get("content-encoding", "identity") != "identity":
            msg = "compressed"
            raise ValueError(msg)
        body = bytearray()
        async for chunk in response.aiter_bytes():
            body += chunk
            if len(body) > most:
                msg = "too long"
                raise ValueError(msg)
        return Answer(bytes(body), response.headers)
