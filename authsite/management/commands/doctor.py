"""`manage.py doctor`: is the configuration right? Each finding says how to mend."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from django.conf import settings
from django.core import checks
from django.core.cache import cache
from django.core.mail import get_connection
from django.core.management.base import BaseCommand, CommandError
from django.db import connection
from django.db.migrations.executor import MigrationExecutor

from accounts.policy.outbox import oldest_unsent
from accounts.policy.removal_due import overdue
from accounts.tokens.claims import MAX_GROUPS_BYTES
from accounts.tokens.marked_groups import crowded
from accounts.tokens.ring import ring
from authsite.management.commands import _providers

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

#: Mail that waits longer than this, in seconds, means that no worker runs.
OUTBOX_PATIENCE = 120
LOOK_UP = "look this id up in Django's system check reference"


class Trouble(Exception):
    """Something is wrong: what, and the line that mends it."""

    def __init__(self, what: str, mend: str) -> None:
        super().__init__(what)
        self.what, self.mend = what, mend


class Command(BaseCommand):
    """Looks at settings, database, cache, mail, keys and worker; exit 1 on trouble."""

    help = "Check every setting and connection of this configuration."
    requires_system_checks: list[str] = []  # noqa: RUF012 - Django's declaration

    def handle(self, *args: Any, **options: Any) -> None:
        """Print a line for each look. Raises CommandError when one finds trouble."""
        troubles = list(self.look())
        if troubles:
            msg = f"{len(troubles)} to mend"
            raise CommandError(msg)
        self.stdout.write("All is well.")

    def look(self) -> Iterator[str]:
        """Go through LOOKS and the system checks; yields what was wrong."""
        for name, check in {**LOOKS, **_providers.looks()}.items():
            try:
                self.stdout.write(f"ok    {name}: {check()}")
            except (Trouble, _providers.Silent) as trouble:
                yield self.tell(name, trouble.what, trouble.mend)
            except Exception as error:  # noqa: BLE001 - a doctor reports, never dies
                yield self.tell(
                    name, type(error).__name__, MEND.get(name, MEND["provider"])
                )
        for message in checks.run_checks(include_deployment_checks=not settings.DEBUG):
            if message.level >= checks.WARNING:
                yield self.tell(
                    message.id or "check", message.msg, message.hint or LOOK_UP
                )

    def tell(self, name: str, what: str, mend: str) -> str:
        """One finding, with how to mend it."""
        self.stdout.write(f"WRONG {name}: {what}")
        self.stdout.write(f"      mend: {mend}")
        return name


def database() -> str:
    """It answers, and its tables are those of this code."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
    executor = MigrationExecutor(connection)
    if executor.migration_plan(executor.loader.graph.leaf_nodes()):
        what = "migrations are missing"
        raise Trouble(what, "python manage.py migrate")
    return connection.vendor


def shared_cache() -> str:
    """It keeps what it is given."""
    key = f"doctor:{uuid4()}"
    cache.set(key, "1", 10)
    if cache.get(key) != "1":
        what = "it does not keep what it is given"
        raise Trouble(what, MEND["cache"])
    resting = getattr(cache, "is_away", lambda: False)()
    if resting:
        what = "it does not answer; limits count in the database meanwhile"
        raise Trouble(what, MEND["cache"])
    return settings.CACHES["default"]["BACKEND"].rpartition(".")[2]


def mail() -> str:
    """The mail server lets us in."""
    with get_connection(fail_silently=False):
        pass
    return (
        f"{settings.EMAIL_BACKEND.split('.')[-2]}, from {settings.DEFAULT_FROM_EMAIL}"
    )


def outbox() -> str:
    """A worker takes mail out of the outbox."""
    age = oldest_unsent()
    if age > OUTBOX_PATIENCE:
        what = f"a mail has waited for {int(age)} s"
        raise Trouble(what, MEND["worker"])
    return "nothing waits long"


def keys() -> str:
    """The signing key can be decrypted, and signs."""
    began = time.perf_counter()
    found = ring()
    taken = (time.perf_counter() - began) * 1000
    return f"{found.signing.algorithm} {found.signing.kid[:8]}, read in {taken:.0f} ms"


def groups() -> str:
    """Everybody's groups that are marked for tokens fit into one."""
    found = crowded()
    if found:
        what = (
            f"people with more groups for tokens than fit: {found.count}, for example "
            f"{found.example}; their tokens leave out the last by name"
        )
        raise Trouble(what, MEND["groups in tokens"])
    return f"at most {MAX_GROUPS_BYTES} bytes of names for each person"


def removals() -> str:
    """Second steps whose removal is due are removed."""
    late = overdue()
    if late:
        what = f"requests to remove second steps that are overdue: {late}"
        raise Trouble(what, MEND["second steps"])
    return "no removal is overdue"


LOOKS: dict[str, Callable[[], str]] = {
    "database": database,
    "cache": shared_cache,
    "mail": mail,
    "worker": outbox,
    "keys": keys,
    "groups in tokens": groups,
    "second steps": removals,
    "callback URLs": _providers.callback_urls,
}
MEND = {
    "database": "set DATABASE_URL=postgres://user:password@host:5432/name",
    "cache": "set CACHE_URL=redis://host:6379/0 to a Valkey or Redis that answers",
    "mail": "set EMAIL_URL=smtp+tls://user:password@host:587",
    "worker": "start one: python manage.py db_worker (make serve does)",
    "keys": "add the AUTH_SECRET that encrypted it to AUTH_SECRET_FALLBACKS",
    "callback URLs": "set SITE_URL",
    "groups in tokens": "in the admin, unmark groups that no service needs",
    "second steps": "run python manage.py prune daily (make serve needs none)",
    "provider": "see docs/social.md",
}
