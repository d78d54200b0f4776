"""CACHE_URL: the Redis URLs that redis-py reads, checked before it reads them.

redis-py and Django take parts that they do not know for something else, or pass them
on until the first sign-in fails. Here whatever would not be used as it is written is
refused. Messages quote names only: a URL holds a password.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import SplitResult, parse_qsl, unquote, urlsplit

if TYPE_CHECKING:
    from collections.abc import Callable

#: What we take, and what redis-py calls it.
SCHEMES = {
    "redis": "redis",
    "rediss": "rediss",
    "valkey": "redis",
    "valkeys": "rediss",
    "unix": "unix",
}
HOST = re.compile(r"[A-Za-z0-9._-]+|[0-9a-f:.]*:[0-9a-f:.]*")
DATABASE = re.compile(r"/?|/[0-9]{1,4}")
ENCODE = "write # / ? and @ in a password as %23 %2F %3F and %40"


class BadURL(Exception):
    """Why a URL is refused."""


def locations(url: str) -> list[str]:
    """LOCATION for Django's Redis cache. Raises BadURL.

    A list: Django splits a string at commas and semicolons, also in passwords.
    """
    parts = _split(url)
    scheme = SCHEMES[parts.scheme]
    if scheme == "unix":
        _check_socket(parts)
    else:
        _check_host(parts)
    options = _options(parts.query)
    for name, value in options.items():
        check = KINDS[scheme].get(name)
        if check is None:
            raise BadURL(_unknown(name, scheme))
        try:
            check(value)
        except ValueError as error:
            msg = f"the option {name}: write {error}"
            raise BadURL(msg) from None
    for name, written in (
        ("username", parts.username),
        ("password", parts.password),
        ("db", scheme != "unix" and parts.path.strip("/")),
    ):
        if written and name in options:
            msg = f"{name} is written twice: as an option and before it"
            raise BadURL(msg)
    return [f"{scheme}://{url.partition('://')[2]}"]


def _split(url: str) -> SplitResult:
    try:
        parts = urlsplit(url)
        known = parts.scheme in SCHEMES and parts.port != 0
        unquote(url, errors="strict")
    except ValueError:
        msg = f"this URL cannot be read: check the port, and {ENCODE}"
        raise BadURL(msg) from None
    if not known or not url.lower().startswith(f"{parts.scheme}://"):
        msg = f"write one of {', '.join(f'{each}://' for each in SCHEMES)}"
        raise BadURL(msg)
    # What a raw # / or ? in a password leaves behind.
    if "#" in url or "@" in parts.path + parts.query:
        raise BadURL(ENCODE)
    # These would be read as blanks, or dropped.
    if "+" in parts.query or " " in url or not url.isprintable():
        msg = "write a blank as %20, and + in an option as %2B"
        raise BadURL(msg)
    return parts


def _check_socket(parts: SplitResult) -> None:
    if parts.hostname or parts.port is not None or not parts.path.strip("/"):
        msg = "write the socket's path after three slashes: unix:///run/valkey.sock"
        raise BadURL(msg)


def _check_host(parts: SplitResult) -> None:
    if not HOST.fullmatch(parts.hostname or ""):
        msg = "write one host, as in redis://host:6379/0"
        raise BadURL(msg)
    if not DATABASE.fullmatch(parts.path):
        msg = "write the database as a number after the host: redis://host:6379/0"
        raise BadURL(msg)


def _options(query: str) -> dict[str, str]:
    try:
        pairs = parse_qsl(query, keep_blank_values=True, strict_parsing=bool(query))
    except ValueError:
        msg = "write options as ?name=value&name=value"
        raise BadURL(msg) from None
    options = dict(pairs)
    if len(options) != len(pairs):
        msg = "an option is written twice"
        raise BadURL(msg)
    return options


def _unknown(name: str, scheme: str) -> str:
    shown = name if re.fullmatch(r"[a-z_]{1,40}", name) else "in this URL"
    there = ", ".join(KINDS[scheme])
    return f"there is no option {shown} for {scheme}://; there are {there}"


def _text(value: str) -> None:
    if not value:
        msg = "a value"
        raise ValueError(msg)


def _whole(value: str) -> None:
    if not re.fullmatch(r"[0-9]{1,6}", value):
        msg = "a whole number"
        raise ValueError(msg)


def _positive(value: str) -> None:
    if not re.fullmatch(r"[0-9]{1,6}", value) or not int(value):
        msg = "a whole number above 0"
        raise ValueError(msg)


def _seconds(value: str) -> None:
    if not re.fullmatch(r"[0-9]{1,4}(\.[0-9]{1,3})?", value) or not float(value):
        msg = "seconds above 0, such as 0.5"
        raise ValueError(msg)


def _file(value: str) -> None:
    if not Path(value).is_file():
        msg = "the path of a file"
        raise ValueError(msg)


def _folder(value: str) -> None:
    if not Path(value).is_dir():
        msg = "the path of a folder"
        raise ValueError(msg)


def _one_of(*words: str) -> Callable[[str], None]:
    def check(value: str) -> None:
        if value not in words:
            msg = f"one of {', '.join(words)}"
            raise ValueError(msg)

    return check


#: redis-py takes any other word for True.
_switch = _one_of("true", "false")
SOCKET: dict[str, Callable[[str], None]] = {
    "db": _whole,
    "username": _text,
    "password": _text,
    "client_name": _text,
    "protocol": _one_of("2", "3"),
    "socket_timeout": _seconds,
    "socket_connect_timeout": _seconds,
    "retry_on_timeout": _switch,
    "health_check_interval": _whole,
    "max_connections": _positive,
}
TCP = SOCKET | {"socket_keepalive": _switch}
TLS = TCP | {
    "ssl_cert_reqs": _one_of("none", "optional", "required"),
    "ssl_check_hostname": _switch,
    "ssl_ca_certs": _file,
    "ssl_ca_path": _folder,
    "ssl_certfile": _file,
    "ssl_keyfile": _file,
    "ssl_password": _text,
}
KINDS = {"unix": SOCKET, "redis": TCP, "rediss": TLS}
