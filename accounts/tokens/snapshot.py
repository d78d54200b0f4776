"""Which families were revoked within one access lifetime, as known a second ago.

So that a protected request costs no query: every process asks the database at most
once a second, and the process that revokes knows at once.
"""

from __future__ import annotations

import threading
import time
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

import structlog
from django.conf import settings
from django.utils import timezone

from accounts.tokens.models import Family

if TYPE_CHECKING:
    from collections.abc import Iterable
    from uuid import UUID

log = structlog.get_logger(__name__)
#: From this age one request reads anew while the others go on with what is known;
#: from FRESH_SECONDS they wait for it. Under steady load nobody ever waits.
EAGER_SECONDS = 0.75
FRESH_SECONDS = 1.0
STALE_SECONDS = 5.0
#: A commit can come this much after the time that it carries; read that far back.
OVERLAP = timedelta(seconds=30)


class Stale(Exception):
    """The list is too old to say that a token was not revoked; answer 503."""

    retry_after = 1


class Revoked:
    """The list of one process."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self.clear()

    def clear(self) -> None:
        """Forget everything: the next question reads the whole window."""
        self._times: dict[str, datetime] = {}
        self._read_at = self._tried_at = float("-inf")
        self._read_to: datetime | None = None

    def __contains__(self, sid: str) -> bool:
        """Whether this family is revoked. Raises Stale."""
        now = time.monotonic()
        age = now - self._read_at
        if age >= EAGER_SECONDS:
            self._renew(now, wait=2 if age >= FRESH_SECONDS else 0)
            if time.monotonic() - self._read_at > STALE_SECONDS:
                raise Stale
        return sid in self._times

    def add(self, families: Iterable[UUID], at: datetime) -> None:
        """Tell this process of its own revocations without waiting for the database."""
        with self._lock:
            self._times = {**self._times, **{str(pk): at for pk in families}}

    def _renew(self, now: float, wait: float) -> None:
        if not self._lock.acquire(timeout=wait):
            return
        try:
            if now - self._tried_at >= EAGER_SECONDS:
                self._tried_at = now
                self._load()
                self._read_at = now  # the time before the query, never after it
        except Exception as error:  # noqa: BLE001 - whatever fails, the age decides
            log.warning("revocations_unread", error=type(error).__name__)
        finally:
            self._lock.release()

    def _load(self) -> None:
        now = timezone.now()
        # A token lives at most this long, with a margin for clocks that differ.
        oldest = now - settings.JWT_ACCESS_LIFETIME - OVERLAP
        since = max(oldest, self._read_to - OVERLAP) if self._read_to else oldest
        rows = Family.objects.filter(revoked_at__gt=since).values_list(
            "pk", "revoked_at"
        )
        kept = {pk: at for pk, at in self._times.items() if at > oldest}
        self._times = kept | {str(pk): at for pk, at in rows if at}
        self._read_to = now


revoked = Revoked()
