"""A real Chromium against the real site; every page is watched for violations."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import sync_playwright

from tests.scenes.stage import Stage, stage
from tests.services.browser import ARGUMENTS, chromium

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page

#: Messages that Chromium writes for answers that a test provokes.
EXPECTED = ("the server responded with a status of",)
#: What pages of any context have complained of since the last test.
complaints: list[str] = []


def watched(context: BrowserContext) -> BrowserContext:
    """The context, with the console and the errors of all of its pages noted."""

    def note(message: ConsoleMessage) -> None:
        loud = message.type in {"error", "warning"}
        if loud and not any(word in message.text for word in EXPECTED):
            complaints.append(message.text)

    context.on("console", note)
    context.on("weberror", lambda error: complaints.append(str(error.error)))
    return context


@pytest.fixture(scope="module")
def browser_process() -> Iterator[Browser]:
    """One Chromium for a file. Not longer: Playwright's loop keeps the ORM away."""
    with sync_playwright() as playwright:
        launched = playwright.chromium.launch(
            executable_path=chromium(), args=ARGUMENTS
        )
        plain = launched.new_context
        launched.new_context = lambda **how: watched(plain(**how))  # type: ignore[method-assign]
        yield launched
        launched.close()


@pytest.fixture(scope="session")
def scenes() -> Iterator[Stage]:
    """The site of the scenes and its people; once, since that takes ten seconds."""
    with stage("authsite_scenes") as found:
        yield found


@pytest.fixture(scope="session")
def pseudo_scenes() -> Iterator[Stage]:
    """The same in languages that nobody speaks."""
    with stage("authsite_pseudo", settings="tests.pseudo.settings") as found:
        yield found


@pytest.fixture(autouse=True)
def nothing_complained() -> Iterator[None]:
    """No console error and no violation of the policy, in whatever context."""
    complaints.clear()
    yield
    assert complaints == []


@pytest.fixture
def page(browser_process: Browser) -> Iterator[Page]:
    """A fresh profile, in English."""
    context = browser_process.new_context(locale="en-GB")
    context.set_default_timeout(10_000)
    yield context.new_page()
    context.close()
