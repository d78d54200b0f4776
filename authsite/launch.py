"""`make run` and `make serve`: web server and mail worker, started and ended together.

`run` is for a fresh machine: it writes .env.development, migrates and creates demo
people first. `serve` is for production: it refuses to start on a database that is not
migrated, or with a setting that `check --deploy` calls an error.
"""

from __future__ import annotations

import signal
import socket
import sys
from typing import TYPE_CHECKING, Any

from django.core.exceptions import ImproperlyConfigured

from authsite import standins
from authsite.development import read_for_run, read_for_serve
from authsite.env import use_settings
from authsite.origins import bracketed, probe_address
from authsite.supervise import supervise

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

PYTHON = sys.executable


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
    except ImproperlyConfigured as error:
        sys.stderr.write(f"{error}\n")
        return 1


def run() -> int:
    """Everything on a fresh machine, with demo people."""
    read_for_run()
    others: dict[str, list[str]] = {}
    settings = load_settings(lambda: others.update(standins.offer()))
    host = probe_address(settings.HOST)
    refuse_taken_port(settings.PORT, host)
    from django.core.management import call_command

    call_command("migrate", interactive=False, verbosity=0)
    address = f"{bracketed(settings.HOST)}:{settings.PORT}"
    web = [PYTHON, "manage.py", "runserver", "--noreload", address]
    if settings.DEBUG:
        web.remove("--noreload")
    if settings.DEBUG_FOR_OTHERS:
        sys.stderr.write(
            f"Warning: HOST={settings.HOST} lets other machines in. Anyone who can "
            "reach this one can read every email and sign in through the demo "
            "providers.\n"
        )

    def tell() -> None:
        if settings.DEBUG:
            call_command("demo")
            sys.stdout.write("\nCtrl-C stops it.\n")
        else:
            sys.stdout.write(f"Authsite  {settings.SITE_URL}\n")
        sys.stdout.flush()

    return supervise(web, settings.PORT, tell, others, host=host)


def serve() -> int:
    """Production: settings from the environment, static files collected, granian."""
    read_for_serve()
    settings = load_settings()
    from django.core.management import CommandError, call_command
    from django.db import OperationalError

    from authsite.checks_deployed import production

    refused = production()
    if refused:
        sys.stderr.writelines(f"{each.msg} {each.hint}\n" for each in refused)
        return 1
    host = probe_address(settings.HOST)
    refuse_taken_port(settings.PORT, host)
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

    return supervise(web, settings.PORT, tell, host=host)


def load_settings(first: Callable[[], None] | None = None) -> Any:
    """Django's settings, set up, after whatever is to be done first.

    Raises ImproperlyConfigured when a variable is wrong.
    """
    use_settings()
    import django
    from django.conf import settings

    if first:
        first()
    django.setup()
    return settings


def refuse_taken_port(port: int, host: str = "127.0.0.1") -> None:
    """Exits with a hint when something listens there already."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family) as probe:
        if probe.connect_ex((host, port)) == 0:
            msg = f"Port {port} is taken. Choose another, such as PORT={port + 1}."
            raise SystemExit(msg)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
