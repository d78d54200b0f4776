"""The only reader of the environment: typed, loud on bad values, NAME_FILE secrets.

Values are literal: `$`, `#` and `%` mean themselves.
"""

from __future__ import annotations

import os
import re
from ipaddress import ip_address
from pathlib import Path
from typing import Any

import environ
from django.core.exceptions import ImproperlyConfigured, ValidationError
from django.core.validators import validate_email

from authsite import cache_url, env_file, origins

BASE_DIR = Path(__file__).resolve().parent.parent
DOTENV = BASE_DIR / ".env"
TRUE = frozenset({"1", "true", "yes", "on"})
FALSE = frozenset({"0", "false", "no", "off"})
DIGITS = 10  # int() raises an error of its own beyond some thousands
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
        self._has_read = False
        #: Every name that was asked for, so that docs can be compared with code.
        self.names: set[str] = set()

    def has(self, name: str) -> bool:
        """Whether a variable is set, itself or as NAME_FILE; an empty one counts."""
        return name in os.environ or f"{name}_FILE" in os.environ

    def has_chosen_file(self) -> bool:
        """Whether ENV_FILE says which file to read; empty means none."""
        return "ENV_FILE" in os.environ

    def read_default_file(self) -> None:
        """Read ENV_FILE, else .env if there is one; the first getter does it too."""
        chosen = os.environ.get("ENV_FILE")
        if chosen:
            self.read_file(Path(chosen))
        elif chosen is None and os.path.lexists(DOTENV):
            self.read_file(DOTENV)
        self._close()

    def read_file(self, path: Path) -> None:
        """Set what a file says, for this process and its children.

        What the environment sets stays, be it as NAME or as NAME_FILE.
        """
        values = env_file.read(path)
        new = {
            name: value
            for name, value in values.items()
            if name not in os.environ and not os.environ.get(_other_form(name))
        }
        os.environ.update(new)
        self._close()

    def _close(self) -> None:
        # Children inherit what was read; they must not read another file on top.
        os.environ["ENV_FILE"] = ""
        self._has_read = True

    def text(self, name: str, default: str = "") -> str:
        """The value with outer white space removed; an empty one means the default."""
        if not self._has_read:
            self.read_default_file()
        self.names.add(name)
        value = os.environ.get(name, "").strip()
        file = os.environ.get(f"{name}_FILE", "").strip()
        if value and file:
            raise wrong(name, f"is set, and so is {name}_FILE: remove one of them")
        if file:
            value = env_file.read_secret(name, Path(file)).strip()
        try:
            value.encode()
        except UnicodeEncodeError:
            raise wrong(name, "is not UTF-8 text") from None
        return value or default

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
        digits = value.isascii() and value.isdecimal() and len(value) <= DIGITS
        if not (digits and least <= int(value) <= most):
            raise wrong(name, f"write a whole number from {least} to {most}")
        return int(value)

    def address(self, name: str, default: str) -> str:
        """An IP address; IPv4 written as IPv6 becomes IPv4."""
        try:
            found = ip_address(self.text(name, default))
        except ValueError:
            found = None
        if found is None or "%" in str(found):
            what = f"write an IP address such as {default}, without a port"
            raise wrong(name, f"{what} (some shells set {name}: unset it)")
        return str(getattr(found, "ipv4_mapped", None) or found)

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

    def hosts(self, name: str, default: tuple[str, ...]) -> list[str]:
        """Host names for ALLOWED_HOSTS, written with commas, in lower case."""
        found = [item.lower() for item in self.items(name, default)]
        if not all(origins.is_host_pattern(item) for item in found):
            what = "write hosts such as id.example.com or [::1]"
            raise wrong(name, f"{what}, without a scheme, port or path")
        return found

    def origin(self, name: str, default: str = "") -> str:
        """An http(s) origin such as https://id.example.com, as browsers write it."""
        value = self.text(name, default).rstrip("/")
        found = origins.normal_origin(value)
        if value and not found:
            raise wrong(name, "write an origin such as https://id.example.com")
        return found

    def origins(self, name: str) -> list[str]:
        """Several origins, written with commas."""
        found = [origins.normal_origin(item) for item in self.items(name)]
        if not all(found):
            raise wrong(name, "write origins such as https://id.example.com")
        return found

    def url(self, name: str) -> str:
        """An http(s) address, with a path or without; no trailing slash."""
        value = self.text(name).rstrip("/")
        if value and not origins.is_address(value):
            raise wrong(name, "write an address such as https://id.example.com/path")
        return value

    def link(self, name: str) -> str:
        """An http(s) address of somebody else's page, exactly as it is written."""
        value = self.text(name)
        bare = value.partition("?")[0].partition("#")[0]
        if value and not (origins.is_address(bare) and origins.is_plain(value)):
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
        """LOCATION of a Redis cache from a URL such as redis://host:6379/0, or {}."""
        value = self.text(name)
        try:
            return {"LOCATION": cache_url.locations(value)} if value else {}
        except cache_url.BadURL as error:
            raise wrong(name, str(error)) from None

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


def _other_form(name: str) -> str:
    return name.removesuffix("_FILE") if name.endswith("_FILE") else f"{name}_FILE"


env = Env()
