"""Error pages."""

from __future__ import annotations

from tests.scenes.scene import SEND, Act, Scene, fill, post, press

WAY_ON = "main .notice-warn"
TOO_MUCH = "x=" + "x" * (300 * 1024)


def without_cookies(page, stage):
    """A form that was open while its cookie went."""
    page.context.clear_cookies()
    fill(login="a@example.org", password="x", then="main h1")(page, stage)


def too_often(**fields: str) -> Act:
    """Send a form as often as one may, and once more by hand."""

    def act(page, stage):
        for _ in range(9):
            answer = page.context.request.post(
                page.url,
                form={**fields, "csrfmiddlewaretoken": stage.csrf(page)},
                headers={"origin": stage.url},
                max_redirects=0,
            )
            if answer.status == 429:
                break
        fill(then=WAY_ON, **fields)(page, stage)

    return act


def export(page, stage):
    """As often as one may, and once more."""
    for _ in range(5):
        page.context.request.post(
            stage.url + "/accounts/export/",
            headers={"x-csrftoken": stage.csrf(page), "origin": stage.url},
        )
    press(SEND, WAY_ON)(page, stage)


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
        "error: 429, guesses", "/accounts/login/", "nothing you need to do",
        act=too_often(login="limited@example.org", password="wrong"),
    ),
    Scene(
        "error: 429, codes", "/accounts/2fa/authenticate/", "too many wrong codes",
        "typist, halfway", too_often(code="000000"),
    ),
    Scene(
        "error: 429, changes", "/accounts/password/change/", "change was not made",
        "hasty", too_often(oldpassword="wrong", password1="another password 9"),
    ),
    Scene(
        "error: 429, calls", "/accounts/export/", "Go to the overview", "hasty", export
    ),
    Scene("error: 500", "/scenes/500/", "went wrong on our side"),
    Scene("error: 503", "/scenes/503/", "Too busy just now"),
]  # fmt: skip
