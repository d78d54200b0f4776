"""Passkeys in a real Chromium, with a virtual authenticator: what the script does."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

from tests.browser.checks import PASSWORD, check, sign_in
from tests.browser.test_journey import CODE

LIST = "/accounts/2fa/webauthn/"
WIDTHS = (320, 1280)


class Device:
    """A virtual authenticator of the page's browser: Chromium's own test device."""

    def __init__(self, page, *, transport="internal", verified=True, resident=True):
        self.cdp = page.context.new_cdp_session(page)
        self.cdp.send("WebAuthn.enable")
        options = {
            "protocol": "ctap2",
            "transport": transport,
            "hasResidentKey": resident,
            "hasUserVerification": verified,
            "isUserVerified": verified,
            "automaticPresenceSimulation": True,
        }
        made = self.cdp.send("WebAuthn.addVirtualAuthenticator", {"options": options})
        self.id = made["authenticatorId"]

    def credentials(self):
        found = self.cdp.send("WebAuthn.getCredentials", {"authenticatorId": self.id})
        return found["credentials"]

    def take_out(self):
        """Without its passkeys nothing is offered, and what is asked stays pending."""
        found = self.credentials()
        self.cdp.send("WebAuthn.clearCredentials", {"authenticatorId": self.id})
        return found

    def put_back(self, credentials):
        for one in credentials:
            self.cdp.send(
                "WebAuthn.addCredential",
                {"authenticatorId": self.id, "credential": one},
            )


#: Counts what the page asks of the browser: begun, and pending now and at most.
WATCH = """
(() => {
  const asked = window.asked = {
    now: 0, most: 0, modal: 0, conditional: 0, signals: [],
  };
  const get = navigator.credentials.get.bind(navigator.credentials);
  navigator.credentials.get = async (options) => {
    asked.now += 1;
    asked.most = Math.max(asked.most, asked.now);
    sessionStorage.setItem("most", asked.most);
    const kind = options.mediation === "conditional" ? "conditional" : "modal";
    asked[kind] += 1;
    document.documentElement.dataset[kind] = asked[kind];
    try { return await get(options); } finally { asked.now -= 1; }
  };
  for (const name of ["signalUnknownCredential", "signalAllAcceptedCredentials",
                      "signalCurrentUserDetails"]) {
    PublicKeyCredential[name] = async (about) => { asked.signals.push([name, about]); };
  }
})();
"""


def asked(page, **times):
    """Wait until the page has asked the browser so many times."""
    for kind, number in times.items():
        expect(page.locator("html")).to_have_attribute(f"data-{kind}", str(number))


@pytest.fixture
def device(page):
    page.add_init_script(WATCH)
    return Device(page)


def person(page, site, email):
    """Somebody with a password, signed in."""
    site.make_person(email, PASSWORD)
    sign_in(page, site, email)
    page.wait_for_url("**/dashboard/")


def sign_out(page):
    with page.expect_navigation():
        page.get_by_role("button", name="Sign out").click()


def add(page, site, name, *, alone=True):
    page.goto(site.url + LIST + "add/")
    page.fill("#id_name", name)
    page.set_checked("#id_passwordless", alone)
    page.click("#mfa_webauthn_add")
    page.wait_for_url(re.compile(r"/2fa/(recovery-codes/)?$"))


@pytest.mark.parametrize("width", WIDTHS)
def test_made_used_renamed_and_removed(page, device, site, width):
    page.set_viewport_size({"width": width, "height": 800})
    person(page, site, f"keys-{width}@example.org")
    page.goto(site.url + LIST + "add/")
    check(page, "add")
    add(page, site, "Laptop")
    page.goto(site.url + LIST)
    check(page, "list")
    told = dict(page.evaluate("window.asked.signals"))
    mine = told["signalAllAcceptedCredentials"]
    assert (mine["rpId"], len(mine["allAcceptedCredentialIds"])) == ("localhost", 1)
    page.goto(site.url + "/accounts/2fa/")
    expect(page.get_by_text("You have only one")).to_be_visible()
    check(page, "security")
    kept = device.take_out()
    sign_out(page)
    page.goto(site.url + "/accounts/login/?next=/profile/")
    check(page, "sign in")
    asked(page, conditional=1)
    device.put_back(kept)
    page.get_by_role("button", name="Sign in with a passkey").click()
    page.wait_for_url(re.compile(r"^[^?]+/profile/$"))
    assert page.evaluate("sessionStorage.getItem('most')") == "1"
    page.goto(site.url + LIST)
    expect(page.get_by_text("last used")).to_be_visible()
    page.get_by_role("link", name="Rename Laptop").click()
    check(page, "rename")
    page.fill("#id_name", "Old laptop")
    page.get_by_role("button", name="Save").click()
    page.get_by_role("link", name="Remove Old laptop").click()
    check(page, "remove")
    page.get_by_role("button", name="Remove it").click()
    expect(page.get_by_text("You have none yet")).to_be_visible()
    told = dict(page.evaluate("window.asked.signals"))
    assert told["signalAllAcceptedCredentials"]["allAcceptedCredentialIds"] == []


def test_autofill_signs_in_without_a_press(page, device, site):
    person(page, site, "autofill@example.org")
    add(page, site, "Phone")
    sign_out(page)
    page.goto(site.url + "/accounts/login/")
    page.wait_for_url("**/dashboard/")
    page.wait_for_selector("text=Signed in with passkey")


def test_a_cancelled_press_changes_nothing_and_autofill_goes_on(page, device, site):
    page.goto(site.url + "/accounts/login/")
    asked(page, conditional=1)
    # the device knows no passkey of this site: Chromium refuses as if cancelled
    page.click("#passkey_login")
    asked(page, conditional=2)
    expect(page.locator("#passkey-problem")).to_be_hidden()
    assert page.evaluate("window.asked.most") == 1


def test_a_passkey_that_is_not_known_here(page, device, site):
    person(page, site, "unknown@example.org")
    add(page, site, "Gone")
    site.run(
        "from allauth.mfa.models import Authenticator\n"
        "Authenticator.objects.filter(user__email='unknown@example.org').delete()\n"
        "print(0)\n"
    )
    sign_out(page)
    page.add_init_script("delete PublicKeyCredential.isConditionalMediationAvailable")
    page.goto(site.url + "/accounts/login/")
    page.fill("#id_login", "unknown@example.org")
    page.click("#passkey_login")
    problem = page.locator("#passkey-problem")
    expect(problem).to_contain_text("This passkey is not known here")
    assert page.evaluate("document.activeElement.id") == "passkey-problem"
    assert page.input_value("#id_login") == "unknown@example.org"
    (credential,) = device.credentials()
    name, about = page.evaluate("window.asked.signals")[0]
    assert name == "signalUnknownCredential"
    assert about["rpId"] == "localhost"
    sent = about["credentialId"].replace("-", "+").replace("_", "/")
    assert credential["credentialId"].rstrip("=") == sent
    check(page, "unknown passkey")


def test_an_old_challenge_is_renewed_while_the_page_stands(page, device, site):
    page.clock.install()
    page.goto(site.url + "/accounts/login/")
    asked(page, conditional=1)
    with page.expect_response("**/webauthn/login/"):
        page.clock.fast_forward("11:00")
    asked(page, conditional=2)
    assert page.evaluate("window.asked.most") == 1


@pytest.mark.parametrize("width", WIDTHS)
def test_sign_up_with_a_passkey(page, device, site, width):
    page.set_viewport_size({"width": width, "height": 800})
    email = f"passkey-up-{width}@example.org"
    page.goto(site.url + "/accounts/signup/")
    page.get_by_role("link", name="Continue with a passkey").click()
    check(page, "sign up by passkey")
    page.fill("#id_email", email)
    page.get_by_role("button", name="Send the code").click()
    page.wait_for_selector("#id_code")
    page.fill("#id_code", site.mail_to(email, CODE))
    page.get_by_role("button", name="Check the code").click()
    page.wait_for_url("**/2fa/webauthn/signup/")
    check(page, "make it")
    page.click("#mfa_webauthn_signup")
    page.wait_for_url("**/dashboard/")
    expect(page.get_by_text("Add a second passkey", exact=True)).to_be_visible()
    page.goto(site.url + LIST)
    page.get_by_role("link", name=re.compile("^Remove")).click()
    check(page, "remove it")  # codes by mail are another way in on this site
    sign_out(page)
    page.goto(site.url + "/accounts/login/")
    page.wait_for_url("**/dashboard/")


@pytest.mark.parametrize("width", WIDTHS)
def test_a_security_key_as_second_step_and_as_proof(page, site, width):
    page.set_viewport_size({"width": width, "height": 800})
    Device(page, transport="usb", verified=False, resident=False)
    email = f"yubi-{width}@example.org"
    person(page, site, email)
    add(page, site, "Yubi", alone=False)
    page.goto(site.url + LIST)
    expect(page.locator(".badge", has_text="Security key")).to_be_visible()
    sign_out(page)
    sign_in(page, site, email)
    page.wait_for_url("**/2fa/authenticate/")
    check(page, "second step by key")
    page.get_by_role("button", name="Use it now").click()
    page.get_by_role("button", name="Don't trust it").click()
    page.wait_for_url("**/dashboard/")
    page.goto(site.url + LIST + "reauthenticate/?next=/accounts/email/")
    check(page, "proof by key")
    page.click("#mfa_webauthn_reauthenticate")
    page.wait_for_url(re.compile(r"^[^?]+/accounts/email/$"))


def test_a_key_that_checks_nobody_cannot_become_a_passkey(page, site):
    Device(page, transport="usb", verified=False)
    person(page, site, "presence@example.org")
    page.goto(site.url + LIST + "add/")
    page.click("#mfa_webauthn_add")
    expect(page.locator("form[data-key-ceremony]")).not_to_have_attribute(
        "data-asking", "yes"
    )
    assert page.url.endswith("/add/")
    page.goto(site.url + LIST)
    expect(page.get_by_text("You have none yet")).to_be_visible()


def test_the_same_device_twice_is_told(page, device, site):
    person(page, site, "twice@example.org")
    add(page, site, "Laptop")
    page.goto(site.url + LIST + "add/")
    page.click("#mfa_webauthn_add")
    expect(page.locator("#passkey-problem")).to_contain_text("already has a passkey")
    check(page, "already")


def test_without_the_newer_browser_functions(page, device, site):
    page.add_init_script(
        "delete PublicKeyCredential.parseRequestOptionsFromJSON;"
        "delete PublicKeyCredential.parseCreationOptionsFromJSON;"
        "delete PublicKeyCredential.prototype.toJSON;"
        "delete PublicKeyCredential.isConditionalMediationAvailable;"
    )
    person(page, site, "older@example.org")
    add(page, site, "Laptop")
    sign_out(page)
    page.goto(site.url + "/accounts/login/")
    page.click("#passkey_login")
    page.wait_for_url("**/dashboard/")


def test_without_javascript_no_button_leads_nowhere(browser_process, site):
    context = browser_process.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(site.url + "/accounts/login/")
    assert not page.locator("#passkey_login").is_visible()
    page.goto(site.url + "/accounts/signup/passkey/")
    expect(page.get_by_text("Passkeys need JavaScript")).to_be_visible()
    context.close()


def test_a_browser_without_passkeys_is_offered_none(page, site):
    page.add_init_script("delete window.PublicKeyCredential")
    page.goto(site.url + "/accounts/login/")
    assert not page.locator("#passkey_login").is_visible()
    assert page.get_by_role("link", name="E-mail me a code").is_visible()
