#!/usr/bin/env python
"""Django's command line for Authsite."""

from __future__ import annotations

import sys

from django.core.exceptions import ImproperlyConfigured

from authsite.development import read_for_commands
from authsite.env import use_settings


def main() -> None:
    """Run a management command with Authsite's settings.

    Exits with one line for a bad setting; --traceback shows where it was read.
    """
    use_settings()
    from django.core.management import execute_from_command_line

    try:
        read_for_commands()
        execute_from_command_line(sys.argv)
    except ImproperlyConfigured as error:
        if "--traceback" in sys.argv:
            raise
        sys.exit(str(error))


if __name__ == "__main__":
    main()
