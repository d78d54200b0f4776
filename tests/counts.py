"""How often: reduced counts in `make test`, the full ones in `make test-long`."""

from __future__ import annotations

import os

LONG = bool(os.environ.get("AUTHSITE_TEST_LONG"))


def count(usual: int, full: int) -> int:
    """The number for this run."""
    return full if LONG else usual
