#!/usr/bin/env python
"""Django's command line for Authsite."""

from __future__ import annotations

import sys

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

from authsite.development import read_for_commands
from authsite.env import use_settings

NEED_NO_SETTINGS = frozenset({"help", "--help", "-h", "version", "--version"})


def main() -> None:
    """Run a management command with Authsite's settings.

    Exits with one line for a bad setting; --traceback shows where it was read.
    """
    use_settings()
    from django.core.management import execute_from_command_line

    try:
        read_for_commands()
        if not NEED_NO_SETTINGS.intersection(sys.argv[1:2]):
            # Django would begin some commands without them, and fail half-way.
            hasattr(settings, "DEBUG")
        execute_from_command_line(sys.argv)
    except ImproperlyConfigured as error:
        if "--traceback" in sys.argv:
            raise
        sys.exit(str(error))


if __name__ == "__main__":
    main()
