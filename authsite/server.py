"""granian's master process: `python -m authsite.server HOST PORT WORKERS KEEPALIVE`.

Started from Python, as granian's command line does not let KEEPALIVE exceed a minute.
A process of its own, without Django: it stays small, and the workers that it forks
share no connection with the launcher.
"""

from __future__ import annotations

import resource
import sys

from granian import Granian
from granian.constants import HTTPModes, Interfaces
from granian.http import HTTP1Settings
from granian.log import LogLevels

CONNECTIONS = 8192  # of one worker; more wait in the kernel's queue
OTHER_FILES = 512  # of one worker: database, cache, files that are sent or spooled
BACKLOG = 4096  # the kernel's own limit by default
HEADERS = 64 * 1024  # bytes that a connection may make us hold before it has a request
STOP_SECONDS = 8  # for what is under way; the launcher waits as long


def main(host: str, port: int, workers: int, keepalive: int) -> None:
    """Serve until SIGTERM; exits with 1 when workers cannot stay up.

    HTTP/1 alone: for HTTP/2 granian has no timer, and a connection that says too
    little to tell the two apart would stay open for ever.
    """
    Granian(
        "authsite.front:application",
        address=host,
        port=port,
        interface=Interfaces.ASGI,
        workers=workers,
        http=HTTPModes.http1,
        # One timer, from the last answer or the connection on, until headers are whole.
        http1_settings=HTTP1Settings(
            header_read_timeout=keepalive * 1000, max_buffer_size=HEADERS
        ),
        websockets=False,
        backlog=BACKLOG,
        backpressure=max(1, raise_file_limit() - OTHER_FILES),
        log_level=LogLevels.warning,
        respawn_failed_workers=True,
        workers_kill_timeout=STOP_SECONDS,
    ).serve()


def raise_file_limit() -> int:
    """Allow as many open files as CONNECTIONS takes, or as we may; returns how many."""
    wanted = CONNECTIONS + OTHER_FILES
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    allowed = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
    if soft != resource.RLIM_INFINITY and soft < allowed:
        resource.setrlimit(resource.RLIMIT_NOFILE, (allowed, hard))
    return allowed


if __name__ == "__main__":
    main(sys.argv[1], *(int(argument) for argument in sys.argv[2:5]))
