"""Where scenes are played: the site with its stand-ins, and everybody's cookies."""

from __future__ import annotations

import contextlib
import os
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from tests.pseudo.make import said
from tests.services import postgres, server
from tests.services.ports import free_port
from tests.standins.fixtures import CLIENT, running

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playwright.sync_api import Page

    from tests.scenes.scene import Scene

PATIENCE = 5000
#: Scenes are played faster than people sign in; each address keeps its own limit.
#: What counts by network has none: all scenes come from one.
LIMITS = (
    "login=9999/m/ip;login_failed=5/300s/key;signup=999/m/ip;manage_email=999/m/ip;"
    "reset_password=999/m/ip;confirm_email=999/m/ip"
)
PEOPLE = (
    "import json; from tests.scenes import people; print(json.dumps(people.make()))"
)


@dataclass
class Stage:
    """A running site whose people are there. `facts` are for paths and forms."""

    site: server.Site
    cookies: dict[str, dict[str, str]]
    facts: dict[str, str]

    @property
    def url(self) -> str:
        """The site's address."""
        return self.site.url

    def enter(self, page: Page, scene: Scene, language: str = "en") -> None:
        """Bring a page to a scene, as its person. Raises when it ends elsewhere.

        `language` is what the page's requests ask for.
        """
        context = page.context
        context.clear_cookies()
        kept = self.cookies[scene.who] if scene.who else {}
        context.add_cookies(
            [
                {"name": name, "value": value, "url": self.url}
                for name, value in kept.items()
            ]
        )
        answer = page.goto(self.url + scene.path.format(**self.facts))
        if answer and answer.status >= 500 and scene.group != "error":
            msg = f"{scene.name}: {answer.status}"
            raise AssertionError(msg)
        if scene.act:
            scene.act(page, self)
        # What one form remembers for the next one is not for the next scene.
        page.evaluate("sessionStorage.clear()")
        self._look(page, scene, language)

    def _look(self, page: Page, scene: Scene, language: str) -> None:
        """For the words that are there in this state alone."""
        words = page.get_by_text(scene.see)
        if scene.ours:
            # What people chose is the same in all languages.
            words = words.or_(page.get_by_text(said(scene.see, language)))
        elif language != "en":
            # Django's own words are in catalogues of its own.
            asked = urlsplit(scene.path.format(**self.facts)).path
            assert urlsplit(page.url).path == asked, f"{scene.name}: {page.url}"
            return
        words.first.wait_for(state="attached", timeout=PATIENCE)

    def csrf(self, page: Page) -> str:
        """The token of this page's cookie."""
        found: list[Any] = page.context.cookies(self.url)
        tokens = [one["value"] for one in found if one["name"] == "csrftoken"]
        return tokens[0] if tokens else ""


@contextlib.contextmanager
def stage(
    database: str, workers: int = 1, settings: str = "tests.scenes.settings"
) -> Iterator[Stage]:
    """The site on a database of this name, its stand-ins, and its people.

    "tests.pseudo.settings" has languages that nobody speaks.
    """
    port = free_port()
    url = f"http://localhost:{port}"
    with (
        running(f"{CLIENT}={url}") as standins,
        server.site(
            postgres.new_database(os.environ["DATABASE_URL"], database),
            os.environ["CACHE_URL"],
            workers=workers,
            PORT=str(port),
            SITE_URL=url,
            DJANGO_SETTINGS_MODULE=settings,
            STANDINS_URL=standins.url,
            RATE_LIMITS=LIMITS,
            LOGIN_BY_CODE="true",
        ) as site,
    ):
        made = site.run(PEOPLE)
        yield Stage(site, made["cookies"], made["facts"])
