"""A client's network address in one spelling: the only reader of X-Forwarded-For.

Everything that counts, compares or stores an address gets it through
`AccountAdapter.get_client_ip`, which asks here.
"""

from __future__ import annotations

from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address
from typing import TYPE_CHECKING

from django.conf import settings

if TYPE_CHECKING:
    from django.http import HttpRequest

#: RFC 6052 2.1: the IPv4 address is in the last 32 bits.
NAT64 = IPv6Network("64:ff9b::/96")
#: An IPv6 address with a zone, brackets and a port is shorter.
LONGEST = 100


def client_address(request: HttpRequest) -> str:
    """The client's, as far as the trusted proxies know it; "" when nobody does.

    Proxies append to X-Forwarded-For, so with n trusted ones the n-th entry from the
    end was written by the outermost. A header that is shorter, or that has something
    else than an address there, did not come through all of them: then the address of
    the connection counts, which the client cannot choose.
    """
    trusted = settings.ALLAUTH_TRUSTED_PROXY_COUNT
    entries = request.META.get("HTTP_X_FORWARDED_FOR", "").split(",")
    told = entries[-trusted] if 0 < trusted <= len(entries) else ""
    return one_spelling(told) or one_spelling(request.META.get("REMOTE_ADDR") or "")


def one_spelling(text: str) -> str:
    """An address without port, brackets and zone; "" for what is none.

    An IPv6 address that stands for an IPv4 one becomes that one: otherwise all IPv4
    clients behind a dual-stack listener would share one IPv6 network and its limits,
    and one 6to4 client would have 65,536 of them.
    """
    text = text.strip()[:LONGEST]
    if text.startswith("["):
        text = text[1:].partition("]")[0]
    elif text.count(":") == 1:
        text = text.partition(":")[0]
    try:
        address = ip_address(text.partition("%")[0])
    except ValueError:
        return ""
    return str(_embedded(address) or address)


def _embedded(address: IPv4Address | IPv6Address) -> IPv4Address | None:
    if isinstance(address, IPv4Address):
        return None
    if address in NAT64:
        return IPv4Address(int(address) & 0xFFFF_FFFF)
    return address.ipv4_mapped or address.sixtofour  # RFC 4291 2.5.5.2, RFC 3056 2
