"""Second steps in a real browser: the QR code read as a phone reads it, codes kept."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import parse_qs, unquote, urlsplit

import pytest
import zxingcpp

from tests.browser.checks import check, sign_in
from tests.fixtures import Authenticator

PASSWORD = "correct horse battery"
SIZES = [(320, "dark"), (1280, "light")]
#: The picture's pixels in grey, with the white edge that its CSS gives it.
PIXELS = """async image => {
  await image.decode();
  const canvas = document.createElement("canvas");
  const side = canvas.width = canvas.height = 400;
  const paper = canvas.getContext("2d");
  paper.fillStyle = "white"; paper.fillRect(0, 0, side, side);
  paper.drawImage(image, 20, 20, side - 40, side - 40);
  const found = paper.getImageData(0, 0, side, side).data;
  return [...found].filter((_, place) => place % 4 === 0);
}"""


def read_qr(page):
    """What a phone's camera would read."""
    grey = bytes(page.locator("img.qr").evaluate(PIXELS))
    found = zxingcpp.read_barcodes(memoryview(grey).cast("B", shape=[400, 400]))
    assert len(found) == 1
    return found[0].text


def set_up(page, site):
    page.goto(site.url + "/accounts/2fa/totp/activate/")
    uri = read_qr(page)
    secret = parse_qs(urlsplit(uri).query)["secret"][0]
    assert page.locator(".secret code").inner_text() == secret
    assert page.get_by_role("link", name="Open the app").get_attribute("href") == uri
    app = Authenticator(secret)
    page.fill("#id_code", app.code(-1))
    page.get_by_role("button", name="Turn on").click()
    page.wait_for_url("**/recovery-codes/")
    return uri, app


def keep_codes(page):
    """The codes as they are shown; the same must be in the file and the clipboard."""
    codes = page.locator(".codes code").all_inner_texts()
    with page.expect_download() as started:
        page.get_by_role("link", name="Download them").click()
    assert started.value.suggested_filename == "recovery-codes.txt"
    text = Path(started.value.path()).read_text(encoding="utf-8")
    assert [line for line in text.splitlines() if line.isdigit()] == codes
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.get_by_role("button", name="Copy them").click()
    page.get_by_role("button", name="Copied").wait_for()
    assert page.evaluate("navigator.clipboard.readText()").split() == codes
    return codes


@pytest.mark.parametrize(("width", "scheme"), SIZES)
def test_set_up_keep_the_codes_trust_and_come_back(page, site, width, scheme):
    page.set_viewport_size({"width": width, "height": 800})
    page.emulate_media(color_scheme=scheme)
    email = f"steps-{width}@example.org"
    site.make_person(email, PASSWORD)
    sign_in(page, site, email)
    uri, app = set_up(page, site)
    assert unquote(uri).startswith(f"otpauth://totp/{email}?")
    assert len(keep_codes(page)) == 10
    page.get_by_role("link", name="I have saved them").click()
    page.get_by_role("button", name="Sign out").click()
    page.wait_for_url(site.url + "/")
    # with a code, and trust
    sign_in(page, site, email)
    page.wait_for_url("**/2fa/authenticate/")
    page.fill("#id_code", app.code())
    page.press("#id_code", "Enter")
    page.wait_for_url("**/2fa/trust/")
    check(page, "trust")
    page.get_by_role("button", name="Trust this browser for 14 days").click()
    page.wait_for_url("**/dashboard/")
    page.get_by_role("button", name="Sign out").click()
    page.wait_for_url(site.url + "/")
    # without one
    sign_in(page, site, email)
    page.wait_for_url("**/dashboard/")
    # what matters asks for it all the same
    page.goto(site.url + "/accounts/2fa/totp/deactivate/")
    page.wait_for_url("**/2fa/reauthenticate/**")
    page.fill("#id_code", app.code(1))
    page.press("#id_code", "Enter")
    page.wait_for_url("**/totp/deactivate/")
    page.get_by_role("link", name="Cancel").click()
    page.get_by_role("button", name="Forget this browser").click()
    page.wait_for_selector("text=This browser is not trusted any more.")
    page.get_by_role("button", name="Sign out").click()
    page.wait_for_url(site.url + "/")
    sign_in(page, site, email)
    page.wait_for_url("**/2fa/authenticate/")


def test_without_javascript_the_codes_can_be_kept_too(browser_process, site):
    email = "steps-noscript@example.org"
    site.make_person(email, PASSWORD)
    context = browser_process.new_context(java_script_enabled=False)
    page = context.new_page()
    sign_in(page, site, email)
    page.goto(site.url + "/accounts/2fa/totp/activate/")
    app = Authenticator(page.locator(".secret code").inner_text())
    page.fill("#id_code", app.code())
    page.get_by_role("button", name="Turn on").click()
    page.wait_for_url("**/recovery-codes/")
    assert not page.locator("[data-copy]").is_visible()
    with page.expect_download() as started:
        page.get_by_role("link", name="Download them").click()
    text = Path(started.value.path()).read_text(encoding="utf-8")
    assert text.count("\n") > 10
    context.close()
