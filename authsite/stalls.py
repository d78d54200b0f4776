"""A timer for clients that ask and never read the answer.

The server has timers for what it waits to receive, but none for what it has to send:
such a client would hold its connection for as long as it likes. Linux has one,
TCP_USER_TIMEOUT (RFC 5482), which also counts while the client's window is closed.
Accepted sockets inherit it from the one that listens.

granian opens that socket in native code in each worker, after the application has
started, and has no option for it, so we look for it among the open files.
"""

from __future__ import annotations

import asyncio
import os
import socket
from pathlib import Path

import structlog

OPEN_FILES = Path("/dev/fd")
POLL_SECONDS = 0.01
GIVE_UP_SECONDS = 30  # a worker listens a few milliseconds after its start

log = structlog.get_logger(__name__)


async def limit(seconds: int) -> None:
    """Have the kernel drop connections on which a client takes nothing for so long.

    Does nothing on systems without TCP_USER_TIMEOUT.
    """
    option = getattr(socket, "TCP_USER_TIMEOUT", None)
    if option is None:
        return
    loop = asyncio.get_running_loop()
    deadline = loop.time() + GIVE_UP_SECONDS
    while not _set_on_listeners(option, seconds * 1000):
        if loop.time() > deadline:
            log.error("stalls_not_limited")
            return
        await asyncio.sleep(POLL_SECONDS)


def _set_on_listeners(option: int, value: int) -> int:
    """Set a TCP option on this process's listening sockets; returns how many."""
    found = 0
    for path in tuple(OPEN_FILES.iterdir()):
        try:
            one = socket.socket(fileno=os.dup(int(path.name)))
        except OSError:  # closed meanwhile, or not a socket
            continue
        with one:
            if one.family != socket.AF_UNIX and one.getsockopt(
                socket.SOL_SOCKET, socket.SO_ACCEPTCONN
            ):
                one.setsockopt(socket.IPPROTO_TCP, option, value)
                found += 1
    return found
