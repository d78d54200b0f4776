"""Our own site as processes of its own: granian, the mail worker, a real database."""

from __future__ import annotations

import contextlib
import fcntl
import functools
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import httpx

from tests.services.ports import free_port

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).resolve().parents[2]
START = 60
MAIL = 15
#: Runs what it is told on the site's settings, a JSON string a line, and says how it
#: went: "" or what was raised.
CLERK = """
import json, sys, traceback
import django
django.setup()
from django.db import connections
for line in sys.stdin:
    trouble = ""
    try:
        exec(json.loads(line), {})
    except Exception:
        trouble = traceback.format_exc()
    connections.close_all()
    print(json.dumps(trouble), flush=True)
"""


@dataclass
class Site:
    """A running site."""

    url: str
    environment: dict[str, str]
    mail: Path
    log: Path
    process: subprocess.Popen[bytes]
    clerk: subprocess.Popen[str] | None = None

    def manage(self, *arguments: str, given: str = "") -> str:
        """Run a management command on this site's settings; returns its output."""
        done = subprocess.run(
            [sys.executable, "manage.py", *arguments],
            cwd=ROOT, env=self.environment, input=given, text=True,
            check=True, stdout=subprocess.PIPE,
        )  # fmt: skip
        return done.stdout

    def doctor(self) -> str:
        """What `manage.py doctor` says of this site, well or not."""
        done = subprocess.run(
            [sys.executable, "manage.py", "doctor"],
            cwd=ROOT,
            env=self.environment,
            text=True,
            check=False,
            capture_output=True,
        )
        return done.stdout

    def run(self, code: str) -> Any:
        """Run Python in the site's settings; returns what it prints, as JSON."""
        return json.loads(
            self.manage("shell", "--no-imports", "--verbosity=0", given=code)
        )

    def make_person(self, email: str, password: str, **fields: Any) -> None:
        """A person with a verified address."""
        self._tell(
            "from allauth.account.models import EmailAddress\n"
            "from accounts.models import User\n"
            f"user = User.objects.create_user({email!r}, {password!r}, **{fields!r})\n"
            "EmailAddress.objects.create("
            "user=user, email=user.email, primary=True, verified=True)\n"
        )

    def _tell(self, code: str) -> None:
        """Have Python run by a process that stays: starting one takes a second.

        Not for what reads the site's state: that process may remember an older one.
        """
        if self.clerk is None:
            self.clerk = subprocess.Popen(
                [sys.executable, "-c", CLERK],
                cwd=ROOT, env=self.environment, text=True,
                stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            )  # fmt: skip
        assert self.clerk.stdin
        assert self.clerk.stdout
        self.clerk.stdin.write(json.dumps(code) + "\n")
        self.clerk.stdin.flush()
        trouble = json.loads(self.clerk.stdout.readline())
        assert trouble == "", trouble

    def dismiss(self) -> None:
        """End that process."""
        if self.clerk is not None:
            self.clerk.stdin.close()  # type: ignore[union-attr]
            self.clerk.wait(30)
            self.clerk.stdout.close()  # type: ignore[union-attr]

    def mail_to(self, address: str, pattern: str) -> str:
        """What the pattern's group finds in the newest mail to an address; waits."""
        deadline = time.monotonic() + MAIL
        while time.monotonic() < deadline:
            files = sorted(
                self.mail.glob("*.log"), key=lambda file: file.stat().st_mtime
            )
            for file in reversed(files):
                text = file.read_text(encoding="utf-8")
                # The newest mail of a file stands last.
                for mail in reversed(text.split("-" * 79)):
                    found = re.search(pattern, mail, re.MULTILINE)
                    if f"To: {address}" in mail and found:
                        return found.group(1)
            time.sleep(0.1)
        msg = f"no mail to {address} that holds {pattern}"
        raise AssertionError(msg)


def track() -> str:
    """The name of this track of tests: of its database."""
    return os.environ.get("DATABASE_URL", "").rpartition("/")[2] or "alone"


@functools.cache
def share_static_files(folder: str) -> None:
    """Put collected static files into a track's folder.

    Compressing them takes 13 s of a core, so all tracks take them from one folder.
    """
    common = ROOT / "var" / "static-tests"
    common.parent.mkdir(exist_ok=True)
    with common.with_suffix(".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        subprocess.run(
            [sys.executable, "manage.py", "collectstatic", "--no-input", "-v0"],
            cwd=ROOT, env={**os.environ, "STATIC_ROOT": str(common)}, check=True,
        )  # fmt: skip
        shutil.copytree(common, folder, dirs_exist_ok=True)


@contextlib.contextmanager
def site(
    database: str, cache: str = "", *, workers: int = 2, **more: str
) -> Iterator[Site]:
    """`make serve` on a database and a cache, at a port of its own."""
    port = free_port()
    folder = Path(tempfile.mkdtemp(prefix="authsite-site-"))
    environment = {
        **os.environ,
        "DATABASE_URL": database,
        "CACHE_URL": cache,
        "PORT": str(port),
        # Not of another track of tests: collecting takes files away for a moment.
        "STATIC_ROOT": str(ROOT / "var" / f"static-{track()}"),
        "SITE_URL": f"http://localhost:{port}",
        "EMAIL_URL": f"filemail://{folder / 'mail'}",
        "WEB_CONCURRENCY": str(workers),
        **more,
    }
    environment.pop("AUTHSITE_TEST_ENVIRONMENT", None)
    share_static_files(environment["STATIC_ROOT"])
    manage = [sys.executable, "manage.py", "migrate", "-v0"]
    subprocess.run(manage, cwd=ROOT, env=environment, check=True)
    log = folder / "log"
    with log.open("wb") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", "authsite.launch", "serve"],
            cwd=ROOT, env=environment, stdout=output, stderr=output,
        )  # fmt: skip
    found = Site(environment["SITE_URL"], environment, folder / "mail", log, process)
    try:
        _wait(found)
        yield found
    finally:
        found.dismiss()
        process.send_signal(signal.SIGTERM)
        process.wait(30)
        shutil.rmtree(folder, ignore_errors=True)


def _wait(found: Site) -> None:
    deadline = time.monotonic() + START
    while time.monotonic() < deadline and found.process.poll() is None:
        with contextlib.suppress(httpx.TransportError):
            if httpx.get(f"{found.url}/healthz").status_code == httpx.codes.OK:
                return
        time.sleep(0.1)
    raise AssertionError(found.log.read_text(encoding="utf-8"))
