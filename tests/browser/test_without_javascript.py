"""A whole journey, and what one does about an account, in a browser without scripts."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.browser.checks import PASSWORD, sign_in
from tests.fixtures import Authenticator

CODE = r"^([0-9]{4}-[0-9]{4})\s*$"
LINK = r"(http://localhost\S+/reset/key/\S+)"
UNDO = r"^(http://\S+/accounts/close/undo/\S+)$"


@pytest.fixture
def plain(browser_process):
    context = browser_process.new_context(java_script_enabled=False, locale="en-GB")
    context.set_default_timeout(10_000)
    yield context.new_page()
    context.close()


def test_the_whole_journey_without_javascript(plain, site):
    page, email, new = plain, "plain@example.org", "another horse battery"
    long = "x y" * 33 + "z"
    page.goto(site.url + "/accounts/signup/")
    page.fill("#id_email", email)
    page.fill("#id_password1", long)
    page.click("main form .btn-primary")
    page.wait_for_selector("#id_code")
    page.fill("#id_code", site.mail_to(email, CODE))
    page.click("main form .btn-primary")
    page.wait_for_url("**/dashboard/")
    page.locator(".top-me button").click()
    page.wait_for_url(site.url + "/")
    page.goto(site.url + "/accounts/login/")
    assert page.locator("[hidden]:visible").count() == 0
    page.fill("#id_login", email)
    page.fill("#id_password", "wrong")
    page.click("main form .btn-primary")
    page.wait_for_selector("#error-summary")
    page.fill("#id_password", long)
    page.click("main form .btn-primary")
    page.wait_for_url("**/dashboard/")
    page.locator(".top-me button").click()
    page.goto(site.url + "/accounts/password/reset/")
    page.fill("#id_email", email)
    page.click("main form .btn-primary")
    page.wait_for_url("**/reset/done/")
    page.goto(site.mail_to(email, LINK))
    page.fill("#id_password1", new)
    page.click("main form .btn-primary")
    page.wait_for_url("**/reset/key/done/")
    sign_in(page, site, email, new)
    page.wait_for_url("**/dashboard/")


def test_ones_own_account_without_javascript(plain, site):
    """What one does about an account by oneself, each by its page's main button."""
    page, old, email = plain, "plainly@example.org", "more.plainly@example.org"
    site.make_person(old, PASSWORD)

    def go(path, then, send="main form .btn-primary", **fields):
        if path:
            page.goto(site.url + path)
        for name, value in fields.items():
            page.fill(f"main [name={name}]", value)
        page.locator(send).first.click()
        page.wait_for_url(f"**{then}")

    sign_in(page, site, old)
    go("/accounts/email/", "/accounts/confirm-email/", email=email)
    go("", "/dashboard/", code=site.mail_to(email, CODE))
    page.goto(site.url + "/accounts/email/")
    assert page.locator(".facts").get_by_text(email).is_visible()
    go("/accounts/reauthenticate/?next=/profile/", "/profile/", password=PASSWORD)
    page.goto(site.url + "/accounts/export/")
    with page.expect_download() as started:
        page.click("main form .btn-primary")
    assert email in Path(started.value.path()).read_text(encoding="utf-8")
    page.goto(site.url + "/accounts/2fa/totp/activate/")
    app = Authenticator(page.locator(".secret code").inner_text())
    go("", "/recovery-codes/", code=app.code())
    recovery = page.locator(".codes code").first.inner_text()
    page.locator(".top-me button").click()
    sign_in(page, site, email)
    go("", "/accounts/2fa/trust/", code=app.code(1))
    go("", "/dashboard/")
    go("/accounts/close/", "/close/done/", send="main form .btn-danger")
    page.goto(site.mail_to(email, UNDO))
    go("", "/accounts/login/")
    sign_in(page, site, email)
    go("", "/accounts/2fa/trust/", code=recovery)
    go("", "/dashboard/")
    page.goto(site.url + "/accounts/activity/")
    page.locator("main a[href*='/not-me/']").first.click()
    go("", "/not-me/done/", send="main form .btn-danger")
    page.goto(site.url + "/dashboard/")
    assert "/accounts/login/" in page.url
