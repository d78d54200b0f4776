"""Room for large text, long words and long names on a small screen; and on paper."""

from __future__ import annotations

import pytest

from tests.fixtures import Authenticator

PASSWORD = "correct horse battery"
NAME = "Bartholomew Featherstonehaugh-Cholmondeley von und zu Immerwährendhausen"
EMAIL = "a.very.long.address.that.goes.on@an-even-longer-{}-name.example.org"
PLACES = ("/dashboard/", "/profile/", "/accounts/2fa/", "/accounts/sessions/",
          "/accounts/activity/", "/accounts/email/", "/accounts/password/change/",
          "/nothing/")  # fmt: skip
LARGE = """document.addEventListener("DOMContentLoaded", () => {
    const sheet = new CSSStyleSheet();
    sheet.replaceSync("html { font-size: 200% }");
    document.adoptedStyleSheets = [sheet];
});"""
LONGER = """() => {
    const walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    for (let node; (node = walk.nextNode());) {
        node.data = node.data.replace(/\\S+/g,
            word => word + word.slice(0, Math.ceil(word.length * 0.4)));
    }
}"""
WIDE = """() => document.documentElement.scrollWidth
    - document.documentElement.clientWidth"""
THIN = """() => [...document.querySelectorAll("p, dd, dt, h1, h2, a, button, label")]
    .filter(e => e.offsetParent && e.textContent.trim().length > 8
        && !e.closest(".vh, .skip")
        && e.getBoundingClientRect().width
            < 2 * parseFloat(getComputedStyle(e).fontSize))
    .map(e => e.outerHTML.slice(0, 80))"""


def sign_in(page, site, kind):
    email = EMAIL.format(kind)
    site.make_person(email, PASSWORD, name=NAME)
    page.goto(site.url + "/accounts/login/")
    assert page.evaluate(WIDE) <= 0
    page.fill("#id_login", email)
    page.fill("#id_password", PASSWORD)
    page.press("#id_password", "Enter")
    page.wait_for_url("**/dashboard/")


@pytest.mark.parametrize("kind", ["large", "longer"])
def test_nothing_runs_out_of_a_small_screen(page, site, kind):
    page.set_viewport_size({"width": 320, "height": 700})
    if kind == "large":
        page.add_init_script(LARGE)
    sign_in(page, site, kind)
    for place in PLACES:
        page.goto(site.url + place)
        if kind == "longer":
            page.evaluate(LONGER)
        assert page.evaluate(WIDE) <= 0, place
        assert page.evaluate(THIN) == [], place


def test_recovery_codes_are_printed_without_the_rest(page, site):
    sign_in(page, site, "paper")
    page.goto(site.url + "/accounts/2fa/totp/activate/")
    app = Authenticator(page.locator(".secret code").inner_text())
    page.fill("#id_code", app.code())
    page.get_by_role("button", name="Turn on").click()
    page.wait_for_url("**/recovery-codes/")
    page.emulate_media(media="print", color_scheme="dark")
    assert page.locator(".codes").is_visible()
    for part in (".nav", ".top-me", ".btn >> nth=0"):
        assert not page.locator(part).first.is_visible(), part
    ground = "getComputedStyle(document.body).backgroundColor"
    assert page.evaluate(ground) == "rgb(255, 255, 255)"
