"""Password hashes within bounds: one a core at a time, a short queue, then "busy"."""

from __future__ import annotations

import os
import threading
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

from django.conf import settings
from django.contrib.auth.hashers import (
    Argon2PasswordHasher,
    PBKDF2PasswordHasher,
    ScryptPasswordHasher,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

_thread = threading.local()


def watch() -> None:
    """Begin to note whether this thread asks for a hash."""
    _thread.hashed = False


def was_used() -> bool:
    """Whether this thread has asked for a hash since watch()."""
    return getattr(_thread, "hashed", False)


#: Work that may wait, in seconds. Beyond it a client has gone before its turn comes.
QUEUE_SECONDS = 1.0


class Busy(Exception):
    """No slot within QUEUE_SECONDS; answer 503 with Retry-After: retry_after."""

    retry_after = 1


class HashSlots:
    """Admits as many hashes as there are cores for this process, refuses the rest.

    The decision is taken before hashing, from the number that wait and the measured
    time of a hash, so that a flood cannot pile up behind clients that have gone.
    """

    def __init__(self, slots: int, seconds: float = 0.02) -> None:
        self.slots = slots
        self.seconds = seconds  # running mean of one hash
        self.inside = 0
        self._lock = threading.Lock()
        self._free = threading.Semaphore(slots)

    @contextmanager
    def take(self) -> Iterator[None]:
        """Hold a slot. Raises Busy when the queue is worth more than a second."""
        _thread.hashed = True
        with self._lock:
            waiting = self.inside - self.slots
            if waiting * self.seconds / self.slots >= QUEUE_SECONDS:
                raise Busy
            self.inside += 1
        try:
            if not self._free.acquire(timeout=2 * QUEUE_SECONDS):
                raise Busy
            try:
                began = time.perf_counter()
                yield
                taken = time.perf_counter() - began
                self.seconds += 0.1 * (min(taken, QUEUE_SECONDS) - self.seconds)
            finally:
                self._free.release()
        finally:
            with self._lock:
                self.inside -= 1


slots = HashSlots(max(1, (os.cpu_count() or 1) // settings.WEB_CONCURRENCY))


class PolicyPasswordHasher(Argon2PasswordHasher):
    """Argon2id at OWASP's parameters: 19 MiB, two passes, one lane."""

    memory_cost = 19_456
    time_cost = 2
    parallelism = 1

    def encode(self, password: str, salt: str) -> str:
        """The hash to store. Raises Busy."""
        with slots.take():
            return super().encode(password, salt)

    def verify(self, password: str, encoded: str) -> bool:
        """Whether this is the password. Raises Busy."""
        with slots.take():
            return super().verify(password, encoded)


# Imported passwords are verified by these once, and then hashed by the one above. Their
# `verify` calls `encode`.


class PolicyPBKDF2Hasher(PBKDF2PasswordHasher):
    """PBKDF2 in a slot."""

    def encode(self, password: str, salt: str, iterations: int | None = None) -> str:
        """The hash. Raises Busy."""
        with slots.take():
            return super().encode(password, salt, iterations)


class PolicyScryptHasher(ScryptPasswordHasher):
    """scrypt in a slot."""

    def encode(
        self,
        password: str,
        salt: str,
        n: int | None = None,
        r: int | None = None,
        p: int | None = None,
    ) -> str:
        """The hash. Raises Busy."""
        with slots.take():
            return super().encode(password, salt, n, r, p)
