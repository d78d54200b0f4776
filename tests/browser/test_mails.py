"""The HTML of every mail in a real browser: narrow and wide, in light and dark."""

from __future__ import annotations

import pytest
from axe_playwright_python.sync_playwright import Axe

from tests.mails import NOT_ME, all_mails, html_of, make

LOOKS = [(width, scheme) for width in (320, 1280) for scheme in ("light", "dark")]
GROUND = {"light": "rgb(242, 245, 245)", "dark": "rgb(13, 20, 23)"}


@pytest.mark.parametrize("name", all_mails())
def test_every_mail_can_be_read_anywhere(page, name):
    html = html_of(make(name, not_me_url=NOT_ME))
    for width, scheme in LOOKS:
        page.set_viewport_size({"width": width, "height": 800})
        page.emulate_media(color_scheme=scheme)
        page.set_content(html)
        ground = "getComputedStyle(document.body).backgroundColor"
        assert page.evaluate(ground) == GROUND[scheme]
        wide = page.evaluate(
            "document.documentElement.scrollWidth"
            " - document.documentElement.clientWidth"
        )
        assert wide <= 0, (width, scheme)
        rules = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]
        found = Axe().run(page, options={"runOnly": rules})
        assert found.violations_count == 0, found.generate_report()[:3000]
        assert page.locator("h1").count() == 1


def test_a_code_stays_on_one_line_and_is_taken_by_one_press(page):
    page.set_viewport_size({"width": 320, "height": 800})
    page.set_content(html_of(make("account/email/login_code")))
    code = page.locator(".code")
    lines = code.evaluate(
        "e => e.clientHeight / parseFloat(getComputedStyle(e).lineHeight)"
    )
    assert lines < 2.1  # one line and its padding
    assert code.evaluate("e => getComputedStyle(e).userSelect") == "all"


def test_from_right_to_left_a_code_keeps_its_direction(page, settings):
    settings.LANGUAGES = [("en", "English"), ("ar", "Arabic")]
    page.set_content(html_of(make("account/email/login_code", language="ar")))
    direction = "e => getComputedStyle(e).direction"
    assert page.locator("h1").evaluate(direction) == "rtl"
    assert page.locator(".code").evaluate(direction) == "ltr"


def test_buttons_are_large_enough_to_press(page):
    page.set_viewport_size({"width": 320, "height": 800})
    page.set_content(html_of(make("account/email/password_reset_key")))
    assert page.locator(".button").bounding_box()["height"] >= 44
