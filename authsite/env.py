"""The only reader of the environment: typed, loud on bad values, NAME_FILE secrets."""

from __future__ import annotations

import os
import re
from ipaddress import ip_address
from pathlib import Path
from typing import Any
from urllib.parse import SplitResult, urlsplit

import environ
from django.core.exceptions import ImproperlyConfigured, ValidationError
from django.core.validators import validate_email

BASE_DIR = Path(__file__).resolve().parent.parent
TRUE = frozenset({"1", "true", "yes", "on"})
FALSE = frozenset({"0", "false", "no", "off"})
#: As allauth reads them; without the last part they are by network address.
RATE = re.compile(r"\d+/(?:\d+(?:\.\d+)?)?[smhd](?:/(ip|user|key))?")
COLOUR = re.compile(r"#([0-9a-f]{3}|[0-9a-f]{6})")


def use_settings() -> None:
    """Point Django at our settings, unless the caller has chosen others."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "authsite.settings")


def child_environment(**changes: str) -> dict[str, str]:
    """A copy of this process's environment for a child process, with changes."""
    return {**os.environ, **changes}


def provide(values: dict[str, str]) -> None:
    """Set variables for this process and the children that it will start."""
    os.environ.update(values)


class Env:
    """Reads variables; each getter raises ImproperlyConfigured naming the variable."""

    def __init__(self) -> None:
        self.read_file()
        self._values = environ.FileAwareEnv()
        #: Every name that was asked for, so that docs can be compared with code.
        self.names: set[str] = set()

    def read_file(self) -> None:
        """Read .env, if there is one; what is set already stays.

        ENV_FILE names another file; empty means none (tests must not see a .env).
        """
        path = os.environ.get("ENV_FILE", str(BASE_DIR / ".env"))
        if path:
            environ.Env.read_env(path)

    def text(self, name: str, default: str = "") -> str:
        """The value with outer white space removed; an empty one means the default."""
        self.names.add(name)
        try:
            value = self._values.str(name, default="")
        except OSError as error:
            raise wrong(
                name, f"{name}_FILE cannot be read ({error.strerror})"
            ) from None
        return value.strip() or default

    def boolean(self, name: str, *, default: bool) -> bool:
        """true/false, yes/no, on/off or 1/0 in any case."""
        value = self.text(name).lower()
        if not value:
            return default
        if value not in TRUE | FALSE:
            raise wrong(name, "write true or false")
        return value in TRUE

    def number(
        self, name: str, default: int, *, least: int = 0, most: int = 10**9
    ) -> int:
        """A whole number from least to most."""
        value = self.text(name, str(default))
        if not (value.isascii() and value.isdecimal() and least <= int(value) <= most):
            raise wrong(name, f"write a whole number from {least} to {most}")
        return int(value)

    def address(self, name: str, default: str) -> str:
        """An IP address to listen on; `::` and `0.0.0.0` mean all of this machine's."""
        try:
            return str(ip_address(self.text(name, default)))
        except ValueError:
            raise wrong(
                name, "write an IP address such as 127.0.0.1 or 0.0.0.0"
            ) from None

    def items(self, name: str, default: tuple[str, ...] = ()) -> list[str]:
        """A list, written with commas."""
        found = [item.strip() for item in self.text(name).split(",")]
        return [item for item in found if item] or list(default)

    def choice(self, name: str, default: str, allowed: tuple[str, ...]) -> str:
        """One of the allowed words."""
        value = self.text(name, default)
        if value not in allowed:
            raise wrong(name, f"write one of {', '.join(allowed)}")
        return value

    def origin(self, name: str, default: str = "") -> str:
        """An http(s) origin such as https://id.example.com, without a path."""
        value = self.text(name, default).rstrip("/")
        if value and not _is_origin(value):
            raise wrong(name, "write an origin such as https://id.example.com")
        return value

    def origins(self, name: str) -> list[str]:
        """Several origins, written with commas."""
        found = self.items(name)
        if not all(_is_origin(item) for item in found):
            raise wrong(name, "write origins such as https://id.example.com")
        return found

    def url(self, name: str) -> str:
        """An http(s) address, with a path or without; no trailing slash."""
        value = self.text(name).rstrip("/")
        if value and not _is_address(value):
            raise wrong(name, "write an address such as https://id.example.com/path")
        return value

    def link(self, name: str) -> str:
        """An http(s) address of somebody else's page, exactly as it is written."""
        value = self.text(name)
        bare = value.partition("?")[0].partition("#")[0]
        if value and not (_is_address(bare) and _is_plain(value)):
            raise wrong(name, "write an address such as https://example.com/terms")
        return value

    def mailbox(self, name: str) -> str:
        """An e-mail address."""
        value = self.text(name)
        try:
            if value:
                validate_email(value)
        except ValidationError:
            raise wrong(name, "write an address such as help@example.com") from None
        return value

    def colour(self, name: str) -> str:
        """A colour as #rrggbb, in small letters; #rgb is written out."""
        value = self.text(name).lower()
        if value and not COLOUR.fullmatch(value):
            raise wrong(name, "write a colour such as #0d5b6e")
        if len(value) == len("#rgb"):
            return "#" + "".join(digit * 2 for digit in value[1:])
        return value

    def file(self, name: str, suffixes: tuple[str, ...]) -> Path | None:
        """A file that is there, by its whole path or as seen from the project."""
        value = self.text(name)
        if not value:
            return None
        path = BASE_DIR / value
        if path.suffix.lower() not in suffixes or not path.is_file():
            raise wrong(name, f"write the path of a file: {', '.join(suffixes)}")
        return path

    def database(self, name: str, default: str) -> dict[str, Any]:
        """DATABASES["default"] from a URL such as postgres://user:password@host/name."""
        return self._parsed(name, default, environ.Env.db_url_config)

    def cache(self, name: str) -> dict[str, Any]:
        """CACHES["default"] from a URL such as redis://host:6379/0; {} without one."""
        return self._parsed(name, "", environ.Env.cache_url_config)

    def email(self, name: str, default: str) -> dict[str, Any]:
        """Django's EMAIL_* settings from a URL such as smtp+tls://user:pw@host:587."""
        return self._parsed(name, default, environ.Env.email_url_config)

    def _parsed(self, name: str, default: str, parse: Any) -> dict[str, Any]:
        value = self.text(name, default)
        try:
            config: dict[str, Any] = parse(value) if value else {}
        except Exception:  # noqa: BLE001 - the value may hold a password: hide it
            config = {}
        if value and not config:
            raise wrong(name, "this URL cannot be read; see .env.example for its form")
        return config


def wrong(name: str, what: str) -> ImproperlyConfigured:
    """The error that stops a start: names the variable, never shows its value."""
    return ImproperlyConfigured(f"{name}: {what}")


def limits(action: str, written: str, default: str) -> str:
    """A part of RATE_LIMITS such as "10/m/ip,5/5m/key"; "" switches this limit off.

    What its hits are counted by must be known where they are counted: "ip" is always,
    "user" and "key" where the default has them.
    """
    known = {"ip", *re.findall(r"user|key", default)}
    for rate in written.split(",") if written else []:
        found = RATE.fullmatch(rate.strip())
        if not found or (found[1] or "ip") not in known:
            ways = ", ".join(sorted(known))
            msg = f"write {action}=10/5m/ip: times, per s m h or d, by one of {ways}"
            raise wrong("RATE_LIMITS", msg)
    return written


def _is_origin(value: str) -> bool:
    return _is_address(value) and not urlsplit(value).path


def _is_address(value: str) -> bool:
    try:
        parts: SplitResult = urlsplit(value)
    except ValueError:
        return False
    bare = parts._replace(query="", fragment="").geturl() == value
    named = parts.username is None and bool(parts.hostname)
    return parts.scheme in {"http", "https"} and bare and named and _is_plain(value)


def _is_plain(value: str) -> bool:
    # CSP is written with it: no white space, quote or semicolon.
    return value.isascii() and not set(value) & set(" \t\r\n;,'\"")


env = Env()
