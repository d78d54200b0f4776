"""Pages in languages that nobody speaks: longer words, and from right to left."""

from __future__ import annotations

import pytest

from tests.browser.test_accessibility import OPEN, PASSWORD, PRIVATE, sign_in

#: Words of people, brands and machines; languages in their own words.
NOT_OURS = "bdi, time, code, samp, .brand, .avatar, [lang]:not(html), option[value]"
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


def choose(page, site, language):
    page.set_viewport_size({"width": 320, "height": 800})
    page.goto(f"{site.url}/accounts/login/")
    page.locator(f'button[name=language][value="{language}"]').click()
    page.wait_for_load_state()
    assert page.get_attribute("html", "lang") == language


def fits(page, name):
    assert page.evaluate(
        "document.documentElement.scrollWidth <= document.documentElement.clientWidth"
    ), (name, page.evaluate(BEYOND))
    assert page.evaluate(CLIPPED) == [], name
    assert page.evaluate(COVERED) == [], name
    assert page.evaluate(BEYOND) == [], name


def walk(page, site, language, check):
    choose(page, site, language)
    for name, path in OPEN.items():
        page.goto(site.url + path)
        check(page, name)
    sign_in(page, site, "nobody@example.org", "wrong")
    check(page, "sign in, refused")
    email = f"pseudo-{language}@example.org"
    site.make_person(email, PASSWORD, name="Maya Lindqvist")
    sign_in(page, site, email)
    page.wait_for_url("**/dashboard/")
    for name, path in PRIVATE.items():
        page.goto(site.url + path)
        check(page, name)


def test_words_that_are_longer(page, pseudo_site):
    bare = {}

    def check(page, name):
        fits(page, name)
        assert page.get_attribute("html", "dir") == "ltr"
        if found := page.evaluate(BARE, NOT_OURS):
            bare[name] = found

    walk(page, pseudo_site, "xx", check)
    assert bare == {}


def test_from_right_to_left(page, pseudo_site):
    def check(page, name):
        fits(page, name)
        assert page.get_attribute("html", "dir") == "rtl"
        for field in page.locator(LTR).filter(visible=True).all():
            direction = field.evaluate("e => getComputedStyle(e).direction")
            assert direction == "ltr", (name, field.evaluate("e => e.outerHTML"))

    walk(page, pseudo_site, "he", check)


def test_what_would_be_seen(page, pseudo_site):
    choose(page, pseudo_site, "xx")
    page.evaluate("document.querySelector('h1').textContent = 'Sign in'")
    assert page.evaluate(BARE, NOT_OURS) == ["Sign in"]
    page.evaluate("document.querySelector('h1').style.whiteSpace = 'nowrap'")
    page.evaluate("document.querySelector('h1').textContent = '⟦' + 'w'.repeat(99)")
    with pytest.raises(AssertionError, match="planted"):
        fits(page, "planted")
