"""The request line and the headers, bounded before anything parses them.

Granian accepts some 400 KB of them from anyone. What Django and libraries do with a
header is not always linear in its length (parameters of a Content-Type are not), so
none of them gets one that no honest client sends.
"""

from __future__ import annotations

from typing import Any

KIB = 1024  # bytes
MAX_TARGET = 8 * KIB  # path and query together
MAX_FIELD = 8 * KIB
MAX_FIELDS = 32 * KIB  # all names and values together
#: Where something else than MAX_FIELD is right.
FIELDS = {
    b"content-length": 64,
    b"content-type": 256,
    # A browser adds up what every site of the same host has set, 4 KiB a cookie.
    b"cookie": 16 * KIB,
    b"host": 512,
}


def plain_cookies(header: str) -> str:
    """The cookies that keep to RFC 6265 4.1.1: none with a backslash in it.

    Python reads escapes in cookies, an older form that no browser needs, and before
    3.11.10 in quadratic time (CVE-2024-7592).
    """
    if "\\" not in header:
        return header
    return ";".join(one for one in header.split(";") if "\\" not in one)


def refused(scope: dict[str, Any]) -> int:
    """414 or 431 (RFC 9110 15.5.15, RFC 6585 5) for an ASGI scope; 0 for none."""
    if len(scope["raw_path"]) + len(scope["query_string"]) > MAX_TARGET:
        return 414
    sizes: dict[bytes, int] = {}
    total = 0
    for name, value in scope["headers"]:
        size = sizes[name] = sizes.get(name, 0) + len(value)
        if size > FIELDS.get(name, MAX_FIELD):
            return 431
        total += len(name) + len(value)
    return 431 if total > MAX_FIELDS else 0
