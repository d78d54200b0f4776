"""What was revoked within one access lifetime, as known a second ago.

So that a protected request costs no query: every process asks the database at most
once a second, and the process that revokes knows at once.
"""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, NamedTuple
from uuid import UUID

import structlog
from django.conf import settings
from django.db.models import CharField, Q, Value
from django.db.models.functions import Cast
from django.utils import timezone

from accounts.tokens import ring
from accounts.tokens.commit_order import LATE, Floor
from accounts.tokens.models import Family, SigningKey

if TYPE_CHECKING:
    from collections.abc import Iterable

log = structlog.get_logger(__name__)
#: From this age one request reads anew while the others go on with what is known;
#: from FRESH_SECONDS they wait for it. Under steady load nobody ever waits.
EAGER_SECONDS = 0.75
FRESH_SECONDS = 1.0
STALE_SECONDS = 5.0
#: Added to an access token's life: clocks differ, and a commit comes after its stamp.
OVERLAP = timedelta(seconds=30)
KEY = "a signing key"

Times = dict[str, datetime]


class Stale(Exception):
    """The list is too old to say that a token was not revoked; answer 503."""

    retry_after = 1


@dataclass(frozen=True, slots=True)
class Entries:
    """Names and times: of families by `sid`, of removed signing keys by `kid`.

    `replaced` are families that ended because their key was removed: whoever is told
    of the key needs no line for each of them.
    """

    sids: Times = field(default_factory=dict)
    replaced: Times = field(default_factory=dict)
    kids: Times = field(default_factory=dict)

    def after(self, oldest: datetime) -> Entries:
        """Without what no live token can still depend on."""

        def kept(times: Times) -> Times:
            return {name: at for name, at in times.items() if at > oldest}

        return Entries(kept(self.sids), kept(self.replaced), kept(self.kids))


class Revoked:
    """The list of one process."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self.clear()

    def clear(self) -> None:
        """Forget everything: the next question reads the whole window."""
        self._known = Entries()
        self._read_at = self._tried_at = float("-inf")
        self._forget_place()

    def _forget_place(self) -> None:
        """Read the whole window next, not what is new alone."""
        self._read_to: datetime | None = None
        self._floor: int | None = None
        self._seen: dict[str, int] = {}

    def __contains__(self, sid: str) -> bool:
        """Whether this family is revoked. Raises Stale."""
        known = self.entries()
        return sid in known.sids or sid in known.replaced

    def entries(self) -> Entries:
        """Everything known, read anew when it is time. Raises Stale."""
        self.renew()
        if time.monotonic() - self._read_at > STALE_SECONDS:
            raise Stale
        return self._known

    def renew(self) -> None:
        """Read anew when it is time; whether that went well is entries()' to say."""
        now = time.monotonic()
        age = now - self._read_at
        if age >= EAGER_SECONDS:
            self._renew(now, wait=2 if age >= FRESH_SECONDS else 0)

    def add(self, families: Iterable[UUID], at: datetime) -> None:
        """Tell this process of its own revocations without waiting for the database."""
        with self._lock:
            known = self._known
            sids = {**known.sids, **{str(pk): at for pk in families}}
            self._known = Entries(sids, known.replaced, known.kids)

    def _renew(self, now: float, wait: float) -> None:
        if not self._lock.acquire(timeout=wait):
            return
        try:
            if now - self._tried_at >= EAGER_SECONDS:
                self._tried_at = now
                self._load()
                self._read_at = now  # the time before the query, never after it
        except Exception as error:  # noqa: BLE001 - whatever fails, the age decides
            # Numbers may start again lower on the server that answers next.
            self._forget_place()
            log.warning("revocations_unread", error=type(error).__name__)
        finally:
            self._lock.release()

    def _load(self) -> None:
        now = timezone.now()
        oldest, floor = now - window(), self._floor
        rows = list(_read(oldest, floor))
        # The database went back to an earlier state: a standby or a backup took over.
        if floor is not None and any(row.floor < floor for row in rows):
            floor, rows = None, list(_read(oldest, None))
        news = [row for row in rows if self._is_news(row)]
        found = self._known.after(oldest)
        for row in news:
            self._enter(found, row, now)
        self._known, self._read_to = found, now
        if rows:  # else nothing has a number above the last floor, which holds
            self._floor = rows[0].floor
            self._seen = {row.name: row.tx for row in rows if row.tx >= rows[0].floor}

    def _is_news(self, row: Row) -> bool:
        # While a long transaction holds the floor down, known rows are read again.
        return row.at is not None and self._seen.get(row.name) != row.tx

    def _enter(self, found: Entries, row: Row, now: datetime) -> None:
        at = row.at or now
        if self._read_to and at < self._read_to - LATE:
            at = now  # stamped long before the last read, and visible only since then
        if row.why == KEY:
            if row.name not in found.kids:
                ring.forget()  # it must verify nothing here any more, either
            found.kids[row.name] = at
        elif row.why == Family.Reason.KEY_REPLACED:
            found.replaced[str(UUID(row.name))] = at
        else:
            found.sids[str(UUID(row.name))] = at


def window() -> timedelta:
    """How long a revocation matters: one access token's life, and some for clocks."""
    lifetime: timedelta = settings.JWT_ACCESS_LIFETIME
    return lifetime + OVERLAP


class Row(NamedTuple):
    """A revocation; or, with no `at`, the active key, there for its `floor` alone."""

    name: str
    at: datetime | None
    why: str
    tx: int
    floor: int


def _read(since: datetime, floor: int | None) -> Iterable[Row]:
    """Families and keys in one query, on the index of each.

    What has become visible since `floor` was read; without one what is stamped after
    `since`. The active key's row is always there: a floor comes with each answer.
    """
    if floor is None:
        ended, removed = Q(revoked_at__gt=since), Q(removed_at__gt=since)
    else:
        ended, removed = Q(revoked_tx__gte=floor), Q(removed_tx__gte=floor)
    families = Family.objects.filter(ended).annotate(
        name=Cast("pk", CharField()), floor=Floor()
    )
    keys = SigningKey.objects.filter(
        removed | Q(state=SigningKey.State.ACTIVE)
    ).annotate(why=Value(KEY, output_field=CharField()), floor=Floor())
    told = families.values_list(
        "name", "revoked_at", "revoked_reason", "revoked_tx", "floor"
    ).union(
        keys.values_list("kid", "removed_at", "why", "removed_tx", "floor"), all=True
    )
    return (Row(name, at, why, tx or 0, low) for name, at, why, tx, low in told)


revoked = Revoked()
