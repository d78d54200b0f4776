"""Every kind of admin page in a browser that reports what the policy would forbid."""

from __future__ import annotations

import uuid

import pytest

from tests.browser.checks import enter_the_admin
from tests.browser.conftest import complaints

PASSWORD = "correct horse battery"
WATCH = """
window.refused = [];
document.addEventListener("securitypolicyviolation",
    e => window.refused.push(e.violatedDirective + " " + e.blockedURI));
"""
LISTS = {
    "people": "/admin/accounts/user/",
    "families": "/admin/tokens/family/",
    "explain token": "/admin/tokens/family/explain/",
    "keys": "/admin/tokens/signingkey/",
    "key step": "/admin/tokens/signingkey/step/rotate/",
    "readers": "/admin/tokens/keyreader/",
    "events": "/admin/audit/event/",
    "groups": "/admin/auth/group/",
    "add a group": "/admin/auth/group/add/",
    "log": "/admin/admin/logentry/",
}


@pytest.fixture
def owner(page, site):
    """A page of somebody who may do everything in the admin."""
    email = f"walker-{uuid.uuid4().hex[:8]}@example.org"
    page.add_init_script(WATCH)
    enter_the_admin(page, site, email)
    return page


def obeys(page, name):
    """Nothing was refused here, and the header is as strict as elsewhere."""
    page.wait_for_load_state("load")
    assert page.evaluate("window.refused") == [], name


def test_the_admin_needs_nothing_that_the_policy_forbids(owner, site):
    obeys(owner, "index")
    for name, path in LISTS.items():
        answer = owner.goto(site.url + path)
        assert answer.status == 200, name
        assert "unsafe" not in answer.headers["content-security-policy"], name
        obeys(owner, name)
    owner.goto(site.url + LISTS["people"] + "?q=walker-")
    owner.get_by_role("link", name="walker-").first.click()
    owner.wait_for_selector("text=Change person")
    obeys(owner, "person")
    owner.goto(site.url + LISTS["events"])
    owner.locator("#result_list th a").first.click()
    obeys(owner, "event")
    owner.goto(site.url + LISTS["add a group"])
    owner.fill("#id_name", "Walkers")
    owner.locator("input[name=_save]").click()
    owner.get_by_role("link", name="Walkers").first.click()
    owner.wait_for_selector("text=Change group")
    obeys(owner, "group")


def test_a_guarded_action_too(owner, site):
    site.make_person("watched@example.org", PASSWORD)
    owner.goto(site.url + LISTS["people"] + "?q=watched@")
    owner.check("input[name=_selected_action]")
    owner.select_option("select[name=action]", label="Deactivate")
    owner.get_by_role("button", name="Go", exact=True).click()
    owner.wait_for_selector("text=Nothing has happened yet.")
    obeys(owner, "preview")


def test_what_is_refused_is_seen(browser_process, site):
    context = browser_process.new_context()
    found = context.new_page()
    found.add_init_script(WATCH)
    found.goto(site.url + "/accounts/login/")
    found.evaluate(
        "document.body.append(Object.assign(document.createElement('script'),"
        " {textContent: '1'}))"
    )
    found.wait_for_function("window.refused.length > 0")
    with pytest.raises(AssertionError, match="planted"):
        obeys(found, "planted")
    context.close()
    assert (
        "Content Security Policy" in complaints.pop()
    )  # and by who watches the console
