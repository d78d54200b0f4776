"""A real Chromium against the real site; every page is watched for violations."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import sync_playwright

from tests.services.browser import ARGUMENTS, chromium

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playwright.sync_api import Browser, Page

#: Messages that Chromium writes for answers that a test provokes.
EXPECTED = ("the server responded with a status of",)


@pytest.fixture(scope="module")
def browser_process() -> Iterator[Browser]:
    """One Chromium for a file. Not longer: Playwright's loop keeps the ORM away."""
    with sync_playwright() as playwright:
        launched = playwright.chromium.launch(
            executable_path=chromium(), args=ARGUMENTS
        )
        yield launched
        launched.close()


@pytest.fixture
def page(browser_process: Browser) -> Iterator[Page]:
    """A fresh profile, in English; fails on console errors and CSP violations."""
    context = browser_process.new_context(locale="en-GB")
    context.set_default_timeout(10_000)
    found = context.new_page()
    complaints: list[str] = []

    def note(kind: str, text: str) -> None:
        if kind in {"error", "warning"} and not any(word in text for word in EXPECTED):
            complaints.append(text)

    found.on("console", lambda message: note(message.type, message.text))
    found.on("pageerror", lambda error: complaints.append(str(error)))
    yield found
    context.close()
    assert complaints == []
