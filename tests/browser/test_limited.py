"""After too many tries the page offers a passkey, and it works there and then."""

from __future__ import annotations

import pytest

from tests.browser.checks import PASSWORD, sign_in
from tests.browser.test_accessibility import check
from tests.browser.test_passkeys import Device, add, person


@pytest.mark.parametrize("width", [320, 1280])
def test_a_passkey_lets_one_in_while_passwords_wait(page, site, width):
    page.set_viewport_size({"width": width, "height": 800})
    email = f"limited-{width}@example.org"
    device = Device(page)
    person(page, site, email)
    add(page, site, "Laptop")
    page.get_by_role("button", name="Sign out").click()
    page.wait_for_url(site.url + "/")
    kept = device.take_out()
    for _ in range(6):
        sign_in(page, site, email, "wrong", "/accounts/login/?next=/profile/")
    page.wait_for_selector("h1:has-text('then try again')")
    check(page, "limited")
    assert "wrong" not in page.content()
    device.put_back(kept)
    page.get_by_role("button", name="Sign in with a passkey").click()
    page.wait_for_url("**/profile/")


def test_without_javascript_no_button_is_shown_that_cannot_work(browser_process, site):
    context = browser_process.new_context(java_script_enabled=False)
    page = context.new_page()
    for _ in range(6):
        sign_in(page, site, "limited-plain@example.org", PASSWORD)
    assert page.locator("h1").inner_text().startswith("Wait ")
    assert not page.locator("#passkey_login").is_visible()
    assert page.get_by_role("link", name="Choose a new one").is_visible()
    page.get_by_role("link", name="Back to sign-in").click()
    page.wait_for_url("**/accounts/login/")
    context.close()
