"""Hosts, addresses and origins: read, checked, and written in their one spelling."""

from __future__ import annotations

import re
from ipaddress import ip_address
from urllib.parse import SplitResult, urlsplit

from django.http.request import split_domain_port

DEFAULT_PORTS = {"http": 80, "https": 443}
#: A host that ends like this is an IPv4 address to browsers: 127.1, 0x7f.1.
ENDS_IN_A_NUMBER = re.compile(r"(?:.*\.)?(?:\d+|0x[0-9a-f]*)")


def normal_origin(value: str) -> str:
    """An http(s) origin as browsers write it (RFC 6454, 6.2), or "" if it is none.

    Lower case, without a default port. Hosts that Django refuses to serve are none.
    """
    try:
        parts = urlsplit(value)
        port = parts.port
    except ValueError:
        return ""
    bare = parts.path in {"", "/"} and not (parts.query or parts.fragment)
    host = _normal_host(parts.hostname or "")
    named = bare and host and parts.username is None and is_plain(value)
    if parts.scheme not in DEFAULT_PORTS or not named or port == 0:
        return ""
    at = "" if port in {None, DEFAULT_PORTS[parts.scheme]} else f":{port}"
    return f"{parts.scheme}://{host}{at}"


def is_address(value: str) -> bool:
    """Whether it is an http(s) URL with a host, and without credentials or a query."""
    try:
        parts: SplitResult = urlsplit(value)
    except ValueError:
        return False
    bare = parts._replace(query="", fragment="").geturl() == value
    named = parts.username is None and bool(parts.hostname)
    return parts.scheme in DEFAULT_PORTS and bare and named and is_plain(value)


def is_plain(value: str) -> bool:
    """Whether it can be part of a Content-Security-Policy as it is."""
    return value.isascii() and not set(value) & set(" \t\r\n;,'\"")


def is_host_pattern(value: str) -> bool:
    """Whether Django's ALLOWED_HOSTS can ever match it."""
    return value == "*" or split_domain_port(value) == (value, "")


def bracketed(host: str) -> str:
    """A host as it is written in URLs and Host headers: IPv6 in brackets."""
    return f"[{host}]" if ":" in host else host


def probe_address(host: str) -> str:
    """Where this machine reaches a server that listens at an IP address."""
    address = ip_address(host)
    if not address.is_unspecified:
        return host
    return "127.0.0.1" if address.version == 4 else "::1"


def _normal_host(host: str) -> str:
    """As browsers write it, with brackets where needed; "" if it is none."""
    try:
        host = bracketed(str(ip_address(host)))
    except ValueError:
        if ENDS_IN_A_NUMBER.fullmatch(host):
            return ""
    return host if is_host_pattern(host) and host[:1] not in {".", "*", ""} else ""
