"""A web server and its helpers: started, kept up and ended together."""

from __future__ import annotations

import contextlib
import http.client
import signal
import subprocess
import sys
import time
from os import getpid
from typing import TYPE_CHECKING

from authsite.env import BASE_DIR, child_environment

if TYPE_CHECKING:
    from collections.abc import Callable

WORKER = [sys.executable, "manage.py", "db_worker", "--no-reload", "--interval", "0.5"]
GRACE = 8  # seconds that children get to end by themselves
START = 30  # seconds until the first answer
UPKEEP = 60  # seconds between two looks at the outbox
LONGEST_PAUSE = 16.0  # seconds between two starts of a helper that cannot stay


def supervise(
    web: list[str],
    port: int,
    tell: Callable[[], None],
    others: dict[str, list[str]] | None = None,
    *,
    host: str = "127.0.0.1",
) -> int:
    """Run the web server, the mail worker and others until the first ends, or Ctrl-C.

    A worker that ends (it does when the database goes away) is started again. `tell`
    is called once the web server answers. Returns 1 when the web server has ended.
    """
    helpers = [
        Helper(name, command)
        for name, command in {"mail worker": WORKER, **(others or {})}.items()
    ]
    server = start(web)
    try:
        if wait_for_answer(port, server, host):
            tell()
        ticks = 0
        while server.poll() is None:
            if ticks % UPKEEP == 0:
                upkeep()
            for helper in helpers:
                helper.look()
            ticks += 1
            time.sleep(1)
        sys.stderr.write("The web server has ended.\n")
        return 1
    finally:
        stop([server, *(helper.process for helper in helpers)])


class Helper:
    """A process that is started again when it ends; later each time it ends at once.

    Each start takes a core for a second, which a database that is away may need.
    """

    def __init__(self, name: str, command: list[str]) -> None:
        self.name, self.command = name, command
        self.process = start(command)
        self.started, self.pause = time.monotonic(), 1.0

    def look(self) -> None:
        """To be called every second or so."""
        lived = time.monotonic() - self.started
        if self.process.poll() is None:
            if lived > LONGEST_PAUSE:
                self.pause = 1.0
        elif lived >= self.pause:
            sys.stderr.write(f"The {self.name} has ended; starting again.\n")
            self.process = start(self.command)
            self.started = time.monotonic()
            self.pause = min(2 * self.pause, LONGEST_PAUSE)


def start(command: list[str]) -> subprocess.Popen[bytes]:
    """A child in a group of its own: Ctrl-C reaches us alone, and we end them.

    It ends with us when we are killed, too.
    """
    return subprocess.Popen(  # noqa: S603 - our own commands
        [sys.executable, "-m", "authsite.lifeline", str(getpid()), *command],
        cwd=BASE_DIR,
        env=child_environment(DJANGO_RUNSERVER_HIDE_WARNING="true"),
        start_new_session=True,
    )


def upkeep() -> None:
    """Bring back mail that a worker had begun when it was killed; forget what went.

    And do what people asked for 72 hours ago: see accounts.policy.removal_due.
    """
    from django.core.management import call_command
    from django.db import Error, close_old_connections

    from accounts.policy.outbox import requeue_abandoned
    from accounts.policy.removal_due import run_due

    close_old_connections()
    try:
        requeue_abandoned()
        run_due()
        call_command("prune_db_task_results", min_age_days=1, verbosity=0)
    except Error as error:
        sys.stderr.write(f"The outbox cannot be looked at: {type(error).__name__}\n")


def wait_for_answer(
    port: int, web: subprocess.Popen[bytes], host: str = "127.0.0.1"
) -> bool:
    """True once /healthz answers; False when it ends or START has passed."""
    deadline = time.monotonic() + START
    while time.monotonic() < deadline:
        if web.poll() is not None:
            return False
        connection = http.client.HTTPConnection(host, port, timeout=2)
        try:
            connection.request("GET", "/healthz")
            connection.getresponse()
        except OSError:
            time.sleep(0.1)
        else:
            return True
        finally:
            connection.close()
    sys.stderr.write(f"No answer on port {port} within {START} s.\n")
    return False


def stop(children: list[subprocess.Popen[bytes]]) -> None:
    """End each child with all that it started; by force after GRACE."""
    # A second Ctrl-C must not leave anything running.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    for child in children:
        signal_group(child, signal.SIGTERM)
    deadline = time.monotonic() + GRACE
    for child in children:
        with contextlib.suppress(subprocess.TimeoutExpired):
            child.wait(max(0.1, deadline - time.monotonic()))
        signal_group(child, signal.SIGKILL)
        child.wait()


def signal_group(child: subprocess.Popen[bytes], number: signal.Signals) -> None:
    """Signal a child's whole group; nothing when it has gone."""
    from os import killpg

    with contextlib.suppress(ProcessLookupError):
        killpg(child.pid, number)
