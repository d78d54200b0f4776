"""The Python examples: a venv for each, as its README makes it, and how to start it."""

from __future__ import annotations

import contextlib
import hashlib
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from tests.examples.stand_in import AUDIENCE
from tests.examples.tools import EXAMPLES, ROOT, running

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.examples.stand_in import StandIn

PACKAGE = EXAMPLES / "python_verifier"
#: PORT becomes a free port.
COMMANDS = {
    "fastapi_service": [
        "-m", "uvicorn", "--factory", "app:create_app", "--port", "PORT",
        "--log-level", "warning",
    ],
    "drf_service": [
        "-m", "gunicorn", "--bind", "127.0.0.1:PORT", "--threads", "8",
        "--log-level", "warning", "orders.wsgi",
    ],
}  # fmt: skip


@dataclass(frozen=True)
class Example:
    """One of the services."""

    name: str
    python: Path

    @property
    def folder(self) -> Path:
        """Where it is."""
        return EXAMPLES / self.name

    @contextlib.contextmanager
    def running(
        self, issuer: str, audience: str, *more: str, **environment: str
    ) -> Iterator[str]:
        """The service, told whom to believe; yields its URL."""
        command = [self.python, *COMMANDS[self.name], *more]
        told = {"AUTH_ISSUER": issuer, "AUTH_AUDIENCE": audience, **environment}
        with running(command, self.folder, **told) as url:
            yield url

    @contextlib.contextmanager
    def trusting(
        self, issuer: StandIn, *more: str, **environment: str
    ) -> Iterator[str]:
        """The service, believing an issuer of ours."""
        with self.running(issuer.url, AUDIENCE, *more, **environment) as url:
            yield url


def install(name: str) -> Example:
    """An example with a Python that has its requirements and nothing of ours.

    Made by pip in the example's folder, as its README says; the package anew when its
    code has changed, all of it when what it requires has.
    """
    folder = EXAMPLES / name
    wanted = [folder / "requirements.txt", PACKAGE / "pyproject.toml"]
    venv = ROOT / ".venv" / "examples" / f"{name}-{digest(wanted)}"
    python = venv / "bin" / "python"
    code = digest(sorted((PACKAGE / "authsite_verifier").glob("*.py")))
    ready = venv / "ready"
    pip = [python, "-m", "pip", "install", "-q", "--disable-pip-version-check"]
    if not ready.exists():
        subprocess.run([sys.executable, "-m", "venv", venv], check=True)
        subprocess.run([*pip, "-r", "requirements.txt"], check=True, cwd=folder)
    elif ready.read_text() != code:
        again = [*pip, "--no-deps", "--force-reinstall", PACKAGE]
        subprocess.run(again, check=True, cwd=folder)
    ready.write_text(code)
    return Example(name, python)


def digest(files: list[Path]) -> str:
    """A short name for the files' content."""
    found = hashlib.sha256()
    for file in files:
        found.update(file.name.encode() + file.read_bytes())
    return found.hexdigest()[:12]
