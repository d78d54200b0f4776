"""docs/advisories.md names tests that exist."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def test_every_test_that_is_named_exists():
    named = re.findall(r"`(test_\w+)`", (ROOT / "docs" / "advisories.md").read_text())
    there = {
        name
        for file in (ROOT / "tests").rglob("test_*.py")
        for name in re.findall(r"^def (test_\w+)", file.read_text(), re.MULTILINE)
    }
    files = {file.stem for file in (ROOT / "tests").rglob("test_*.py")}
    assert len(named) > 40
    assert set(named) - there - files == set()
