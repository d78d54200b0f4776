"""Every scene, visited once: axe and the frame, light and dark, 320 and 1280 wide."""

from __future__ import annotations

from collections import Counter
from urllib.parse import urlsplit

import pytest

from tests.browser.checks import (
    FRAME,
    LOOKS,
    OF_COLOUR,
    RULES,
    check,
    look,
    violations,
)
from tests.counts import LONG
from tests.scenes.stage import stage
from tests.scenes.table import SCENES


@pytest.fixture(scope="module")
def scenes():
    with stage("authsite_scenes") as found:
        yield found


@pytest.fixture(scope="module")
def titles():
    """Of the scenes that were played: {title: {path: name}}."""
    return {}


@pytest.fixture(scope="module")
def tab(browser_process):
    """One tab for all: each scene brings its own cookies."""
    context = browser_process.new_context(locale="en-GB", reduced_motion="reduce")
    context.set_default_timeout(10_000)
    page = context.new_page()
    yield page
    context.close()


@pytest.mark.parametrize("scene", SCENES, ids=[scene.name for scene in SCENES])
def test_a_scene(tab, scenes, titles, scene):
    look(tab, *LOOKS[0])
    scenes.enter(tab, scene)
    if scene.ours:
        page = scene.name.partition(",")[0]
        titles.setdefault(tab.title(), {})[urlsplit(tab.url).path] = page
    found = []
    # With full counts in all four; else in two that hold each width and each scheme.
    for one in LOOKS if LONG else (LOOKS[0], LOOKS[-1]):
        look(tab, *one)
        if not scene.why_not:
            rules = RULES if one[1] == "light" else OF_COLOUR
            found += [(one, problem) for problem in violations(tab, rules)]
        if scene.ours:
            found += [(one, problem) for problem in tab.evaluate(FRAME)]
    assert found == []


def test_names_are_told_apart():
    assert [name for name, n in Counter(s.slug for s in SCENES).items() if n > 1] == []
    assert all(": " in scene.name for scene in SCENES)


def test_titles_are_told_apart(titles):
    """One title belongs to one address, or to what has one name before the comma."""
    assert {
        t: pages for t, pages in titles.items() if len(set(pages.values())) > 1
    } == {}


def test_axe_sees_planted_violations(tab, scenes):
    scenes.enter(tab, SCENES[0])
    check(tab, "as it is")
    tab.evaluate("document.querySelector('label').remove()")
    with pytest.raises(AssertionError, match="label"):
        check(tab, "planted")
    tab.emulate_media(color_scheme="dark")
    assert violations(tab, OF_COLOUR) == []
    tab.evaluate("document.querySelector('h1').style.color = '#666'")
    assert [name for name, _ in violations(tab, OF_COLOUR)] == ["color-contrast"]
    tab.evaluate("document.querySelector('.btn').style.minBlockSize = '2rem'")
    tab.evaluate("document.querySelector('main').style.inlineSize = '2000px'")
    found = " ".join(tab.evaluate(FRAME))
    for words in ("no visible label", "under 44 px", "scrolls sideways"):
        assert words in found
