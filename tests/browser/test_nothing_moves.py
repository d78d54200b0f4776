"""What the script of passkeys shows or takes away moves nothing, however late it comes.

Late on purpose: in time, it may or may not be there before the first paint.
"""

from __future__ import annotations

import time

import pytest
from playwright.sync_api import expect

from tests.browser.checks import look
from tests.scenes.table import SCENES
from tests.services.wire import WATCH_SHIFTS

LATE = 0.4  # seconds; a page is painted long before
SETTLED = 150  # ms; what a script has moved is told with the next frames
PARTS = "[data-needs-passkeys], [data-without-passkeys]"
#: Each page that has such parts, in its plain state.
NAMES = {
    "sign in: empty",
    "sign up: by passkey",
    "sign up: make the passkey",
    "second step: app or key",
    "second step: key alone",
    "passkeys: add",
    "proof: key",
}


def late(route):
    time.sleep(LATE)
    route.continue_()


@pytest.mark.parametrize("name", sorted(NAMES))
def test_a_script_that_comes_late_moves_nothing(page, scenes, name):
    page.add_init_script(WATCH_SHIFTS)
    (scene,) = (one for one in SCENES if one.name == name)
    scenes.enter(page, scene)
    assert page.locator(PARTS).count()
    page.route("**/passkeys.*.js", late)
    for width in (320, 1280):
        look(page, width, "light")
        page.reload()
        page.wait_for_timeout(SETTLED)
        assert page.evaluate("window.shifts") == [], width


def test_a_browser_without_passkeys_is_told_so(page, site):
    page.add_init_script("delete window.PublicKeyCredential")
    page.goto(site.url + "/accounts/signup/passkey/")
    expect(page.get_by_text("Passkeys need JavaScript")).to_be_visible()


def test_one_with_them_is_never_told_otherwise(page, site):
    held = []

    def hold(route):
        held.append(route)

    page.route("**/passkeys.*.js", hold)
    with page.expect_request("**/passkeys.*.js"):
        page.goto(site.url + "/accounts/signup/passkey/", wait_until="commit")
    notice = page.locator("[data-without-passkeys]")
    notice.wait_for(state="attached")
    assert not notice.is_visible()
    held[0].continue_()
    page.wait_for_load_state("load")
    assert not notice.is_visible()
