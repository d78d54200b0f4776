"""One's own account in a real browser: taken back, kept as a file, closed and kept."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from tests.browser.checks import check, sign_in

PASSWORD = "correct horse battery"
NEW = "a stranger's own 42"
LOOKS = [(320, "dark"), (1280, "light")]
NOT_ME = r"^(http://\S+/accounts/not-me/\S+)$"
RESET = r"^(http://\S+/accounts/password/reset/key/\S+)$"
UNDO = r"^(http://\S+/accounts/close/undo/\S+)$"


@pytest.fixture(params=LOOKS, ids=[f"{width}-{scheme}" for width, scheme in LOOKS])
def look(request, page):
    width, scheme = request.param
    page.set_viewport_size({"width": width, "height": 800})
    page.emulate_media(color_scheme=scheme)
    return page, width


def change_password(page, site, old, new):
    page.goto(site.url + "/accounts/password/change/")
    page.fill("#id_oldpassword", old)
    page.fill("#id_password1", new)
    page.get_by_role("button", name="Save the password").click()
    page.wait_for_url("**/accounts/2fa/")


def elsewhere(browser_process, look):
    """The owner's own browser, nobody signed in."""
    context = browser_process.new_context(
        viewport={"width": look[1], "height": 800}, locale="en-GB"
    )
    return context, context.new_page()


def test_taken_back_by_the_link_in_the_mail(look, site, browser_process):
    theirs, width = look
    email = f"taken-{width}@example.org"
    site.make_person(email, PASSWORD, name="Maya Lindqvist")
    sign_in(theirs, site, email)
    change_password(theirs, site, PASSWORD, NEW)
    context, page = elsewhere(browser_process, look)
    page.emulate_media(color_scheme="dark" if width == 320 else "light")
    link = site.mail_to(email, NOT_ME)
    page.goto(link)
    check(page, "taken back")
    # A form's page says nothing of itself but where it is.
    with page.expect_request(lambda asked: asked.method == "POST") as pressed:
        page.get_by_role("button", name="Take my account back").click()
    sent = pressed.value.all_headers()
    assert sent["referer"] == site.url + "/"
    assert sent["origin"] == site.url
    page.wait_for_url("**/not-me/done/")
    check(page, "taken back, done")
    theirs.goto(site.url + "/dashboard/")
    assert "/accounts/login/" in theirs.url
    assert theirs.get_by_text("used by a stranger").is_visible()
    page.goto(link)
    check(page, "taken back, again")
    assert page.get_by_role("heading", name="This link no longer works").is_visible()
    page.goto(site.mail_to(email, RESET))
    page.fill("#id_password1", PASSWORD + " 2")
    page.press("#id_password1", "Enter")
    page.wait_for_url("**/key/done/")
    sign_in(page, site, email, PASSWORD + " 2")
    page.wait_for_url("**/dashboard/")
    sign_in(theirs, site, email, NEW)
    theirs.wait_for_selector("#error-summary")
    context.close()


def test_said_in_ones_own_list(look, site):
    page, width = look
    email = f"list-{width}@example.org"
    site.make_person(email, PASSWORD)
    sign_in(page, site, email)
    page.wait_for_url("**/dashboard/")
    check(page, "overview with moments")
    page.goto(site.url + "/accounts/activity/")
    check(page, "activity with moments")
    page.get_by_role("link", name=re.compile(r"^This wasn't me ?: Signed in")).click()
    check(page, "said in one's own list")
    page.get_by_role("link", name="Cancel").click()
    page.wait_for_url("**/activity/")
    page.get_by_role("link", name=re.compile(r"^This wasn't me ?: Signed in")).click()
    page.get_by_role("button", name="Take my account back").click()
    page.wait_for_url("**/not-me/done/")
    page.goto(site.url + "/dashboard/")
    assert "/accounts/login/" in page.url


def test_downloaded(look, site):
    page, width = look
    email = f"export-{width}@example.org"
    site.make_person(email, PASSWORD, name="Maya Lindqvist")
    sign_in(page, site, email)
    page.goto(site.url + "/profile/")
    check(page, "profile with data")
    page.get_by_role("link", name="Download your data").click()
    page.wait_for_url("**/accounts/export/")
    check(page, "export")
    with page.expect_download() as started:
        page.get_by_role("button", name="Download the file").click()
    assert re.fullmatch(r"authsite-.*\.json", started.value.suggested_filename)
    found = json.loads(Path(started.value.path()).read_text(encoding="utf-8"))
    assert found["person"]["email"] == email
    # No page came, so nothing else tells the button that the first press is over.
    page.locator("form[data-sent]").wait_for(state="detached")
    with page.expect_download():
        page.get_by_role("button", name="Download the file").click()


def test_closed_and_kept(look, site):
    page, width = look
    email = f"close-{width}@example.org"
    site.make_person(email, PASSWORD)
    sign_in(page, site, email)
    page.goto(site.url + "/profile/")
    page.get_by_role("link", name="Close your account").click()
    page.wait_for_url("**/accounts/close/")
    check(page, "close")
    page.get_by_role("button", name="Close my account").click()
    page.wait_for_url("**/close/done/")
    check(page, "closing")
    sign_in(page, site, email)
    page.wait_for_selector("#error-summary")
    link = site.mail_to(email, UNDO)
    page.goto(link)
    check(page, "keep")
    page.get_by_role("button", name="Keep my account").click()
    page.wait_for_url("**/accounts/login/")
    assert page.get_by_text("Your account stays as it was.").is_visible()
    sign_in(page, site, email)
    page.wait_for_url("**/dashboard/")
    page.goto(link)
    check(page, "keep, again")
