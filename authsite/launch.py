"""`make run` and `make serve`: web server and mail worker, started and ended together.

`run` is for a fresh machine: it writes .env, migrates and makes demo people first.
`serve` is for production: it refuses to start on a database that is not migrated, or
with a setting that `check --deploy` calls an error.
"""

from __future__ import annotations

import secrets
import signal
import socket
import sys
from typing import TYPE_CHECKING, Any

from authsite import standins
from authsite.env import BASE_DIR, env, use_settings
from authsite.supervise import reachable, supervise

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

PYTHON = sys.executable
ENV_FILE = BASE_DIR / ".env"


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
    refuse_taken_port(settings.PORT, settings.HOST)
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
    numbers = (settings.PORT, settings.WEB_CONCURRENCY, settings.KEEPALIVE_SECONDS)
    web = [PYTHON, "-m", "authsite.server", settings.HOST, *map(str, numbers)]

    def tell() -> None:
        sys.stdout.write(f"Serving {settings.SITE_URL} on port {settings.PORT}\n")
        sys.stdout.flush()

    return supervise(web, settings.PORT, tell, host=settings.HOST)


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


def refuse_taken_port(port: int, host: str = "127.0.0.1") -> None:
    """Exits with a hint when something listens there already."""
    address = reachable(host)
    with socket.socket(socket.AF_INET6 if ":" in address else socket.AF_INET) as probe:
        if probe.connect_ex((address, port)) == 0:
            msg = f"Port {port} is taken. Choose another, such as PORT={port + 1}."
            raise SystemExit(msg)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
