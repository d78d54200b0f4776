"""Pages in languages that nobody speaks: longer words, and from right to left.

Two scenes of three, each in one of them; with full counts every one in both.
"""

from __future__ import annotations

import pytest

from tests.counts import LONG
from tests.scenes.stage import stage
from tests.scenes.table import SCENES

#: Words of people, brands and machines; languages in their own words; and what was
#: said to the people of the scenes when they were made, by requests in English.
NOT_OURS = (
    ".notice[role=status], .mail, article h2, article .vh, bdi, time, code, samp, "
    ".brand, .avatar, [lang]:not(html), option[value]"
)
#: What stands outside brackets: [text, its element]. Brackets may span elements.
BARE = """(notOurs) => {
  const found = [], walker = document.createTreeWalker(
    document.body, NodeFilter.SHOW_TEXT);
  let depth = 0;
  for (let node; node = walker.nextNode();) {
    const element = node.parentElement;
    if (element.closest("script, style, template")) continue;
    let outside = "";
    for (const letter of node.data) {
      if (letter === "⟦") depth += 1;
      else if (letter === "⟧") depth -= 1;
      else if (depth === 0) outside += letter;
    }
    outside = outside.replace(/\\S+@\\S+|Google|GitHub|UTC/g, "");
    if (/\\p{L}/u.test(outside) && element.checkVisibility()
        && !element.closest(notOurs)) found.push(outside.trim());
  }
  for (const element of document.querySelectorAll("[aria-label], [title]"))
    for (const name of ["aria-label", "title"]) {
      const value = element.getAttribute(name);
      if (value && !value.includes("⟦")) found.push(value);
    }
  return found;
}"""
CLIPPED = """() => [...document.querySelectorAll("body *")].filter(e => {
    const style = getComputedStyle(e);
    return e.checkVisibility() && !e.closest(".vh, svg, select, .skip")
      && (style.overflowX !== "visible" || style.textOverflow === "ellipsis")
      && !["INPUT", "TEXTAREA"].includes(e.tagName)
      && e.scrollWidth > e.clientWidth + 1;
  }).map(e => e.outerHTML.slice(0, 120))"""
BEYOND = """() => [...document.querySelectorAll("body *")].filter(e => {
    const box = e.getBoundingClientRect();
    return e.checkVisibility() && !e.closest(".vh, svg, .skip") && box.width
      && (box.left < -1 || box.right > document.documentElement.clientWidth + 1);
  }).map(e => e.outerHTML.slice(0, 120))"""
#: Buttons that lie on the text of their field.
COVERED = """() => [...document.querySelectorAll(".input-group")].filter(e => {
    const [input, button] = [e.querySelector("input"), e.querySelector("button")];
    if (!button.checkVisibility()) return false;
    const [field, box] = [input, button].map(x => x.getBoundingClientRect());
    const style = getComputedStyle(input);
    return box.left > field.left + parseFloat(style.paddingLeft)
      ? box.left < field.right - parseFloat(style.paddingRight)
      : box.right > field.left + parseFloat(style.paddingLeft);
  }).map(e => e.outerHTML.slice(0, 120))"""
LTR = "input[type=email], input[type=password], input[name=code], code"


OURS = [scene for scene in SCENES if scene.ours]
LONGER, HEBREW = (OURS, OURS) if LONG else (OURS[::3], OURS[1::3])


@pytest.fixture(scope="module")
def scenes():
    with stage("authsite_pseudo", settings="tests.pseudo.settings") as found:
        yield found


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


def fits(page, name):
    assert page.evaluate(
        "document.documentElement.scrollWidth <= document.documentElement.clientWidth"
    ), (name, page.evaluate(BEYOND))
    assert page.evaluate(CLIPPED) == [], name
    assert page.evaluate(COVERED) == [], name
    assert page.evaluate(BEYOND) == [], name


@pytest.mark.parametrize("scene", **named(LONGER))
def test_words_that_are_longer(longer, scenes, scene):
    scenes.enter(longer, scene, words=False)
    assert longer.get_attribute("html", "lang") == "xx"
    assert longer.get_attribute("html", "dir") == "ltr"
    fits(longer, scene.name)
    assert longer.evaluate(BARE, NOT_OURS) == []


@pytest.mark.parametrize("scene", **named(HEBREW))
def test_from_right_to_left(hebrew, scenes, scene):
    scenes.enter(hebrew, scene, words=False)
    assert hebrew.get_attribute("html", "lang") == "he"
    assert hebrew.get_attribute("html", "dir") == "rtl"
    fits(hebrew, scene.name)
    for field in hebrew.locator(LTR).filter(visible=True).all():
        direction = field.evaluate("e => getComputedStyle(e).direction")
        assert direction == "ltr", field.evaluate("e => e.outerHTML")


def test_what_would_be_seen(longer, scenes):
    longer.goto(f"{scenes.url}/accounts/login/")
    longer.evaluate("document.querySelector('h1').textContent = 'Sign in'")
    assert longer.evaluate(BARE, NOT_OURS) == ["Sign in"]
    longer.evaluate("document.querySelector('h1').style.whiteSpace = 'nowrap'")
    longer.evaluate("document.querySelector('h1').textContent = '⟦' + 'w'.repeat(99)")
    with pytest.raises(AssertionError, match="planted"):
        fits(longer, "planted")
