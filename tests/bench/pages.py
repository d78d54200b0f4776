"""What pages cost a browser that has kept nothing: bytes, and time until they are seen.

LCP (largest contentful paint) on this machine, without a network between: it tells what
the server and the page themselves take of the second that they have.
"""

from __future__ import annotations

import os
import statistics
import sys

from playwright.sync_api import sync_playwright

from tests.services import postgres, server
from tests.services.browser import ARGUMENTS, chromium
from tests.services.wire import LARGEST, LARGEST_MS, Wire

LOADS = 10
LIMIT_KB = 30
EMAIL, PASSWORD = "pages@example.org", "correct horse battery"
PAGES = {"sign-in page": "/accounts/login/", "dashboard": "/dashboard/"}


def cold(browser, site, path):
    """One load in a fresh profile, signed in where that is wanted; bytes and ms."""
    context = browser.new_context(locale="en-GB")
    page = context.new_page()
    if path == "/dashboard/":
        page.goto(f"{site.url}/accounts/login/")
        page.fill("#id_login", EMAIL)
        page.fill("#id_password", PASSWORD)
        page.press("#id_password", "Enter")
        page.wait_for_url("**/dashboard/")
    came = Wire(page).load(site.url + path)
    seen = page.evaluate(LARGEST)
    context.close()
    return sum(came.values()), seen


def main() -> None:
    """Print two lines."""
    database = postgres.new_database(os.environ["DATABASE_URL"], "authsite_pages")
    limits = "login=1000/m/ip;login_failed=1000/m/ip"
    with (
        server.site(database, os.environ["CACHE_URL"], RATE_LIMITS=limits) as site,
        sync_playwright() as playwright,
    ):
        site.make_person(EMAIL, PASSWORD, name="Maya Lindqvist")
        browser = playwright.chromium.launch(executable_path=chromium(), args=ARGUMENTS)
        for name, path in PAGES.items():
            loads = [cold(browser, site, path) for _ in range(LOADS)]
            size = max(load[0] for load in loads) / 1024
            seen = statistics.median(load[1] for load in loads)
            sys.stdout.write(
                f"{name:24}{size:9.1f} KB of {LIMIT_KB}  LCP, nothing kept: "
                f"median {seen:6.0f} ms of {LARGEST_MS}\n"
            )
        browser.close()


if __name__ == "__main__":
    import tests.services.environment  # noqa: F401 - sets the environment up

    main()
