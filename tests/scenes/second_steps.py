"""Second steps: at the entrance, set up, taken away; and proof asked for again."""

from __future__ import annotations

from tests.scenes.scene import REFUSED, Act, Scene, fill, press

STEP = "/accounts/2fa/authenticate/"
TOTP = "/accounts/2fa/totp/"
CODES = "/accounts/2fa/recovery-codes/"
KEYS = "/accounts/2fa/webauthn/"
PROOF = "/accounts/reauthenticate/"
WRONG = "000000"


def bad_key(form: str) -> Act:
    """Send what no key has signed."""

    def act(page, stage):
        page.locator(form).evaluate(
            "form => { form.elements.credential.value = '{\"id\": 1}'; form.submit(); }"
        )
        page.locator(REFUSED).wait_for()

    return act


PROBLEM = "There is a problem"

AT_THE_ENTRANCE = [
    Scene("second step: app", STEP, "Open your authenticator app", "app, halfway"),
    Scene("second step: wrong", STEP, PROBLEM, "app, halfway", fill(code=WRONG)),
    Scene("second step: app or key", STEP, "No app at hand?", "rich, halfway"),
    Scene("second step: key alone", STEP, "Lost it?", "key, halfway"),
    Scene(
        "second step: key alone, wrong recovery code", STEP, PROBLEM, "key, halfway",
        fill(".card-foot form .btn", code=WRONG),
    ),
    Scene(
        "second step: key refused", STEP, PROBLEM, "key, halfway",
        bad_key("#webauthn_form"),
    ),
    Scene("second step: trust", "/accounts/2fa/trust/", "Trust this", "app, trust"),
    Scene(
        "second step: demanded", "/dashboard/",
        "Your account needs a second step", "must enrol",
    ),
]  # fmt: skip
APP = [
    Scene("app: set up", f"{TOTP}activate/", "Scan this picture", "new"),
    Scene("app: wrong", f"{TOTP}activate/", PROBLEM, "new", fill(code=WRONG)),
    Scene("app: turn off", f"{TOTP}deactivate/", "Nothing has happened yet", "rich"),
]
RECOVERY = [
    Scene(
        "recovery codes: fresh", f"{CODES}generate/", "Save them now", "app",
        press("main form .btn", "#codes"),
    ),
    Scene("recovery codes: shown before", CODES, "They were shown once", "rich"),
    Scene("recovery codes: make new ones", f"{CODES}generate/", "ten new", "rich"),
]  # fmt: skip
PASSKEYS = [
    Scene("passkeys: none", KEYS, "You have none yet", "new"),
    Scene("passkeys: one", KEYS, "You have one", "key"),
    Scene("passkeys: long names", KEYS, "You have 3", "rich"),
    Scene("passkeys: add", f"{KEYS}add/", "Make the passkey", "new"),
    Scene("passkeys: rename", f"{KEYS}keys/{{passkey}}/edit/", "Rename", "rich"),
    Scene(
        "passkeys: rename, refused", f"{KEYS}keys/{{passkey}}/edit/", PROBLEM, "rich",
        fill(name=""),
    ),
    Scene("passkeys: remove", f"{KEYS}keys/{{passkey}}/remove/", "Remove it", "rich"),
    Scene(
        "passkeys: remove, refused", f"{KEYS}keys/{{last_key}}/remove/",
        "This is your only way to sign in", "passkey alone",
    ),
]  # fmt: skip
AGAIN = [
    Scene("proof: password", f"{PROOF}?next=/profile/", "we ask again", "new"),
    Scene(
        "proof: password, wrong", f"{PROOF}?next=/profile/", PROBLEM, "new",
        fill(password="wrong"),
    ),
    Scene("proof: code", "/accounts/2fa/reauthenticate/", "Another way", "rich"),
    Scene(
        "proof: code, wrong", "/accounts/2fa/reauthenticate/", PROBLEM, "rich",
        fill(code=WRONG),
    ),
    Scene("proof: key", f"{KEYS}reauthenticate/", "security key", "rich"),
    Scene(
        "proof: key refused", f"{KEYS}reauthenticate/", PROBLEM, "rich",
        bad_key("main form[data-key-ceremony]"),
    ),
    Scene(
        "reauthenticate: by email", f"{PROOF}code/?next=/profile/", "We will email",
        "guest",
    ),
    Scene(
        "reauthenticate: by email, sent", f"{PROOF}code/confirm/?next=/profile/",
        "We emailed a code", "guest, asked",
    ),
    Scene(
        "reauthenticate: by email, wrong", f"{PROOF}code/confirm/?next=/profile/",
        PROBLEM,
        "guest, asked", fill(code="0000-0000"),
    ),
]  # fmt: skip
LOST = "/accounts/2fa/lost/"
REMOVAL = [
    Scene("removal: start", LOST, "Need it sooner?", "app, halfway"),
    Scene("removal: start, signed in", LOST, "Need it sooner?", "app"),
    Scene(
        "removal: wrong password", LOST, PROBLEM, "app",
        fill(password="wrong"),
    ),
    Scene("removal: no password", LOST, "You have no password", "passkey alone"),
    Scene("removal: code", f"{LOST}code/", "Request the removal", "lost, asked"),
    Scene(
        "removal: wrong code", f"{LOST}code/", PROBLEM, "lost, asked",
        fill(send="main form .btn-danger", code="0000-0000"),
    ),
    Scene("removal: waiting", LOST, "If you find your device", "removing, halfway"),
    Scene("removal: waiting, signed in", LOST, "unless someone cancels", "removing"),
    Scene("removal: banner", "/profile/", "Cancel the removal", "removing"),
    Scene("removal: keep?", "{keep_factors}", "Keep your second steps?"),
    Scene("removal: cancelled", f"{LOST}cancelled/", "The request is cancelled"),
    Scene("links: too old, removal", f"{LOST}cancel/x/", "no longer works"),
]  # fmt: skip
SCENES = [*AT_THE_ENTRANCE, *APP, *RECOVERY, *PASSKEYS, *AGAIN, *REMOVAL]
