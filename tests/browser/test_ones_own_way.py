"""People's own way: zoom, spacing, forced colours, keyboard, paste, Back."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.browser.checks import CLIPPED, PASSWORD, sign_in
from tests.scenes.table import SCENES

NAMES = (
    "sign in: refused", "sign up: empty", "second step: app", "security: all on",
    "dashboard: filled, long names", "e-mail: waiting", "devices: many",
    "app: set up", "error: 404",
)  # fmt: skip
KEY = [scene for scene in SCENES if scene.name in NAMES]
#: WCAG 2.2, 1.4.12.
SPACED = """* { line-height: 1.5 !important; letter-spacing: .12em !important;
  word-spacing: .16em !important } p { margin-block-end: 2em !important }"""
SIDEWAYS = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
FORCED = (Path(__file__).parent / "forced.js").read_text("utf-8")


def test_the_scenes_are_there():
    assert {scene.name for scene in KEY} == set(NAMES)


@pytest.mark.parametrize("scene", KEY, ids=[scene.name for scene in KEY])
def test_zoom_spacing_and_forced_colours(page, scenes, scene):
    page.set_viewport_size({"width": 320, "height": 256})  # 1280 wide at 400 %
    scenes.enter(page, scene)
    assert page.evaluate(SIDEWAYS) <= 0
    page.evaluate(
        "text => { const sheet = new CSSStyleSheet(); sheet.replaceSync(text);"
        " document.adoptedStyleSheets = [sheet] }",
        SPACED,
    )
    assert page.evaluate(SIDEWAYS) <= 0
    assert page.evaluate(CLIPPED) == []
    page.evaluate("document.adoptedStyleSheets = []")
    for scheme in ("light", "dark"):
        page.emulate_media(
            forced_colors="active", color_scheme=scheme, reduced_motion="reduce"
        )
        for _ in range(4):
            assert page.evaluate(FORCED) == [], scheme
            page.keyboard.press("Tab")
    moving = "getComputedStyle(document.querySelector('.btn')).transitionDuration"
    assert page.evaluate(moving) in {"0s", ""}


def test_a_visible_focus_that_nothing_hides(page, scenes):
    page.set_viewport_size({"width": 320, "height": 256})
    for path in ("/accounts/login/", "/accounts/signup/"):
        page.goto(scenes.url + path)
        for _ in range(12):
            page.keyboard.press("Tab")
            shown = page.evaluate(
                """() => { const e = document.activeElement,
                  r = e.getBoundingClientRect(), s = getComputedStyle(e);
                  return e === document.body || (parseFloat(s.outlineWidth) >= 2
                    && s.outlineStyle !== "none"
                    && r.bottom > 0 && r.top < innerHeight) }"""
            )
            assert shown


@pytest.mark.parametrize(
    ("path", "field", "text"),
    [
        ("/accounts/login/", "#id_password", "p" * 100),
        ("/accounts/signup/", "#id_password1", "correct horse " * 7 + "xy"),
    ],
)
def test_paste_and_drop(page, scenes, path, field, text):
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.goto(scenes.url + path)
    page.evaluate("text => navigator.clipboard.writeText(text)", text)
    page.focus(field)
    page.keyboard.press("Control+V")
    assert page.input_value(field) == text
    let = """([field, kind]) => { const e = document.querySelector(field);
      const event = kind === "paste"
        ? new ClipboardEvent(kind, { bubbles: true, cancelable: true })
        : new DragEvent(kind, { bubbles: true, cancelable: true });
      return e.dispatchEvent(event) }"""
    for kind in ("paste", "drop", "dragover"):
        assert page.evaluate(let, [field, kind]), f"{kind} is prevented"


def test_a_pasted_code_keeps_its_spaces_until_it_is_sent(page, scenes):
    scene = next(scene for scene in SCENES if scene.name == "second step: app")
    scenes.enter(page, scene)
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.evaluate("navigator.clipboard.writeText('12 34 56 78 90 12')")
    page.focus("#id_code")
    page.keyboard.press("Control+V")
    assert page.input_value("#id_code") == "12 34 56 78 90 12"


def test_no_private_page_after_signing_out(page, site):
    email = "gone@example.org"
    site.make_person(email, PASSWORD, name="Private Name")
    sign_in(page, site, email)
    page.wait_for_url("**/dashboard/")
    page.goto(site.url + "/accounts/activity/")
    page.goto(site.url + "/profile/")
    with page.expect_response("**/accounts/logout/") as answer:
        page.locator(".top-me button").click()
    assert answer.value.all_headers()["clear-site-data"] == '"cache"'
    page.wait_for_url(site.url + "/")
    for _ in range(3):
        page.go_back()
        assert "/accounts/login/" in page.url or page.url == site.url + "/"
        assert "Private Name" not in page.content()
