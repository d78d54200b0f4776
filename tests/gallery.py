"""`make gallery`: a picture of every scene, so that a change can be looked at.

Light and dark, 320 and 1280 wide, left to right and right to left (in a language that
nobody speaks, see tests.pseudo), and an index.html that shows them by group. A folder
may be named; words after it choose the scenes whose names hold one of them.
"""

from __future__ import annotations

import sys
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING

from playwright.sync_api import Error, sync_playwright

import tests.services.environment  # noqa: F401 - sets the environment up
from tests.scenes.stage import stage
from tests.scenes.table import SCENES
from tests.services.browser import ARGUMENTS, chromium

if TYPE_CHECKING:
    from collections.abc import Iterable

    from playwright.sync_api import Page

    from tests.scenes.scene import Scene
    from tests.scenes.stage import Stage

FOLDER = Path(__file__).resolve().parent.parent / "var" / "gallery"
STYLE = (Path(__file__).parent / "gallery.css").read_text("utf-8")
WIDTHS, SCHEMES = (320, 1280), ("light", "dark")
#: Which language is read which way: both are in the settings of tests.pseudo.
WAYS = {"ltr": "en", "rtl": "he"}
AT_ONCE = 4


@dataclass(frozen=True)
class Picture:
    """One look at one scene."""

    scene: Scene
    way: str
    width: int
    scheme: str

    @property
    def file(self) -> str:
        """Its name in the folder."""
        return f"{self.scene.slug}.{self.way}.{self.width}.{self.scheme}.png"


def shoot(found: Stage, scenes: list[Scene], folder: Path) -> list[str]:
    """All pictures of some scenes; returns what went wrong."""
    wrong = []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium(), args=ARGUMENTS)
        for way, language in WAYS.items():
            context = browser.new_context(
                reduced_motion="reduce",
                extra_http_headers={"Accept-Language": language},
            )
            context.set_default_timeout(15_000)
            page = context.new_page()
            for scene in scenes:
                try:
                    play(found, page, scene, way, folder)
                except (Error, AssertionError) as error:
                    why = str(error).partition("\n")[0]
                    wrong.append(f"{scene.name}, {way}: {why}")
            context.close()
        browser.close()
    return wrong


def play(found: Stage, page: Page, scene: Scene, way: str, folder: Path) -> None:
    """One scene, with its pictures."""
    found.enter(page, scene, WAYS[way])
    for width in WIDTHS:
        page.set_viewport_size({"width": width, "height": 800})
        for scheme in SCHEMES:
            page.emulate_media(color_scheme=scheme)
            picture = Picture(scene, way, width, scheme)
            page.screenshot(
                path=folder / picture.file, full_page=True, animations="disabled"
            )


def shares(scenes: Iterable[Scene]) -> list[list[Scene]]:
    """Those of one person stay together: what a page says once, it says in one tab."""
    people: dict[str, list[Scene]] = {}
    for scene in scenes:
        people.setdefault(scene.who or scene.group, []).append(scene)
    found: list[list[Scene]] = [[] for _ in range(AT_ONCE)]
    for group in sorted(people.values(), key=len, reverse=True):
        min(found, key=len).extend(group)
    return [share for share in found if share]


def pictures(scenes: list[Scene], folder: Path) -> list[str]:
    """All of them; returns what went wrong."""
    with (
        stage("authsite_gallery", 2, "tests.pseudo.settings") as found,
        ThreadPoolExecutor(AT_ONCE) as tabs,
    ):
        parts = tabs.map(lambda share: shoot(found, share, folder), shares(scenes))
        return [told for part in parts for told in part]


def index(scenes: list[Scene]) -> str:
    """The page: filters that need no script, then the scenes by group."""
    choices = "".join(
        f'<input type="checkbox" id="{name}" checked><label for="{name}">{name}</label>'
        for name in (*WAYS, *(f"w{width}" for width in WIDTHS), *SCHEMES)
    )
    groups: dict[str, list[Scene]] = {}
    for scene in scenes:
        groups.setdefault(scene.group, []).append(scene)
    body = "".join(
        f'<h2 id="{escape(name)}">{escape(name)}</h2>' + "".join(map(section, group))
        for name, group in groups.items()
    )
    links = "".join(f'<a href="#{escape(n)}">{escape(n)}</a> ' for n in groups)
    return (
        f'<!doctype html><html lang="en"><meta charset="utf-8"><title>Gallery</title>'
        f"<style>{STYLE}</style><h1>{len(scenes)} scenes</h1>"
        f"{choices}<nav>{links}</nav><main>{body}</main></html>"
    )


def section(scene: Scene) -> str:
    """One scene's row."""
    pictures = (
        Picture(scene, way, width, scheme)
        for way in WAYS for width in WIDTHS for scheme in SCHEMES
    )  # fmt: skip
    return f"<h3>{escape(scene.name)}</h3><p>" + "".join(
        f'<a class="{one.way} w{one.width} {one.scheme}" href="{one.file}">'
        f'<img loading="lazy" src="{one.file}" alt="{one.scheme}, {one.width}">'
        "</a>"
        for one in pictures
    )


def main(folder: Path = FOLDER, *words: str) -> int:
    """0 when every scene was reached."""
    began = time.monotonic()
    chromium()  # once: on a machine without one it is installed
    folder.mkdir(parents=True, exist_ok=True)
    for old in folder.glob("*.png"):
        old.unlink()
    chosen = [s for s in SCENES if not words or any(word in s.name for word in words)]
    wrong = pictures(chosen, folder)
    page = folder / "index.html"
    page.write_text(index(chosen), encoding="utf-8")
    count = len(list(folder.glob("*.png")))
    sys.stdout.write("".join(f"not reached: {told}\n" for told in wrong))
    sys.stdout.write(
        f"{count} pictures of {len(chosen)} scenes in "
        f"{time.monotonic() - began:.0f} s: {page}\n"
    )
    return 1 if wrong else 0


if __name__ == "__main__":
    arguments = sys.argv[1:]
    sys.exit(main(*([Path(arguments[0]), *arguments[1:]] if arguments else [])))
