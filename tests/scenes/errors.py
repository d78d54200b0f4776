"""Error pages."""

from __future__ import annotations

from tests.scenes.scene import REFUSED, Scene, fill, post

WAY_ON = "main .notice-warn"
TOO_MUCH = "x=" + "x" * (300 * 1024)


def without_cookies(page, stage):
    """A form that was open while its cookie went."""
    page.context.clear_cookies()
    fill(login="a@example.org", password="x", then="main h1")(page, stage)


def guess(page, stage):
    """As often as one may, and once more."""
    for _ in range(7):
        fill(
            login="limited@example.org", password="wrong", then=f"{REFUSED}, {WAY_ON}"
        )(page, stage)
        if page.locator(WAY_ON).count():
            return


def ask_for_mails(page, stage):
    """The same."""
    for _ in range(7):
        page.goto(stage.url + "/accounts/password/reset/")
        fill(email="asked@example.org", then="main .card-head")(page, stage)
        if page.locator(WAY_ON).count():
            return


SCENES = [
    Scene("error: 400", "/accounts/login/?next=%00", "cannot be understood"),
    Scene("error: 403", "/admin/", "You may not see this", "new"),
    Scene(
        "error: 403 of a form", "/accounts/login/", "open for too long",
        act=without_cookies,
    ),
    Scene("error: 404", "/nothing/", "There is nothing here"),
    Scene("error: 405", "/dashboard/", "cannot do that", "new", post("/dashboard/")),
    Scene("error: 409", "/scenes/409/", "Another request was first"),
    Scene(
        "error: 413", "/", "too much at once", act=post("/profile/", TOO_MUCH)
    ),
    Scene(
        "error: 429, guesses", "/accounts/login/", "nothing you need to do", act=guess
    ),
    Scene(
        "error: 429, mails", "/accounts/password/reset/", "No further mail was sent",
        act=ask_for_mails,
    ),
    Scene("error: 500", "/scenes/500/", "went wrong on our side"),
    Scene("error: 503", "/scenes/503/", "Too busy just now"),
]  # fmt: skip
