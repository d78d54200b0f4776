"""`make run` and `make serve`: web server and mail worker, started and ended together.

`run` is for a fresh machine: it writes .env, migrates and makes demo people first.
`serve` is for production: it refuses to start on a database that is not migrated, or
with a setting that `check --deploy` calls an error.
"""

from __future__ import annotations

import contextlib
import http.client
import secrets
import signal
import socket
import subprocess
import sys
import time
from typing import TYPE_CHECKING, Any

from authsite import standins
from authsite.env import BASE_DIR, child_environment, env, use_settings

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

PYTHON = sys.executable
ENV_FILE = BASE_DIR / ".env"
WORKER = [PYTHON, "manage.py", "db_worker", "--no-reload", "--interval", "0.5"]
GRACE = 8  # seconds that children get to end by themselves
START = 30  # seconds until the first answer
UPKEEP = 60  # seconds between two looks at the outbox
LONGEST_PAUSE = 16.0  # seconds between two starts of a helper that cannot stay


def main(arguments: Sequence[str]) -> int:
    """`run` or `serve`; returns the exit code."""
    if list(arguments) not in (["run"], ["serve"]):
        sys.stderr.write("usage: python -m authsite.launch run|serve\n")
        return 2
    # SIGTERM ends as Ctrl-C does: by way of the `finally` that ends the children.
    for number in (signal.SIGTERM, signal.SIGINT):  # a shell's `&` ignores SIGINT
        signal.signal(number, signal.default_int_handler)
    try:
        return run() if arguments[0] == "run" else serve()
    except KeyboardInterrupt:
        return 0


def run() -> int:
    """Everything on a fresh machine, with demo people."""
    if not ENV_FILE.exists():
        write_env_file()
        env.read_file()
    others: dict[str, list[str]] = {}
    settings = load_settings(lambda: others.update(standins.offer()))
    refuse_taken_port(settings.PORT)
    from django.core.management import call_command

    call_command("migrate", interactive=False, verbosity=0)
    web = [PYTHON, "manage.py", "runserver", "--noreload", str(settings.PORT)]
    if settings.DEBUG:
        web.remove("--noreload")

    def tell() -> None:
        if settings.DEBUG:
            call_command("demo")
            sys.stdout.write("\nCtrl-C stops it.\n")
        else:
            sys.stdout.write(f"Authsite  {settings.SITE_URL}\n")
        sys.stdout.flush()

    return supervise(web, settings.PORT, tell, others)


def serve() -> int:
    """Production: settings from the environment, static files collected, granian."""
    settings = load_settings()
    refuse_taken_port(settings.PORT)
    from django.core.management import CommandError, call_command
    from django.db import OperationalError

    try:
        call_command("check", deploy=True, fail_level="ERROR")
        call_command("migrate", check_unapplied=True, verbosity=0)
        call_command("collectstatic", interactive=False, verbosity=0)
    except CommandError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    except OperationalError as error:
        sys.stderr.write(f"DATABASE_URL: no answer from the database ({error})\n")
        return 1
    except SystemExit:
        sys.stderr.write(
            "The database is not migrated. Run: .venv/bin/python manage.py migrate\n"
        )
        return 1
    web = [
        *(PYTHON, "-m", "granian", "--interface", "rsgi", "--no-ws"),
        *("--host", "0.0.0.0", "--port", str(settings.PORT)),  # noqa: S104
        *("--workers", str(settings.WEB_CONCURRENCY), "--respawn-failed-workers"),
        *("--http1-header-read-timeout", "10000"),  # ms
        *("--log-level", "warning"),
        "authsite.front:application",
    ]

    def tell() -> None:
        sys.stdout.write(f"Serving {settings.SITE_URL} on port {settings.PORT}\n")
        sys.stdout.flush()

    return supervise(web, settings.PORT, tell)


def load_settings(first: Callable[[], None] | None = None) -> Any:
    """Django's settings, set up, after whatever is to be done first.

    Exits with one line when a variable is wrong.
    """
    use_settings()
    import django
    from django.conf import settings
    from django.core.exceptions import ImproperlyConfigured

    try:
        if first:
            first()
        django.setup()
    except ImproperlyConfigured as error:
        raise SystemExit(str(error)) from None
    return settings


def write_env_file() -> None:
    """A .env for development: DEBUG and a new secret, readable by its owner only."""
    ENV_FILE.touch(mode=0o600)
    ENV_FILE.write_text(
        "# For development. Every variable: .env.example\n"
        "DEBUG=true\n"
        f"AUTH_SECRET={secrets.token_urlsafe(48)}\n",
        encoding="utf-8",
    )


def refuse_taken_port(port: int) -> None:
    """Exits with a hint when something listens there already."""
    with socket.socket() as probe:
        if probe.connect_ex(("127.0.0.1", port)) == 0:
            msg = f"Port {port} is taken. Choose another, such as PORT={port + 1}."
            raise SystemExit(msg)


def supervise(
    web: list[str],
    port: int,
    tell: Callable[[], None],
    others: dict[str, list[str]] | None = None,
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
        if wait_for_answer(port, server):
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
    """A child in a group of its own: Ctrl-C reaches us alone, and we end them."""
    return subprocess.Popen(  # noqa: S603 - our own commands
        command,
        cwd=BASE_DIR,
        env=child_environment(DJANGO_RUNSERVER_HIDE_WARNING="true"),
        start_new_session=True,
    )


def upkeep() -> None:
    """Bring back mail that a worker had begun when it was killed; forget what went."""
    from django.core.management import call_command
    from django.db import Error, close_old_connections

    from accounts.policy.outbox import requeue_abandoned

    close_old_connections()
    try:
        requeue_abandoned()
        call_command("prune_db_task_results", min_age_days=1, verbosity=0)
    except Error as error:
        sys.stderr.write(f"The outbox cannot be looked at: {type(error).__name__}\n")


def wait_for_answer(port: int, web: subprocess.Popen[bytes]) -> bool:
    """True once /healthz answers; False when it ends or START has passed."""
    deadline = time.monotonic() + START
    while time.monotonic() < deadline:
        if web.poll() is not None:
            return False
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=2)
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


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
