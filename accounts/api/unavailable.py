"""Which errors mean that a part we need does not answer, and which are a bug.

The first are 503 with Retry-After: the same request works in a moment. Anything else
is 500 with a traceback in the log, since trying again would not help.
"""

from __future__ import annotations

import sqlite3
from typing import Any

from django.db import DatabaseError, InterfaceError, OperationalError

from accounts.policy.hashing import Busy
from accounts.tokens.snapshot import Stale

DETAIL = "The service is busy or a part of it does not answer. Try again."
#: PostgreSQL's classes: connection, resources, shutdown or cancelled, I/O.
SQLSTATE_CLASSES = ("08", "53", "57", "58")
#: Serialization failure, deadlock, lock timeout, idle and transaction timeouts.
SQLSTATES = frozenset({"40001", "40P01", "55P03", "25P03", "25P04"})
SQLITE_CODES = frozenset(
    {
        sqlite3.SQLITE_BUSY,
        sqlite3.SQLITE_LOCKED,
        sqlite3.SQLITE_CANTOPEN,
        sqlite3.SQLITE_IOERR,
        sqlite3.SQLITE_FULL,
        sqlite3.SQLITE_NOMEM,
        sqlite3.SQLITE_PROTOCOL,
    }
)
#: By name: redis is only imported where CACHE_URL names a server.
REDIS = frozenset({"redis.exceptions.ConnectionError", "redis.exceptions.TimeoutError"})


def is_unavailable(error: object) -> bool:
    """Whether the same request may work in a moment."""
    if isinstance(error, Busy | Stale):
        return True
    if isinstance(error, DatabaseError | InterfaceError):
        return _is_database_away(error)
    kinds = type(error).__mro__
    return any(f"{kind.__module__}.{kind.__name__}" in REDIS for kind in kinds)


def retry_after(error: object) -> int:
    """Seconds for Retry-After."""
    return int(getattr(error, "retry_after", 1))


def reason(error: object) -> str:
    """For the log: the error's class, and the database's code where there is one."""
    code = _code(getattr(error, "__cause__", None))
    name = type(error).__name__
    return name if code is None else f"{name} {code}"


def _code(cause: Any) -> str | int | None:
    """The driver's code: an SQLSTATE, or SQLite's primary result code."""
    if isinstance(cause, sqlite3.Error):
        found: int | None = getattr(cause, "sqlite_errorcode", None)
        return None if found is None else found & 0xFF
    state: str | None = getattr(cause, "sqlstate", None)
    return state


def _is_database_away(error: Exception) -> bool:
    cause = error.__cause__
    code = _code(cause)
    if isinstance(cause, sqlite3.Error):
        # "No such table" is an OperationalError too, so the class says nothing.
        return code in SQLITE_CODES
    if isinstance(code, str):
        return code.startswith(SQLSTATE_CLASSES) or code in SQLSTATES
    # No code: the server was not reached, the connection broke, or the pool is empty.
    return isinstance(error, OperationalError | InterfaceError)
