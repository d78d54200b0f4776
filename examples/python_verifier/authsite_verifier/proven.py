"""Tokens whose form and signature held: not proven twice under the same keys."""

from __future__ import annotations


class Proven:
    """SHA-256 digests and the `kid` of each, in two generations: bounded.

    Threads share it without a lock: each step is one operation on a dict, and what is
    lost in a race is only proven again.
    """

    def __init__(self, room: int = 16_384) -> None:
        self._half = room // 2
        self._young: dict[bytes, str] = {}
        self._old: dict[bytes, str] = {}

    def get(self, digest: bytes) -> str | None:
        """The `kid` of a proven token."""
        kid = self._young.get(digest)
        if kid is None:
            kid = self._old.get(digest)
            if kid is not None:
                self.add(digest, kid)
        return kid

    def add(self, digest: bytes, kid: str) -> None:
        """Remember a proven token."""
        if len(self._young) >= self._half:
            self._old, self._young = self._young, {}
        self._young[digest] = kid
