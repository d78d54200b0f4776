"""Pages in languages that nobody speaks: longer words, and from right to left.

Each scene in one of them; with full counts every one in both.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.browser.checks import CLIPPED, plant
from tests.counts import LONG
from tests.scenes.table import SCENES

FITS = (Path(__file__).parent / "fits.js").read_text("utf-8")
#: Words of people, brands and machines; languages in their own words.
NOT_OURS = (
    ".mail, article h2, article .vh, bdi, time, code, samp, .brand, .avatar, "
    "[lang]:not(html), option[value]"
)
#: What was said to the people of the scenes when they were made, by requests in
#: English: it is on the page that one sees first.
SAID_BEFORE = ".notice[role=status]"
OURS = [scene for scene in SCENES if scene.ours]
LONGER, HEBREW = (OURS, OURS) if LONG else (OURS[::2], OURS[1::2])


@pytest.fixture(scope="module")
def scenes(pseudo_scenes):
    return pseudo_scenes


def tab_in(browser_process, language):
    context = browser_process.new_context(
        viewport={"width": 320, "height": 800},
        reduced_motion="reduce",
        extra_http_headers={"Accept-Language": language},
    )
    context.set_default_timeout(10_000)
    yield context.new_page()
    context.close()


@pytest.fixture(scope="module")
def longer(browser_process):
    """A tab whose pages are in words that are 40 % longer."""
    yield from tab_in(browser_process, "xx")


@pytest.fixture(scope="module")
def hebrew(browser_process):
    """A tab whose pages are read from right to left."""
    yield from tab_in(browser_process, "he")


def named(scenes):
    return {"argvalues": scenes, "ids": [scene.name for scene in scenes]}


def faults(page, language, direction, scene):
    """What is cut off, outside, over other things or not translated."""
    not_ours = NOT_OURS if scene.act else f"{NOT_OURS}, {SAID_BEFORE}"
    cut = [f"cut off: {one}" for one in page.evaluate(CLIPPED)]
    return cut + page.evaluate(FITS, [language, direction, not_ours])


@pytest.mark.parametrize("scene", **named(LONGER))
def test_words_that_are_longer(longer, scenes, scene):
    scenes.enter(longer, scene, "xx")
    assert faults(longer, "xx", "ltr", scene) == []


@pytest.mark.parametrize("scene", **named(HEBREW))
def test_from_right_to_left(hebrew, scenes, scene):
    scenes.enter(hebrew, scene, "he")
    assert faults(hebrew, "he", "rtl", scene) == []


def test_each_scene_is_in_one_of_them():
    assert {scene.name for scene in (*LONGER, *HEBREW)} == {s.name for s in OURS}


def test_what_would_be_seen(longer, scenes):
    """One fault after the other; each is told beside those that were there before."""
    plain = next(scene for scene in OURS if scene.name == "sign in: empty")
    acted = next(scene for scene in OURS if scene.name == "sign in: refused")
    scenes.enter(longer, plain, "xx")
    before = faults(longer, "xx", "ltr", plain)
    assert before == []
    for what, name, value, words in (
        ("html", "lang", "en", "in en, ltr"),
        ("title", "textContent", "Here", "not translated: Here"),
        ("h1", "title", "A word", "not translated: A word"),
        ("h1", "ariaLabel", "Another", "not translated: Another"),
        (".input-action", "data-hide-word", "Hide", "not translated: Hide"),
        ("h1", "innerHTML", "<img alt='Seen'> Said", "not translated: Seen"),
        (".card-head", "overflow", "hidden", None),
        ("h1", "inlineSize", "120%", 'cut off: <div class="card-head'),
        ("h1", "translate", "90vw", "outside: <h1"),
        (".input-action", "insetInlineEnd", "3rem", "over the text: <input"),
        ("#id_password", "direction", "rtl", "right to left: <input"),
    ):
        plant(longer, what, name, value)
        found = faults(longer, "xx", "ltr", plain)
        told = [one for one in found if one not in before]
        assert any(words and one.startswith(words) for one in told) or not words, found
        before = found
    assert "not translated: Said" in before
    # what was said at a press is said in the page's language
    plant(longer, "h1", "className", "notice")
    plant(longer, "h1", "role", "status")
    assert "not translated: Said" not in faults(longer, "xx", "ltr", plain)
    assert "not translated: Said" in faults(longer, "xx", "ltr", acted)
