"""The signed list of what was revoked: other services poll it, and need not ask us.

A JWT of its own kind. All processes that know the same answer the same bytes: entries
are sorted, `iat` is a step of STEP seconds, and signatures are deterministic.
"""

from __future__ import annotations

import hashlib
import threading
import time
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

from django.conf import settings

from accounts.tokens.backend import sign
from accounts.tokens.keys import SHARED
from accounts.tokens.ring import ring
from accounts.tokens.snapshot import Entries, revoked, window

TYP = "revocations+jwt"
CONTENT_TYPE = "application/jwt"
#: In seconds: how often a list without news is signed anew, and how long one is good.
STEP = 30
LIFETIME = 90


@dataclass(frozen=True, slots=True)
class SignedList:
    """A list as it is sent, and its name for If-None-Match."""

    body: bytes
    etag: str


_lock = threading.Lock()
_last: tuple[Any, SignedList] | None = None


def signed_list() -> SignedList:
    """The list as this process knows it now. Raises snapshot.Stale.

    Claims: `iss`; `iat` and `exp`; `window`, for how many seconds after its time an
    entry matters; `sids` {family: revoked at}; `kids` {signing key: removed at}. Times
    are seconds since the epoch.
    """
    global _last  # noqa: PLW0603 - the one cache of this process
    issued = int(time.time()) // STEP * STEP
    oldest = datetime.fromtimestamp(issued, tz=UTC) - window()
    entries = revoked.entries().after(oldest)
    key = ring().signing_access
    if key.algorithm == SHARED:
        # No removed key can be named for what a shared secret has signed.
        entries = replace(entries, sids=entries.sids | entries.replaced)
    known_by = (issued, key.kid, entries.sids, entries.kids)
    with _lock:
        if _last is None or _last[0] != known_by:
            body = sign(_claims(entries, issued), key, TYP).encode()
            etag = f'"{hashlib.sha256(body).hexdigest()[:32]}"'
            _last = known_by, SignedList(body, etag)
        return _last[1]


def _claims(entries: Entries, issued: int) -> dict[str, Any]:
    def seconds(times: dict[str, datetime]) -> dict[str, int]:
        return {name: int(times[name].timestamp()) for name in sorted(times)}

    return {
        "iss": settings.JWT_ISSUER,
        "iat": issued,
        "exp": issued + LIFETIME,
        "window": int(window().total_seconds()),
        "sids": seconds(entries.sids),
        "kids": seconds(entries.kids),
    }
