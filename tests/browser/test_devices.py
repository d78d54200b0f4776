"""Two browsers and an app of one person: one ends the others, and they are told."""

from __future__ import annotations

import httpx
import pytest

from tests.browser.checks import check, sign_in

PASSWORD = "correct horse battery"
IPHONE = (
    "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15 "
    "(KHTML, like Gecko) Version/18.0 Mobile/15E148 Safari/604.1"
)
LOOKS = [(320, "dark", True), (1280, "light", True), (320, "light", False)]


def tokens(site, email):
    body = {"email": email, "password": PASSWORD}
    headers = {"User-Agent": "northwind-cli/2.1"}
    answer = httpx.post(f"{site.url}/api/token/", json=body, headers=headers)
    assert answer.status_code == 200
    return answer.json()


def is_live(site, pair):
    body = {"refresh": pair["refresh"]}
    answer = httpx.post(f"{site.url}/api/token/refresh/", json=body)
    pair.update(answer.json())
    return answer.status_code == 200


@pytest.fixture(params=LOOKS, ids=lambda look: "-".join(map(str, look)))
def two(request, browser_process):
    """A computer, of a width and scheme, with or without JavaScript; and a phone."""
    width, scheme, scripts = request.param
    computer = browser_process.new_context(
        viewport={"width": width, "height": 800},
        color_scheme=scheme,
        java_script_enabled=scripts,
        locale="en-GB",
    )
    phone = browser_process.new_context(user_agent=IPHONE, locale="en-GB")
    name = "-".join(map(str, request.param)).lower()
    yield computer.new_page(), phone.new_page(), f"devices-{name}@example.org", scripts
    computer.close()
    phone.close()


def test_one_ends_the_others(two, site):
    page, phone, email, scripts = two
    site.make_person(email, PASSWORD)
    for one in (phone, page):
        sign_in(one, site, email)
        one.wait_for_url("**/dashboard/")
    pair = tokens(site, email)
    page.get_by_role("link", name="Devices", exact=True).click()
    page.wait_for_selector("text=northwind-cli")
    if scripts:
        check(page, "devices, three of them")
    assert page.get_by_role("button", name="Sign out the other 2").is_visible()
    # one of them: its button is read aloud with its name
    page.get_by_role("button", name="Sign out Safari on iOS").click()
    page.wait_for_selector("text=Safari on iOS is signed out.")
    assert page.get_by_role("button", name="Sign out Safari on iOS").count() == 0
    phone.goto(site.url + "/profile/")
    phone.wait_for_url("**/accounts/login/?next=/profile/")
    assert phone.locator("text=from another browser or device of yours").is_visible()
    assert is_live(site, pair)
    # then whatever is left
    page.get_by_role("button", name="Sign out the other device").click()
    page.wait_for_selector("text=The other device is signed out.")
    assert page.get_by_text("None signed in").is_visible()
    assert not is_live(site, pair)
    if scripts:
        check(page, "devices, this one alone")
    page.get_by_role("link", name="Activity", exact=True).click()
    page.wait_for_selector("text=Another device signed out: Safari on iOS")
    assert page.get_by_role("heading", name="Today").is_visible()
    if scripts:
        check(page, "activity by day")
