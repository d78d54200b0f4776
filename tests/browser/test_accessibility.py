"""axe on every page of ours and its error state, light and dark, 320 and 1280 wide."""

from __future__ import annotations

import re

import pytest
from axe_playwright_python.sync_playwright import Axe

from tests.fixtures import Authenticator

PASSWORD = "correct horse battery"
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
CODE = r"^([0-9]{4}-[0-9]{4})$"
PROOF = r"confirm at [^:]+ that it is you:\s+([0-9]{4}-[0-9]{4})"
LOOKS = [(width, scheme) for width in (320, 1280) for scheme in ("light", "dark")]
OPEN = {
    "home": "/",
    "sign in": "/accounts/login/",
    "sign up": "/accounts/signup/",
    "sign up by passkey": "/accounts/signup/passkey/",
    "code by mail": "/accounts/login/code/",
    "reset": "/accounts/password/reset/",
    "reset asked": "/accounts/password/reset/done/",
    "reset link too old": "/accounts/password/reset/key/1-x/",
    "reset done": "/accounts/password/reset/key/done/",
    "switched off": "/accounts/inactive/",
    "provider refused": "/accounts/3rdparty/login/cancelled/",
    "not found": "/nothing/",
}
PRIVATE = {
    "dashboard": "/dashboard/",
    "profile": "/profile/",
    "activity": "/accounts/activity/",
    "devices": "/accounts/sessions/",
    "security": "/accounts/2fa/",
    "change password": "/accounts/password/change/",
    "e-mail": "/accounts/email/",
    "authenticator": "/accounts/2fa/totp/activate/",
    "passkeys": "/accounts/2fa/webauthn/",
    "add a passkey": "/accounts/2fa/webauthn/add/",
    "sign out": "/accounts/logout/",
    "proof": "/accounts/reauthenticate/",
    "connections": "/accounts/3rdparty/",
    "provider failed": "/accounts/3rdparty/login/error/",
}


def check(page, name):
    """No violation, no sideways scroll, and the frame that every page has."""
    found = Axe().run(page, options={"runOnly": RULES})
    assert found.violations_count == 0, f"{name}\n{found.generate_report()[:3000]}"
    wide = page.evaluate(
        "document.documentElement.scrollWidth - document.documentElement.clientWidth"
    )
    assert wide <= 0, name
    assert page.get_attribute("html", "lang")
    assert page.get_attribute("html", "dir") == "ltr"
    assert page.locator("main").count() == 1
    assert page.locator("h1").count() == 1
    small = page.evaluate(
        """() => [...document.querySelectorAll("button, .btn, .input")]
        .filter(e => e.offsetParent && e.getBoundingClientRect().height < 43.5
                     && !e.classList.contains("input-action"))
        .map(e => e.outerHTML.slice(0, 80))"""
    )
    assert small == [], name
    tiny = page.evaluate(
        """() => [...document.querySelectorAll("input:not([type=checkbox])")]
        .filter(e => e.offsetParent && parseFloat(getComputedStyle(e).fontSize) < 16)
        .map(e => e.id)"""
    )
    assert tiny == [], name
    return page.title()


def test_axe_sees_a_planted_violation(page, site):
    page.goto(site.url + "/accounts/login/")
    page.evaluate("document.querySelector('label').remove()")
    with pytest.raises(AssertionError, match="label"):
        check(page, "planted")


@pytest.fixture(params=LOOKS, ids=[f"{width}-{scheme}" for width, scheme in LOOKS])
def look(request, page):
    width, scheme = request.param
    page.set_viewport_size({"width": width, "height": 800})
    page.emulate_media(color_scheme=scheme)
    return page, f"{width}-{scheme}"


def test_open_pages(look, site):
    page, _ = look
    titles = {}
    for name, path in OPEN.items():
        page.goto(site.url + path)
        titles[name] = check(page, name)
    assert len(set(titles.values())) == len(titles), titles


def test_their_error_states(look, site):
    page, _ = look
    for path, fields in {
        "/accounts/login/": {"#id_login": "a@example.org", "#id_password": "x"},
        "/accounts/signup/": {"#id_email": "nonsense", "#id_password1": "short"},
        "/accounts/password/reset/": {"#id_email": "nonsense"},
        "/accounts/login/code/": {"#id_email": "nonsense"},
    }.items():
        page.goto(site.url + path)
        for field, value in fields.items():
            page.fill(field, value)
        page.locator("form .btn-primary").click()
        page.wait_for_selector("#error-summary")
        check(page, path)


def test_private_pages_and_the_second_step(look, site):
    page, name = look
    email = f"axe-{name}@example.org"
    site.make_person(email, PASSWORD, name="A Person With " + "A Very Long Name " * 4)
    sign_in(page, site, email)
    page.wait_for_url("**/dashboard/")
    titles = {}
    for place, path in PRIVATE.items():
        page.goto(site.url + path)
        titles[place] = check(page, place)
    assert len(set(titles.values())) == len(titles), titles
    page.goto(site.url + "/accounts/password/change/")
    page.fill("#id_oldpassword", "wrong")
    page.fill("#id_password1", "short")
    page.get_by_role("button", name="Save the password").click()
    page.wait_for_selector("#error-summary")
    check(page, "change password, refused")
    page.goto(site.url + "/accounts/2fa/totp/activate/")
    app = Authenticator(page.locator(".secret code").inner_text())
    page.fill("#id_code", "000000")
    page.get_by_role("button", name="Turn on").click()
    page.wait_for_selector("#error-summary")
    check(page, "authenticator, refused")
    page.fill("#id_code", app.code())
    page.get_by_role("button", name="Turn on").click()
    page.wait_for_url("**/recovery-codes/")
    check(page, "recovery codes")
    codes = page.locator(".codes code").all_inner_texts()
    page.reload()
    check(page, "recovery codes, shown before")
    for path in ("/accounts/2fa/", "/accounts/2fa/recovery-codes/generate/",
                 "/accounts/2fa/totp/deactivate/", "/dashboard/"):  # fmt: skip
        page.goto(site.url + path)
        check(page, path)
    page.get_by_role("button", name=re.compile("^Sign out")).click()
    sign_in(page, site, email)
    page.wait_for_url("**/2fa/authenticate/")
    check(page, "second step")
    page.fill("#id_code", "000000")
    page.press("#id_code", "Enter")
    page.wait_for_selector("#error-summary")
    check(page, "second step, refused")
    page.fill("#id_code", codes[0])
    page.press("#id_code", "Enter")
    page.wait_for_url("**/2fa/trust/")
    check(page, "trust")
    page.get_by_role("button", name=re.compile("^Trust")).click()
    page.wait_for_url("**/dashboard/")
    page.goto(site.url + "/accounts/2fa/")
    check(page, "security, trusted")


def test_the_code_page_of_a_sign_up(look, site):
    page, name = look
    page.goto(site.url + "/accounts/signup/")
    page.fill("#id_email", f"axe-up-{name}@example.org")
    page.fill("#id_password1", PASSWORD)
    page.press("#id_password1", "Enter")
    page.wait_for_selector("#id_code")
    check(page, "code")
    page.fill("#id_code", "0000-0000")
    page.press("#id_code", "Enter")
    page.wait_for_selector("#error-summary")
    check(page, "code, refused")


def test_the_pages_of_a_sign_in_and_a_proof_by_code(look, site):
    page, name = look
    email = f"axe-code-{name}@example.org"
    site.make_person(email, None)
    page.goto(site.url + "/accounts/login/")
    page.fill("#id_login", email)
    page.get_by_role("link", name="E-mail me a code").click()
    assert page.input_value("#id_email") == email  # typed once is enough
    page.press("#id_email", "Enter")
    page.wait_for_selector("#id_code")
    check(page, "code to sign in")
    page.fill("#id_code", "0000-0000")
    page.press("#id_code", "Enter")
    page.wait_for_selector("#error-summary")
    check(page, "code to sign in, refused")
    page.fill("#id_code", site.mail_to(email, CODE))
    page.press("#id_code", "Enter")
    page.wait_for_url("**/dashboard/")
    page.goto(site.url + "/accounts/reauthenticate/code/?next=/profile/")
    check(page, "proof by code")
    page.get_by_role("button", name="E-mail me a code").click()
    page.wait_for_selector("#id_code")
    check(page, "proof by code, sent")
    page.fill("#id_code", "0000-0000")
    page.press("#id_code", "Enter")
    page.wait_for_selector("#error-summary")
    check(page, "proof by code, refused")
    page.fill("#id_code", site.mail_to(email, PROOF))
    page.press("#id_code", "Enter")
    page.wait_for_url(re.compile(r"^[^?]+/profile/$"))


def test_the_limited_page(look, site):
    page, name = look
    for _ in range(11):
        sign_in(page, site, f"limited-{name}@example.org", "wrong")
    assert page.title().startswith("Wait ")
    check(page, "limited")


def test_a_visible_focus_that_nothing_hides(page, site):
    page.set_viewport_size({"width": 320, "height": 256})
    page.goto(site.url + "/accounts/login/")
    for _ in range(9):
        page.keyboard.press("Tab")
        shown = page.evaluate(
            """() => { const e = document.activeElement, r = e.getBoundingClientRect(),
              s = getComputedStyle(e);
              return e === document.body || (parseFloat(s.outlineWidth) >= 2
                && s.outlineStyle !== "none"
                && r.bottom > 0 && r.top < innerHeight) }"""
        )
        assert shown


def test_forced_colours_and_no_motion(page, site):
    page.emulate_media(forced_colors="active", reduced_motion="reduce")
    page.goto(site.url + "/accounts/login/")
    assert page.evaluate(
        "getComputedStyle(document.querySelector('.btn')).transitionDuration"
    ) in {"0s", ""}
    edge = page.evaluate(
        "getComputedStyle(document.querySelector('.input')).borderTopWidth"
    )
    assert edge != "0px"


def sign_in(page, site, email, password=PASSWORD):
    page.goto(site.url + "/accounts/login/")
    page.fill("#id_login", email)
    page.fill("#id_password", password)
    page.press("#id_password", "Enter")
    page.wait_for_load_state()
