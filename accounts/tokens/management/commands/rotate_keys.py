"""`manage.py rotate_keys`: what is due of the rotation of signing keys."""

from __future__ import annotations

from argparse import ArgumentTypeError
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from django.core.management.base import BaseCommand

from accounts.tokens.key_rotation import replace_at_once, rotate

if TYPE_CHECKING:
    from django.core.management.base import CommandParser


def _days(text: str) -> int:
    """A number of days, one at least; `--now` is for at once."""
    if not text.isdecimal() or int(text) < 1:
        msg = "write a number of days, 1 or more; --now is for at once"
        raise ArgumentTypeError(msg)
    return int(text)


class Command(BaseCommand):
    """Safe to run at any time and any number of times."""

    help = "Rotate signing keys: takes the steps that are due, and says them."

    def add_arguments(self, parser: CommandParser) -> None:
        """--every DAYS, --now, --anyway, --emergency."""
        parser.add_argument(
            "--every",
            type=_days,
            default=30,
            metavar="DAYS",
            help="how long a key signs (default: 30)",
        )
        parser.add_argument(
            "--now",
            action="store_true",
            help="let the next key sign as soon as verifiers know it",
        )
        parser.add_argument(
            "--anyway",
            action="store_true",
            help="wait for no service that has not fetched the next key",
        )
        parser.add_argument(
            "--emergency",
            action="store_true",
            help="a key was stolen: replace all of them, ending every sign-in by token",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        """Print a sentence for each step."""
        if options["emergency"]:
            told = replace_at_once()
        else:
            days = 0 if options["now"] else options["every"]
            told = rotate(timedelta(days=days), anyway=options["anyway"])
        self.stdout.write("\n".join(told))
