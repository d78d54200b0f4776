"""Which services have fetched which keys, so that a rotation need not be blind.

A service names itself in `X-Service-Name`, or by the product in its `User-Agent`
(RFC 9110 10.1.5). At most MOST names are kept and each is written once a minute, so
that strangers who fetch a public document cannot fill a table or keep it busy.
"""

from __future__ import annotations

import re
import time
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

import structlog
from django.db import DatabaseError, InterfaceError
from django.utils import timezone

from accounts.tokens.models import KeyReader

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from django.http import HttpRequest

log = structlog.get_logger(__name__)
MOST = 200
ONCE_IN = 60  # seconds, for each name
NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
#: What people look at the document with: no services.
PEOPLES = frozenset({"Mozilla", "Opera", "curl", "Wget"})
#: A service that was last seen longer ago has gone, as far as a rotation cares; its
#: place may be given to another.
GONE_AFTER = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Behind:
    """A service that has not fetched a key."""

    name: str
    fetched_at: datetime


class Notebook:
    """What this process has written lately, so that it asks the table seldom."""

    def __init__(self) -> None:
        self._written: dict[str, float] = {}

    def clear(self) -> None:
        """Forget it."""
        self._written.clear()

    def is_due(self, name: str) -> bool:
        """Whether this name may be written now; then it counts as written."""
        now = time.monotonic()
        if now - self._written.get(name, float("-inf")) < ONCE_IN:
            return False
        if len(self._written) >= 2 * MOST:
            oldest = now - ONCE_IN
            kept = {one: at for one, at in self._written.items() if at > oldest}
            self._written = kept
            if len(kept) >= 2 * MOST:
                return False  # a flood of names: the true ones come again
        self._written[name] = now
        return True


notebook = Notebook()


def name_of(request: HttpRequest) -> str:
    """The name that a service gives itself; empty when it gives none."""
    given = request.headers.get("X-Service-Name", "").strip()
    if not given:
        given = request.headers.get("User-Agent", "").split("/")[0].split(" ")[0]
    known = NAME.fullmatch(given) and given not in PEOPLES
    return given if known else ""


def remember(request: HttpRequest, kids: Iterable[str]) -> None:
    """Note that whoever asks has been given these keys. Never fails the answer."""
    name = name_of(request)
    if request.method != "GET" or not name or not notebook.is_due(name):
        return
    try:
        _write(name, sorted(kids))
    except (DatabaseError, InterfaceError) as error:
        log.warning("key_reader_unwritten", error=type(error).__name__)


def _write(name: str, kids: list[str]) -> None:
    now = timezone.now()
    due = now - timedelta(seconds=ONCE_IN)
    known = KeyReader.objects.filter(name=name)
    if known.filter(fetched_at__lte=due).update(kids=kids, fetched_at=now):
        return
    if known.exists():
        return  # another process has written it within the minute
    if KeyReader.objects.count() >= MOST and not _make_room(now):
        log.warning("key_readers_full", most=MOST)
        return
    values = {"kids": kids, "fetched_at": now}
    KeyReader.objects.get_or_create(name=name, defaults=values)
    if KeyReader.objects.count() > MOST:  # several came in through the same gap
        known.delete()


def _make_room(now: datetime) -> bool:
    longest_gone = (
        KeyReader.objects.filter(fetched_at__lt=now - GONE_AFTER)
        .order_by("fetched_at")
        .values_list("pk", flat=True)[:1]
    )
    return KeyReader.objects.filter(pk__in=list(longest_gone)).delete()[0] > 0


def behind(kid: str) -> list[Behind]:
    """The services seen within a day that have not been given this key."""
    lately = timezone.now() - GONE_AFTER
    rows = KeyReader.objects.filter(fetched_at__gte=lately).order_by("name")
    return [Behind(row.name, row.fetched_at) for row in rows if kid not in row.kids]


def is_full() -> bool:
    """Whether names are left out because there are too many."""
    return KeyReader.objects.count() >= MOST


def readers() -> int:
    """How many services were seen within a day."""
    lately = timezone.now() - GONE_AFTER
    return KeyReader.objects.filter(fetched_at__gte=lately).count()
