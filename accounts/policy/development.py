"""Who may use what exists for development only: the mailbox and the demo providers."""

from __future__ import annotations

from ipaddress import IPv6Address, ip_address
from typing import TYPE_CHECKING

from django.conf import settings

if TYPE_CHECKING:
    from django.http import HttpRequest


def is_outsider(request: HttpRequest) -> bool:
    """Whether a request in DEBUG comes from another machine that was not invited.

    Setting HOST to an address that others can reach invites them. Forwarded headers
    are not believed here: anyone can send them.
    """
    invited = settings.DEBUG_FOR_OTHERS
    peer = request.META.get("REMOTE_ADDR", "")
    return settings.DEBUG and not (invited or is_loopback(peer))


def is_loopback(host: str) -> bool:
    """Whether it is an IP address that only this machine can reach."""
    try:
        found = ip_address(host)
    except ValueError:
        return False
    mapped = found.ipv4_mapped if isinstance(found, IPv6Address) else None
    return (mapped or found).is_loopback
