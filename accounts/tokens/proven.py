"""Tokens whose signature held under a ring: remembered by digest, bounded."""

from __future__ import annotations


class ProvenTokens:
    """Two generations of digests; it lives and dies with the ring that proved them."""

    def __init__(self, room: int = 32_768) -> None:
        self.room = room
        self._young: set[bytes] = set()
        self._old: set[bytes] = set()

    def holds(self, digest: bytes) -> bool:
        """Whether this token was proven."""
        if digest in self._young:
            return True
        if digest in self._old:
            self.add(digest)
            return True
        return False

    def add(self, digest: bytes) -> None:
        """Remember a proven token."""
        if len(self._young) >= self.room // 2:
            self._young, self._old = set(), self._young
        self._young.add(digest)
