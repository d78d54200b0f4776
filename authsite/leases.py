"""Database connections of a stream's thread: held while used, not while it waits."""

from __future__ import annotations

import time
from typing import Any

from django.db import Error, connections

LOOK_SECONDS = 1.0  # between two looks at a cursor that was open
OPEN_CURSOR = "SELECT 1 FROM pg_cursors WHERE name <> '' LIMIT 1"


class Lease:
    """Gives PostgreSQL's connections back between two parts of a stream.

    Not while a transaction or a server-side cursor is open: `.iterator()` over a table
    keeps its connection until it has come to its end. A SQLite database is a file:
    its connections are not scarce.
    """

    def __init__(self) -> None:
        self._next_look = 0.0

    def give_back(self) -> None:
        """Close what this thread does not need, or return it to its pool."""
        for connection in connections.all(initialized_only=True):
            if connection.connection is None or connection.vendor != "postgresql":
                continue
            if connection.in_atomic_block or not connection.get_autocommit():
                continue
            if not self._has_cursor(connection):
                connection.close()

    def _has_cursor(self, connection: Any) -> bool:
        now = time.monotonic()
        if now < self._next_look:
            return True
        try:
            with connection.cursor() as cursor:
                cursor.execute(OPEN_CURSOR)
                found = cursor.fetchone() is not None
        except Error:
            return False  # it is of no use to anybody
        self._next_look = now + LOOK_SECONDS if found else 0.0
        return found
