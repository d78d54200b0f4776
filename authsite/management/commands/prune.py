"""`manage.py prune`: forget what has ended, without getting in anybody's way."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from django.core.management.base import BaseCommand

from accounts.audit.repeats import close_all
from accounts.policy.closing import prune_closed
from accounts.policy.email_bounds import prune_bounds
from accounts.policy.prune import prune_ended, prune_sessions
from accounts.policy.removal_due import prune_removals, run_due
from accounts.policy.unconfirmed import prune_unconfirmed
from accounts.tokens.prune import prune_families

if TYPE_CHECKING:
    from django.core.management.base import CommandParser


class Command(BaseCommand):
    """For a daily job: in batches that hold no lock for long."""

    help = (
        "Delete expired sessions, sign-ins by token that ended long ago, and accounts "
        "whose owners closed them."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        """--keep DAYS."""
        parser.add_argument(
            "--keep",
            type=int,
            default=30,
            metavar="DAYS",
            help="how long an ended sign-in can still be explained (default: 30)",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        """Print how many went."""
        sessions = sum(prune_sessions())
        keep = timedelta(days=options["keep"])
        families = sum(prune_families(keep))
        prune_ended(keep)
        prune_bounds()
        close_all()
        told = f"Deleted {sessions} sessions, {families} sign-ins by token"
        closed = sum(prune_closed())
        run_due()
        prune_removals(keep)
        unconfirmed = prune_unconfirmed()
        rest = f", {unconfirmed} unconfirmed sign-ups" if unconfirmed else ""
        self.stdout.write(f"{told}, {closed} closed accounts{rest}.")
