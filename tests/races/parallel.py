"""Requests that start together."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor

import httpx


def together(number, call):
    """Run call(client, i) in threads that start together, each on its connection."""
    barrier = threading.Barrier(number)

    def one(i):
        with httpx.Client(timeout=30) as client:
            barrier.wait()
            return call(client, i)

    with ThreadPoolExecutor(number) as pool:
        return list(pool.map(one, range(number)))
