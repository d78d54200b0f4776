"""`manage.py explain_token`: why a token was refused, in one sentence."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

from django.core.management.base import BaseCommand

from accounts.tokens.explain import explain

if TYPE_CHECKING:
    from django.core.management.base import CommandParser


class Command(BaseCommand):
    """Reads the token from standard input, so that no shell keeps it."""

    help = "Say in one sentence why a token is refused, or that it is good."

    def add_arguments(self, parser: CommandParser) -> None:
        """[jti or sid], --audience."""
        parser.add_argument(
            "id",
            nargs="?",
            default="-",
            help="a token's jti or sid; without it a token is read from standard input",
        )
        parser.add_argument(
            "--audience",
            default="",
            help="the service that refused an access token (default: our own API)",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        """Print the sentence. Nothing of the token is printed or kept."""
        text = options["id"]
        if text == "-":
            if sys.stdin.isatty():
                self.stderr.write("Paste the token, then press Enter and Ctrl-D.")
            text = sys.stdin.read()
        self.stdout.write(explain(text, options["audience"]))
