"""A signed-in person's own pages."""

from __future__ import annotations

from tests.scenes.scene import REFUSED, Act, Scene, fill, press

PASSWORD = "/accounts/password/"
EMAIL = "/accounts/email/"
DEVICES = "/accounts/sessions/"
CONNECTED = "/accounts/3rdparty/"
PROBLEM = "There is a problem"
LONG = "Dr " * 60


def too_long(page, stage):
    """A name that only a browser without bounds of its own sends."""
    page.locator("#id_name").evaluate("field => field.removeAttribute('maxlength')")
    fill(name=LONG)(page, stage)


def astray(misfortune: str) -> Act:
    """By the first provider, where something goes wrong."""

    def act(page, stage):
        page.locator(".providers .btn").first.click()
        page.select_option("#misfortune", misfortune)
        page.locator("button[name=person]").first.click()
        page.locator("main .card-head").wait_for()

    return act


OVERVIEW = [
    Scene("home: signed out", "/", "One account for everything"),
    Scene("dashboard: new person", "/dashboard/", "Add a second step", "new"),
    Scene("dashboard: filled, long names", "/dashboard/", "Recent activity", "rich"),
    Scene("dashboard: few codes", "/dashboard/", "Renew your recovery", "few codes"),
    Scene("profile: as it is", "/profile/", "Account number", "rich"),
    Scene(
        "profile: saved", "/profile/", "Your profile was saved", "app",
        fill(name="Kim Ito", then=".notice-good"),
    ),
    Scene("profile: refused", "/profile/", PROBLEM, "new", too_long),
    Scene("activity: short", "/accounts/activity/", "Signed in with", "new"),
    Scene("activity: long", "/accounts/activity/", "Older", "rich"),
    Scene("activity: the next page", "/accounts/activity/?page=2", "Newer", "rich"),
]  # fmt: skip
SECURITY = [
    Scene("security: nothing on", "/accounts/2fa/", "Ways to sign in", "new"),
    Scene("security: all on", "/accounts/2fa/", "Your second step is on", "rich"),
    Scene("security: key alone", "/accounts/2fa/", "You have only one", "key"),
    Scene("security: no password", "/accounts/2fa/", "You have none yet.", "guest"),
    Scene(
        "security: few codes", "/accounts/2fa/", "Your second step is on", "few codes"
    ),
    Scene("devices: one", DEVICES, "None signed in", "new"),
    Scene("devices: many", DEVICES, "Sign out the other", "rich"),
]
ADDRESSES = [
    Scene("password: change", f"{PASSWORD}change/", "Current password", "new"),
    Scene(
        "password: refused", f"{PASSWORD}change/", PROBLEM, "new",
        fill(oldpassword="wrong", password1="short"),
    ),
    Scene("password: set", f"{PASSWORD}set/", "Then you can sign in", "guest"),
    Scene(
        "password: set, refused", f"{PASSWORD}set/", PROBLEM, "guest",
        fill(password1="password"),
    ),
    Scene("e-mail: change", EMAIL, "Send a code there", "new"),
    Scene("e-mail: waiting", EMAIL, "is waiting to be confirmed", "moving"),
    Scene("e-mail: code", "/accounts/confirm-email/", "elsewhere@", "moving, code"),
    Scene("e-mail: code on its way", EMAIL, "Enter the code", "moving, code"),
    Scene("e-mail: refused", EMAIL, PROBLEM, "new", fill(email="nonsense")),
    Scene("e-mail: long", EMAIL, "Confirmed", "rich"),
]  # fmt: skip
PROVIDERS = [
    Scene("connections: none", CONNECTED, "You sign in with your e-mail", "new"),
    Scene("connections: two", CONNECTED, "Disconnect", "rich"),
    Scene(
        "connections: refused", CONNECTED, PROBLEM, "only Google",
        press("main .row-side .btn", REFUSED),
    ),
    Scene("provider: consent", "/accounts/google/login/", "tells us your e-mail"),
    Scene(
        "provider: connect", "/accounts/google/login/?process=connect",
        "You can sign in here with", "new",
    ),
    Scene("provider: no address", f"{CONNECTED}signup/", "did not tell", "no address"),
    Scene(
        "provider: no address, refused", f"{CONNECTED}signup/", PROBLEM, "no address",
        fill(email="nonsense"),
    ),
    Scene("provider: refused", f"{CONNECTED}login/cancelled/", "You stopped on"),
    Scene("provider: not connected", f"{CONNECTED}login/error/", "Nothing was", "new"),
    Scene("provider: stopped", f"{CONNECTED}login/cancelled/", "Nothing was", "new"),
    Scene(
        "provider: failed, no answer", "/accounts/login/", "We got no answer",
        act=astray("error_500"),
    ),
]  # fmt: skip
REST = [
    Scene("sign out: sure?", "/accounts/logout/", "Stay signed in", "new"),
    Scene("mailbox: mails, none", "/scenes/mailbox/empty/", "No mail yet"),
    Scene("mailbox: mails", "/scenes/mailbox/", "Mail that was sent"),
]
SCENES = [*OVERVIEW, *SECURITY, *ADDRESSES, *PROVIDERS, *REST]
