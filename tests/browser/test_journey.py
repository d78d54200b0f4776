"""A person's whole journey in a real browser, and what a browser alone can show."""

from __future__ import annotations

import re

import pytest

from tests.browser.checks import PASSWORD, enter_the_admin, sign_in
from tests.fixtures import Authenticator

CODE = r"^([0-9]{4}-[0-9]{4})\s*$"


def sign_up(page, site, email):
    page.goto(site.url + "/")
    page.get_by_role("link", name="Create an account").click()
    page.fill("#id_email", email)
    page.fill("#id_password1", PASSWORD)
    page.get_by_role("button", name="Create account").click()
    page.wait_for_selector("#id_code")
    page.fill("#id_code", site.mail_to(email, CODE))
    page.get_by_role("button", name="Check the code").click()
    page.wait_for_url("**/dashboard/")


def test_the_whole_journey(page, site):
    email = "journey@example.org"
    sign_up(page, site, email)
    assert page.get_by_role("heading", level=1).inner_text() == email
    page.get_by_role("button", name="Sign out").click()
    page.wait_for_url(site.url + "/")
    # a wrong password: focus on the summary, the address kept, the password gone
    page.goto(site.url + "/profile/")
    page.wait_for_url("**/accounts/login/?next=/profile/")
    page.fill("#id_login", email)
    page.fill("#id_password", "wrong")
    page.get_by_role("button", name="Sign in", exact=True).click()
    page.wait_for_selector("#error-summary")
    assert page.title().startswith("Error: ")
    assert page.evaluate("document.activeElement.id") == "error-summary"
    assert page.input_value("#id_login") == email
    assert page.input_value("#id_password") == ""
    page.get_by_role("link", name="Enter a correct e-mail").click()
    assert page.evaluate("document.activeElement.id") == "id_login"
    # the right one: back to where one wanted to go
    page.fill("#id_password", PASSWORD)
    page.press("#id_password", "Enter")
    page.wait_for_url("**/profile/")
    page.fill("#id_name", "Jo Journey")
    page.get_by_role("button", name="Save").click()
    page.wait_for_selector("text=Your profile was saved.")
    # a second step, then a sign-in with it
    page.get_by_role("link", name="Overview").first.click()
    page.get_by_role("link", name=re.compile("^Set up")).click()
    app = Authenticator(page.locator(".secret code").inner_text())
    page.fill("#id_code", app.code())
    page.get_by_role("button", name="Turn on").click()
    page.wait_for_url("**/recovery-codes/")
    assert page.locator(".codes code").count() == 10
    recovery = page.locator(".codes code").first.inner_text()
    page.get_by_role("button", name="Sign out").click()
    sign_in(page, site, email)
    page.wait_for_url("**/accounts/2fa/authenticate/")
    assert page.evaluate("document.activeElement.id") == "id_code"
    page.fill("#id_code", recovery)
    page.press("#id_code", "Enter")
    page.get_by_role("button", name="Don't trust it").click()
    page.wait_for_url("**/dashboard/")
    assert page.get_by_role("heading", level=1).inner_text() == "Jo Journey"
    page.get_by_role("link", name="Activity", exact=True).click()
    page.wait_for_selector("text=Signed in with password and recovery code")


def test_starting_again_instead_of_the_second_step(page, site):
    email = "again@example.org"
    site.make_person(email, PASSWORD)
    site.run(
        "from allauth.mfa.totp.internal.auth import TOTP\n"
        "from accounts.models import User\n"
        f"TOTP.activate(User.objects.get(email={email!r}), 'JBSWY3DPEHPK3PXP')\n"
        "print(0)\n"
    )
    sign_in(page, site, email)
    page.wait_for_url("**/accounts/2fa/authenticate/")
    page.get_by_role("button", name="Start again").click()
    page.wait_for_url("**/accounts/login/")


def test_a_new_password_by_mail(page, site):
    email = "reset@example.org"
    site.make_person(email, PASSWORD)
    page.goto(site.url + "/accounts/login/")
    page.fill("#id_login", email)
    page.get_by_role("link", name="Forgot your password?").click()
    assert page.input_value("#id_email") == email  # typed once is enough
    page.get_by_role("button", name="Send the link").click()
    page.wait_for_selector("text=Look in your mail")
    page.goto(site.mail_to(email, r"(http://localhost\S+/reset/key/\S+)"))
    page.fill("#id_password1", "another password 9")
    page.get_by_role("button", name="Save the password").click()
    page.wait_for_selector("text=Your password is changed")
    sign_in(page, site, email, "another password 9")
    page.wait_for_url("**/dashboard/")


def test_show_and_hide_the_password(page, site):
    page.goto(site.url + "/accounts/login/")
    page.fill("#id_password", "secret")
    button = page.locator("[data-show]")
    assert button.inner_text() == "Show"
    button.click()
    assert page.get_attribute("#id_password", "type") == "text"
    assert button.inner_text() == "Hide"
    assert button.get_attribute("aria-label") == "Hide password"
    assert page.locator("[role=status]").first.inner_text() == "The password is shown."
    # whatever is shown, a form is sent with the field hidden again
    page.fill("#id_login", "nobody@example.org")
    page.evaluate(
        "document.querySelector('form[data-remember-email]')"
        ".addEventListener('submit', () => sessionStorage.setItem('sent',"
        " document.getElementById('id_password').type))"
    )
    page.get_by_role("button", name="Sign in", exact=True).click()
    page.wait_for_selector("#error-summary")
    assert page.evaluate("sessionStorage.getItem('sent')") == "password"


def test_the_first_tab_presses_follow_the_page(page, site):
    page.goto(site.url + "/accounts/login/")
    order = []
    for _ in range(6):
        order.append(page.evaluate(
            "(e => e.id || e.innerText.trim())(document.activeElement)"
        ))  # fmt: skip
        page.keyboard.press("Tab")
    assert order == [
        "id_login", "id_password", "Show", "Forgot your password?", "id_remember",
        "Sign in",
    ]  # fmt: skip


def test_without_javascript(browser_process, site):
    email = "noscript@example.org"
    site.make_person(email, PASSWORD)
    context = browser_process.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(site.url + "/accounts/login/")
    assert not page.locator("[data-show]").is_visible()
    sign_in(page, site, email)
    page.wait_for_url("**/dashboard/")
    page.get_by_role("button", name="Sign out").click()
    page.wait_for_url(site.url + "/")
    context.close()


def test_the_admin_works_under_the_policy(page, site):
    email = "owner@example.org"
    enter_the_admin(page, site, email)
    page.locator("#accounts-user").get_by_role("link", name="People").click()
    site.make_person("leaver@example.org", PASSWORD)
    page.fill("#searchbar", "leaver@")
    page.press("#searchbar", "Enter")
    page.get_by_role("link", name="leaver@example.org").click()
    page.wait_for_selector("text=Change person")
    page.go_back()
    page.check("input[name=_selected_action]")
    page.select_option("select[name=action]", label="Deactivate")
    page.get_by_role("button", name="Go", exact=True).click()
    page.wait_for_selector("text=Nothing has happened yet.")
    page.fill("#id_reason", "left the company")
    page.get_by_role("button", name="Deactivate").click()
    page.wait_for_selector("text=Deactivate: done for 1 person.")
    for place in ("audit/event", "tokens/family", "tokens/signingkey", "auth/group"):
        page.goto(f"{site.url}/admin/{place}/")
    page.goto(f"{site.url}/admin/audit/event/?q=leaver")
    page.wait_for_selector("text=Account deactivated")


def test_the_api_docs_page_works_under_the_policy(page, site):
    page.goto(site.url + "/api/docs/")
    page.wait_for_selector("text=/api/token/refresh/")


@pytest.mark.parametrize(
    ("path", "status"), [("/nothing-here/", 404), ("/accounts/login/?next=%00", 400)]
)
def test_error_pages_look_like_ours(page, site, path, status):
    answer = page.goto(site.url + path)
    assert answer.status == status
    assert page.get_by_role("link", name="Go to the start page").is_visible()
    assert page.locator("main h1").count() == 1


def test_a_form_that_was_open_for_too_long(page, site):
    page.goto(site.url + "/accounts/login/")
    page.context.clear_cookies()
    page.fill("#id_login", "a@example.org")
    page.fill("#id_password", "x")
    page.press("#id_password", "Enter")
    page.wait_for_selector("text=This page was open for too long")
