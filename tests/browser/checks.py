"""What a page is held against: axe, and the frame that every page of ours has."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import axe_playwright_python

from tests.fixtures import Authenticator

if TYPE_CHECKING:
    from playwright.sync_api import Page

    from tests.services.server import Site

PASSWORD = "correct horse battery"
AXE = (Path(axe_playwright_python.__file__).parent / "axe.min.js").read_text("utf-8")
FRAME = (Path(__file__).parent / "frame.js").read_text("utf-8")
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
#: The rules that a scheme decides; it moves nothing, so the others are asked in one.
OF_COLOUR = ["color-contrast", "link-in-text-block"]
LOOKS = [(width, scheme) for width in (320, 1280) for scheme in ("light", "dark")]
#: Each width, and each scheme: what a normal run asks.
USUAL = [(320, "light"), (1280, "light"), (1280, "dark")]
#: What has more text than it has room for, and does not show it.
CLIPPED = """() => [...document.querySelectorAll("body *")].filter((e) => {
  if (!e.checkVisibility() || e.closest(".vh, svg, select, .skip")) return false;
  const style = getComputedStyle(e);
  return style.display !== "inline" && !["INPUT", "TEXTAREA"].includes(e.tagName)
    && (style.overflowX !== "visible" && e.scrollWidth > e.clientWidth + 1
      || style.overflowY !== "visible" && e.scrollHeight > e.clientHeight + 2);
}).map((e) => e.outerHTML.slice(0, 120))"""
#: When no colour is on its way any more. Lean: what is needed to name a violation, and
#: no style sheets fetched again.
ASK = """async (rules) => {
  await new Promise(requestAnimationFrame);
  for (const one of document.getAnimations()) one.finish();
  const found = await axe.run({
    runOnly: rules, resultTypes: ["violations"], preload: false, iframes: false,
  });
  return found.violations.map((one) => [one.id, one.nodes.slice(0, 5).map(
    (node) => [node.html.slice(0, 200), node.failureSummary])]);
}"""


def violations(page: Page, rules: list[str] = RULES) -> list[Any]:
    """What axe finds on this page as it looks now. Put into a page once."""
    if not page.evaluate("'axe' in window"):
        page.evaluate(AXE)
    return list(page.evaluate(ASK, rules))


def look(page: Page, width: int, scheme: Any) -> None:
    """Another width and scheme, without loading anything again."""
    page.set_viewport_size({"width": width, "height": 800})
    page.emulate_media(color_scheme=scheme)


def plant(page: Page, what: str, name: str, value: str) -> None:
    """A fault, to see that it is told: a style, a property or an attribute changes."""
    page.locator(what).first.evaluate(
        "(e, [name, value]) => { const of = name in e.style ? e.style : name in e && e;"
        " of ? (of[name] = value) : e.setAttribute(name, value) }",
        [name, value],
    )


def check(page: Page, name: str) -> str:
    """No violation, and the frame, as the page looks now; returns its title."""
    found = violations(page) + page.evaluate(FRAME)
    assert found == [], f"{name}\n{found}"
    return page.title()


def sign_in(
    page: Page,
    site: Site,
    email: str,
    password: str = PASSWORD,
    path: str = "/accounts/login/",
) -> None:
    """By the form, wherever that leads; going on before it led there would stop it."""
    page.goto(site.url + path)
    page.fill("#id_login", email)
    page.fill("#id_password", password)
    with page.expect_navigation():
        page.press("#id_password", "Enter")


def enter_the_admin(page: Page, site: Site, email: str) -> None:
    """As a new owner: the second step is set up on the way, then asked for."""
    site.make_person(email, PASSWORD, is_staff=True, is_superuser=True)
    sign_in(page, site, email, path="/accounts/login/?next=/admin/")
    page.wait_for_url("**/accounts/2fa/totp/activate/**")
    app = Authenticator(page.locator(".secret code").inner_text())
    page.fill("#id_code", app.code())
    page.get_by_role("button", name="Turn on").click()
    page.wait_for_url("**/recovery-codes/")
    page.goto(site.url + "/admin/")
    page.wait_for_url("**/accounts/2fa/reauthenticate/**")
    page.fill("#id_code", app.code(1))
    page.press("#id_code", "Enter")
    page.wait_for_url(re.compile(r"^[^?]+/admin/$"))
