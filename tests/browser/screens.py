"""Pictures for the README: python -m tests.browser.screens docs/images."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from playwright.sync_api import sync_playwright

import tests.services.environment  # noqa: F401 - sets the environment up
from tests.services import postgres, server
from tests.services.browser import ARGUMENTS, chromium

EMAIL, PASSWORD = "maya@example.org", "correct horse battery"
SIZE = {"width": 1120, "height": 700}


def main(folder: Path) -> None:
    """Sign-in and overview, light and dark."""
    database = postgres.new_database(os.environ["DATABASE_URL"], "authsite_screens")
    with (
        server.site(database, os.environ["CACHE_URL"], workers=1) as site,
        sync_playwright() as playwright,
    ):
        site.make_person(EMAIL, PASSWORD, name="Maya Lindqvist")
        browser = playwright.chromium.launch(executable_path=chromium(), args=ARGUMENTS)
        for scheme in ("light", "dark"):
            context = browser.new_context(
                viewport=SIZE,
                color_scheme=scheme,
                locale="en-GB",
                user_agent="Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) "
                "AppleWebKit/537.36 Chrome/156.0.0.0 Safari/537.36",
            )
            page = context.new_page()
            page.goto(f"{site.url}/accounts/login/")
            page.screenshot(path=folder / f"sign-in-{scheme}.png")
            page.fill("#id_login", EMAIL)
            page.fill("#id_password", PASSWORD)
            page.press("#id_password", "Enter")
            page.wait_for_url("**/dashboard/")
            page.screenshot(path=folder / f"overview-{scheme}.png")
            context.close()
        browser.close()


if __name__ == "__main__":
    main(Path(sys.argv[1]))
