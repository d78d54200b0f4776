"""Ways in: sign in, sign up, codes by mail, a forgotten password."""

from __future__ import annotations

from tests.scenes.scene import SEND, Scene, fill

LOGIN, SIGNUP = "/accounts/login/", "/accounts/signup/"
CODE = "/accounts/login/code/"
RESET = "/accounts/password/reset/"
PASSKEY_UP = "/accounts/2fa/webauthn/signup/"
WRONG = "0000-0000"
#: Why a session ended, and some of what its browser is told (accounts.policy.models).
OUT = {
    "password": "because your password changed",
    "elsewhere": "from another browser or device",
    "admin": "by an administrator",
    "unused": "was not used for a while",
    "too_old": "you signed in here long ago",
    "too_many": "on many other devices",
    "not_me": "reported as used by a stranger",
    "closing": "this account is closing",
    "factors": "because your second steps were removed",
}
NOBODY = "nobody@example.org"
LONG = "a.very.long.name.that.goes.on.and.on@" + "a-long-label." * 5 + "example.org"


def signed_in_meanwhile(page, stage):
    """Another tab signs somebody else in while this one is being filled in."""
    page.fill("#id_login", "someone.else@example.org")
    page.fill("#id_password", "correct horse battery")
    session = stage.cookies["app"]["sessionid"]
    cookie = {"name": "sessionid", "value": session, "url": stage.url}
    page.context.add_cookies([cookie])
    page.locator(SEND).click()
    page.locator("form[action$='/login/other/']").wait_for()


SIGN_IN = [
    Scene("sign in: empty", LOGIN, "or with your password"),
    Scene("sign in: back after Google", LOGIN, "Last used", who="guest, out"),
    Scene(
        "sign in: refused", LOGIN, "Enter a correct e-mail",
        act=fill(login=NOBODY, password="wrong"),
    ),
    Scene(
        "sign in: refused, long", LOGIN, "Enter a correct e-mail",
        act=fill(login=LONG, password="wrong"),
    ),
    Scene("sign in: nothing typed", LOGIN, "There is a problem", act=fill()),
    Scene("sign in: for the admin", "/admin/", "or with your password"),
    *(
        Scene(f"sign in: out, {reason}", "/dashboard/", told, f"out: {reason}")
        for reason, told in OUT.items()
    ),
    Scene(
        "sign in: another account", LOGIN, "Sign out and use another account",
        act=signed_in_meanwhile,
    ),
    Scene("sign in: switched off", "/accounts/inactive/", "It has been switched off"),
]  # fmt: skip
SIGN_UP = [
    Scene("sign up: empty", SIGNUP, "or with a password"),
    Scene(
        "sign up: refused", SIGNUP, "There is a problem",
        act=fill(email="nonsense", password1="short"),
    ),
    Scene("sign up: closed", "/scenes/signup/closed/", "Sign-up is closed"),
    Scene("sign up: by passkey", "/accounts/signup/passkey/", "No password to choose"),
    Scene(
        "sign up: by passkey, refused", "/accounts/signup/passkey/",
        "There is a problem", act=fill(email="nonsense"),
    ),
    Scene("sign up: make the passkey", PASSKEY_UP, "Make your passkey", "passkey"),
    Scene("sign up: code", "/accounts/confirm-email/", "Enter the code", "verify"),
    Scene(
        "sign up: code, wrong", "/accounts/confirm-email/", "There is a problem",
        "verify", fill(code=WRONG),
    ),
]  # fmt: skip
BY_CODE = [
    Scene("code by mail: ask", CODE, "You sign in with it, without your password"),
    Scene(
        "code by mail: refused", CODE, "There is a problem", act=fill(email="nonsense")
    ),
    Scene("code by mail: type", f"{CODE}confirm/", "Enter the code to sign in", "code"),
    Scene(
        "code by mail: wrong", f"{CODE}confirm/", "There is a problem",
        "code", fill(code=WRONG),
    ),
]  # fmt: skip
FORGOTTEN = [
    Scene("reset: ask", RESET, "We send you a link"),
    Scene("reset: refused", RESET, "There is a problem", act=fill(email="nonsense")),
    Scene("reset: asked", f"{RESET}done/", "Look in your mail"),
    Scene("reset: new password", "{reset}", "Choose a new password", "reset"),
    Scene(
        "reset: new password refused", "{reset}", "There is a problem", "reset",
        fill(password1="password"),
    ),
    Scene("links: too old, reset", f"{RESET}key/1-x/", "This link no longer works"),
    Scene("reset: done", f"{RESET}key/done/", "Your password is changed"),
]  # fmt: skip


SCENES = [*SIGN_IN, *SIGN_UP, *BY_CODE, *FORGOTTEN]
