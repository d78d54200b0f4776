"""A Chromium for tests: the system's, else Debian's package, else Playwright's own."""

from __future__ import annotations

import functools
import os
import shutil
import subprocess
import sys
from pathlib import Path

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
NONE = (
    "No Chromium can be had: install one (on Debian: apt-get install chromium), "
    "or let `playwright install chromium` reach the network."
)
#: As root Chromium needs --no-sandbox; the rest keeps it from calling home.
ARGUMENTS = [
    "--no-sandbox",
    "--disable-dev-shm-usage",  # small in containers
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
]


@functools.cache
def chromium() -> str | None:
    """The browser's path; None for Playwright's own. Exits when none can be had."""
    found = installed()
    if found is None and os.geteuid() == 0 and shutil.which("apt-get"):
        environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
        for command in (
            ["update"],
            ["install", "-y", "--no-install-recommends", NAMES[0]],
        ):
            subprocess.run(
                ["apt-get", "-qq", *command],
                env=environment, check=False, stdout=subprocess.DEVNULL,
            )  # fmt: skip
        found = installed()
    if found is None:
        command = [sys.executable, "-m", "playwright", "install", "chromium"]
        if subprocess.run(command, check=False).returncode:
            raise SystemExit(NONE)
    return found


def installed() -> str | None:
    """The path of a Chromium that is there already."""
    paths = (shutil.which(name) for name in NAMES)
    return next((path for path in paths if path and Path(path).exists()), None)


def told() -> str:
    """A word for the summary."""
    path = chromium()
    if path is None:
        return "Chromium (Playwright's own)"
    output = subprocess.run(
        [path, "--version", "--no-sandbox"], capture_output=True, text=True, check=False
    )
    return " ".join(output.stdout.split()[:2]) or "Chromium"
