"""Documents name tests that exist."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.parametrize("document", ["advisories.md", "ux.md"])
def test_every_test_that_is_named_exists(document):
    named = re.findall(r"`(test_\w+)`", (ROOT / "docs" / document).read_text())
    there = {
        name
        for file in (ROOT / "tests").rglob("test_*.py")
        for name in re.findall(r"^def (test_\w+)", file.read_text(), re.MULTILINE)
    }
    assert len(named) > 40
    assert set(named) - there == set()


def test_each_line_of_what_pages_keep_to_has_a_test():
    lines = re.findall(
        r"^\| (\d+) \| .* \| (.*) \|$", (ROOT / "docs/ux.md").read_text(), re.MULTILINE
    )
    assert [int(number) for number, _ in lines] == list(range(1, 38))
    assert all("`test_" in tests for _, tests in lines)


def test_every_file_and_test_in_the_security_document_exists():
    text = (ROOT / "docs/security.md").read_text()
    file, named = None, 0
    for path, name in re.findall(r"`([\w/]+/test_\w+\.py)?(?:::(test_\w+))?`", text):
        if path:
            file = (ROOT / "tests" / path).read_text()
        if name:
            named += 1
            assert f"def {name}(" in file, (path, name)
    assert named > 20
