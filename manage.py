#!/usr/bin/env python
"""Django's command line for Authsite."""

from __future__ import annotations

import sys

from authsite.env import use_settings


def main() -> None:
    """Run a management command with Authsite's settings."""
    use_settings()
    from django.core.management import execute_from_command_line

    execute_from_command_line(sys.argv)


if __name__ == "__main__":
    main()
