"""What a scene is, and the few things that are done to get into one."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from playwright.sync_api import Page

    from tests.scenes.stage import Stage

Act = Callable[["Page", "Stage"], None]
REFUSED = "#error-summary"
SEND = "main form .btn-primary"
#: What people and password managers know a form by.
FIELDS = """() => [...document.querySelectorAll(
    "main input:not([type=hidden]), main select, main textarea"
  )].map((e) => [e.name, e.id, e.type, e.autocomplete,
    ...[...e.labels].map((label) => label.textContent)])"""


@dataclass(frozen=True)
class Scene:
    """One page in one state.

    `who` names whose cookies the browser has (tests.scenes.people); none: a stranger's.
    `see` are words that are on this page in this state alone, so that a scene which
    ends elsewhere is noticed. `why_not` says why axe is not asked, if it is not.
    """

    name: str
    path: str
    see: str
    who: str = ""
    act: Act | None = None
    ours: bool = True
    why_not: str = ""

    @property
    def slug(self) -> str:
        """The name as a file's."""
        return "".join(c if c.isalnum() else "-" for c in self.name.lower())

    @property
    def group(self) -> str:
        """What stands before the colon."""
        return self.name.partition(":")[0]


def fill(send: str = SEND, then: str = REFUSED, **fields: str) -> Act:
    """Type into fields by their names, press, and wait for what comes then.

    A form that is refused comes back with the same fields.
    """

    def act(page: Page, stage: Stage) -> None:
        before = page.evaluate(FIELDS)
        for name, value in fields.items():
            page.fill(f"main [name={name}]", value.format(**stage.facts))
        press(send, then)(page, stage)
        if then == REFUSED and (after := page.evaluate(FIELDS)) != before:
            raise AssertionError(f"{before} came back as {after}")

    return act


def press(what: str, then: str) -> Act:
    """Press something, and wait for what comes then."""

    def act(page: Page, stage: Stage) -> None:
        page.locator(what).first.click()
        page.locator(then).first.wait_for()

    return act


def post(path: str, body: str = "", *, times: int = 1) -> Act:
    """What a page of ours would not send: a POST to anywhere, as it is."""

    def act(page: Page, stage: Stage) -> None:
        def change(route):
            route.continue_(
                method="POST",
                post_data=body,
                headers={
                    **route.request.headers,
                    "content-type": "application/x-www-form-urlencoded",
                    "origin": stage.url,
                    "x-csrftoken": stage.csrf(page),
                },
            )

        page.route(stage.url + path, change, times=times)
        for _ in range(times):
            page.goto(stage.url + path)

    return act
