"""A site with a brand of its own, and with no way in but a password and a passkey."""

from __future__ import annotations

import os
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import expect

from tests.browser.checks import FRAME, LOOKS, PASSWORD, look, sign_in, violations
from tests.counts import LONG
from tests.services import postgres, server

ACCENT, ACCENT_DARK = "#7a1fa2", "#d9a6f2"
LOGO = (
    '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 96 32">'
    '<rect width="96" height="32" rx="6" fill="#7a1fa2"/></svg>'
)
LIMIT = 3
OUT = ("/", "/accounts/login/", "/accounts/signup/", "/accounts/password/reset/",
       "/nothing/")  # fmt: skip
IN = ("/dashboard/", "/accounts/2fa/", "/accounts/3rdparty/", "/accounts/close/")


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    logo = tmp_path_factory.mktemp("brand") / "logo.svg"
    logo.write_text(LOGO)
    database = postgres.new_database(os.environ["DATABASE_URL"], "authsite_branded")
    with server.site(
        database,
        os.environ["CACHE_URL"],
        workers=1,
        RATE_LIMITS=f"signup={LIMIT}/m/ip",
        BRAND_NAME="Müller & Søn",
        BRAND_ACCENT=ACCENT,
        BRAND_ACCENT_DARK=ACCENT_DARK,
        BRAND_LOGO=str(logo),
        BRAND_SUPPORT_EMAIL="help@example.org",
        BRAND_TERMS_URL="https://example.org/terms",
        BRAND_PRIVACY_URL="https://example.org/privacy",
    ) as found:
        yield found


def is_fine(page):
    """In all four looks; two of them hold each width and each scheme."""
    for width, scheme in LOOKS if LONG else (LOOKS[0], LOOKS[-1]):
        look(page, width, scheme)
        found = violations(page) + page.evaluate(FRAME)
        assert found == [], (page.url, width, scheme)


def test_every_page_wears_it(page, site):
    for path in OUT:
        page.goto(site.url + path)
        is_fine(page)
        assert page.title().endswith(" - Müller & Søn")
        logo = page.locator(".brand img")
        assert logo.evaluate("image => image.complete && image.width") == 96
        for words in ("Terms", "Privacy", "Help"):
            assert page.locator("footer").get_by_text(words).count() == 1, words
    page.goto(site.url + "/accounts/login/")
    assert page.locator(".providers").count() == 0
    assert page.get_by_text("E-mail me a code").count() == 0
    press = page.get_by_role("button", name="Sign in", exact=True)
    look(page, 1280, "light")
    expect(press).to_have_css("background-color", "rgb(122, 31, 162)")
    look(page, 1280, "dark")
    expect(press).to_have_css("background-color", "rgb(217, 166, 242)")


def test_so_do_those_of_a_person(page, site):
    site.make_person("maya@example.org", PASSWORD)
    sign_in(page, site, "maya@example.org")
    for path in IN:
        page.goto(site.url + path)
        assert urlsplit(page.url).path == path
        is_fine(page)


def test_too_many_sign_ups(page, site):
    for number in range(LIMIT + 1):
        page.goto(site.url + "/accounts/signup/")
        page.fill("#id_email", f"new{number}@example.org")
        page.fill("#id_password1", PASSWORD)
        with page.expect_navigation():
            page.press("#id_password1", "Enter")
        page.context.clear_cookies()
    assert page.get_by_text("This try made no account.").count() == 1
    is_fine(page)
