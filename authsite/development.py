"""Development settings: make run keeps them in .env.development, and reads no .env.

Commands of manage.py read that file too, but only when nothing else configures the
site. Production must never pick up what a development run left behind.
"""

from __future__ import annotations

import contextlib
import os
import re
import secrets
import sys
from ipaddress import ip_address

from django.core.exceptions import ImproperlyConfigured

from authsite.env import BASE_DIR, DOTENV, env
from authsite.origins import bracketed

DEVELOPMENT = BASE_DIR / ".env.development"
FORMER_MARK = "# For development. Every variable: .env.example\n"
#: All that make run used to write to .env.
FORMER = re.compile(
    re.escape(FORMER_MARK) + r"DEBUG=true\nAUTH_SECRET=[A-Za-z0-9_-]{64}\n"
)


def read_for_run() -> None:
    """What ENV_FILE names, else .env.development, which is created when missing.

    Raises ImproperlyConfigured.
    """
    if env.has_chosen_file():
        env.read_default_file()
        return
    move_former()
    if not DEVELOPMENT.exists():
        if _former_text().startswith(FORMER_MARK):
            msg = (
                "make run reads .env.development now, not .env. Your .env has been "
                "changed since make run wrote it, so rename it yourself: "
                "mv .env .env.development"
            )
            raise ImproperlyConfigured(msg)
        _write()
    env.read_file(DEVELOPMENT)


def read_for_serve() -> None:
    """What ENV_FILE names, else .env; never .env.development."""
    if not env.has_chosen_file():
        move_former()
    env.read_default_file()


def read_for_commands() -> None:
    """As for serve; .env.development too if AUTH_SECRET and SITE_URL are not set."""
    chosen = env.has_chosen_file()
    read_for_serve()
    configured = env.has("AUTH_SECRET") or env.has("SITE_URL")
    if not (chosen or configured) and DEVELOPMENT.exists():
        env.read_file(DEVELOPMENT)
        _tell("Neither AUTH_SECRET nor SITE_URL is set: using .env.development.")


def move_former() -> None:
    """Rename a .env that an earlier make run wrote and nobody changed."""
    if DEVELOPMENT.exists() or not FORMER.fullmatch(_former_text()):
        return
    # Not ours to rename, or another process was first.
    with contextlib.suppress(OSError):
        DOTENV.rename(DEVELOPMENT)
        _tell(
            "Renamed .env, which an earlier make run wrote, to .env.development. "
            "make serve does not read that file."
        )


def site_url(host: str, port: int) -> str:
    """Where people on this machine find a site that listens at an IP address."""
    address = ip_address(host)
    usual = address.is_unspecified or host in {"127.0.0.1", "::1"}
    return f"http://{'localhost' if usual else bracketed(host)}:{port}"


def _former_text() -> str:
    try:
        return DOTENV.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        return ""


def _write() -> None:
    text = (
        "# For development: make run wrote this file and reads it.\n"
        "# Every variable: .env.example\n"
        "DEBUG=true\n"
        f"AUTH_SECRET={secrets.token_urlsafe(48)}\n"
    )
    try:
        # Exclusive: of two starts at once, the second keeps what the first wrote.
        file = os.open(DEVELOPMENT, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return
    except OSError as error:
        msg = f"{DEVELOPMENT} cannot be written ({error.strerror})."
        raise ImproperlyConfigured(msg) from None
    with os.fdopen(file, "w", encoding="utf-8") as stream:
        stream.write(text)


def _tell(line: str) -> None:
    sys.stderr.write(f"{line}\n")
