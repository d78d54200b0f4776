"""Every scene, visited once: axe and the frame, light and dark, 320 and 1280 wide.

All of axe's rules at both widths, in light; in dark those of colours alone. With full
counts in dark at both widths, else at one.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from urllib.parse import urlsplit

import pytest

from tests.browser.checks import (
    AXE,
    FRAME,
    LOOKS,
    OF_COLOUR,
    RULES,
    USUAL,
    check,
    look,
    plant,
    violations,
)
from tests.counts import LONG
from tests.scenes.table import SCENES


@pytest.fixture(scope="module")
def titles():
    """Of the scenes that were played, in whatever order: {title: {(path, name)}}."""
    return defaultdict(set)


@pytest.fixture(scope="module")
def tab(browser_process):
    """One tab for all: each scene brings its own cookies."""
    context = browser_process.new_context(locale="en-GB", reduced_motion="reduce")
    context.set_default_timeout(10_000)
    page = context.new_page()
    # Chromium keeps it compiled: a tenth of what putting it into each page takes.
    page.add_init_script(AXE)
    yield page
    context.close()


def told_apart(pages):
    """One title belongs to one address, or to what has one name before the comma."""
    return 1 in {len(set(each)) for each in zip(*pages, strict=True)}


@pytest.mark.parametrize("scene", SCENES, ids=[scene.name for scene in SCENES])
def test_a_scene(tab, scenes, titles, scene):
    look(tab, *LOOKS[0])
    scenes.enter(tab, scene)
    if scene.ours:
        pages = titles[tab.title()]
        pages.add((urlsplit(tab.url).path, scene.name.partition(",")[0]))
        assert told_apart(pages)
    found = []
    for one in LOOKS if LONG else USUAL:
        look(tab, *one)
        if not scene.why_not:
            rules = RULES if one[1] == "light" else OF_COLOUR
            found += [(one, problem) for problem in violations(tab, rules)]
        if scene.ours:
            found += [(one, problem) for problem in tab.evaluate(FRAME)]
    assert found == [], found


def test_names_are_told_apart():
    assert [name for name, n in Counter(s.slug for s in SCENES).items() if n > 1] == []
    assert all(": " in scene.name for scene in SCENES)


def test_titles_are_told_apart():
    """That is asked of each scene, against all that were played before it."""
    assert told_apart({("/a/", "a: empty"), ("/a/", "a: refused")})
    assert told_apart({("/a/1/", "links: too old"), ("/b/1/", "links: too old")})
    assert not told_apart({("/a/", "a: empty"), ("/b/", "b: empty")})


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


def test_the_frame_sees_planted_faults(tab, scenes):
    """One after the other; each is told beside those that were there before."""
    scenes.enter(tab, SCENES[0])
    before = tab.evaluate(FRAME)
    assert before == []
    for what, name, value, *words in (
        ("main", "inlineSize", "2000px", "scrolls sideways"),
        (".btn-primary", "minBlockSize", "2rem", "under 44 px"),
        (".input-action", "insetBlock", "8px", "under 44 px"),
        (".check label", "display", "none", "under 24 px", "no visible label"),
        ("label", "className", "vh", "no visible label"),
        ("h1", "className", "error-summary", "is not first", "has not the focus"),
        ("h1", "id", "error-summary", "no error in the title"),
    ):  # fmt: skip
        plant(tab, what, name, value)
        found = tab.evaluate(FRAME)
        told = " ".join(one for one in found if one not in before)
        assert all(word in told for word in words), (what, found)
        before = found
