"""Where a service is, and free ports of this machine's loopback."""

from __future__ import annotations

import socket
from dataclasses import dataclass


@dataclass(frozen=True)
class Server:
    """Where it is, and a word for the summary."""

    url: str
    told: str


def free_port() -> int:
    """A port that nothing listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
