"""Who may use what exists for development only: the mailbox and the demo providers."""

from __future__ import annotations

from ipaddress import IPv6Address, ip_address
from typing import TYPE_CHECKING

from django.conf import settings
from django.http.request import split_domain_port

if TYPE_CHECKING:
    from django.http import HttpRequest


#: Starts of the headers, as in request.META, that a proxy adds: the peer is then the
#: proxy, and the person who asks may be anywhere.
FORWARDED = ("HTTP_X_FORWARDED", "HTTP_FORWARDED", "HTTP_X_REAL_IP", "HTTP_VIA")


def is_outsider(request: HttpRequest) -> bool:
    """Whether a request in DEBUG may come from another machine that was not invited.

    Setting HOST to an address that others can reach invites them; SITE_URL does not.
    Anyone can send forwarding headers, so they only ever refuse. A Host that is not
    this machine's is refused too: a tunnel or local proxy passes it on, and a name that
    someone else's DNS points here (DNS rebinding) is in it.
    """
    if not settings.DEBUG or settings.DEBUG_FOR_OTHERS:
        return False
    host, _ = split_domain_port(request.get_host())
    direct = is_loopback(request.META.get("REMOTE_ADDR", ""))
    forwarded = any(name.startswith(FORWARDED) for name in request.META)
    return forwarded or not (direct and is_local(host.strip("[]")))


def is_local(host: str) -> bool:
    """Whether browsers treat it as this machine: a secure context without https."""
    return host == "localhost" or host.endswith(".localhost") or is_loopback(host)


def is_loopback(host: str) -> bool:
    """Whether it is an IP address that only this machine can reach."""
    try:
        found = ip_address(host)
    except ValueError:
        return False
    mapped = found.ipv4_mapped if isinstance(found, IPv6Address) else None
    return (mapped or found).is_loopback
