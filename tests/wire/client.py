"""What tests of the server's wire need: raw connections, and marks of its views."""

from __future__ import annotations

import contextlib
import os
import resource
import socket
import time
from pathlib import Path
from urllib.parse import urlsplit

from tests.services import postgres, server

SETTINGS = "tests.wire.settings"
PATIENCE = 30  # seconds that an event may take on a busy machine


@contextlib.contextmanager
def wire_site(folder, name, *, workers=1, **more):
    """The site with the views of tests/wire/urls.py; marks are files in `folder`."""
    database = postgres.new_database(os.environ["DATABASE_URL"], f"authsite_{name}")
    with server.site(
        database,
        os.environ["CACHE_URL"],
        workers=workers,
        DJANGO_SETTINGS_MODULE=SETTINGS,
        WIRE_FOLDER=str(folder),
        **more,
    ) as found:
        yield found


def connect(site):
    parts = urlsplit(site.url)
    return socket.create_connection(("127.0.0.1", parts.port), timeout=PATIENCE)


def start(site, path):
    """A connection on which a GET was sent, and what came first: the headers."""
    one = connect(site)
    host = urlsplit(site.url).netloc
    one.sendall(f"GET {path} HTTP/1.1\r\nHost: {host}\r\n\r\n".encode())
    return one, one.recv(65536)


def read_to_the_end(one):
    """All that comes until the server closes."""
    found = b""
    while True:
        try:
            part = one.recv(65536)
        except ConnectionResetError:
            return found
        if not part:
            return found
        found += part


def wait_until(holds):
    """Wait for what must come."""
    deadline = time.monotonic() + PATIENCE
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def wait_for_mark(folder, name):
    wait_until(Path(folder, name).exists)


def allow_many_files():
    """For a thousand sockets in this process."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft < 4096:
        resource.setrlimit(resource.RLIMIT_NOFILE, (min(4096, hard), hard))


def descendants(pid):
    """The processes that a process started, and theirs."""
    tasks = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    found = [int(one) for one in tasks]
    return [*found, *(pid for one in found for pid in descendants(one))]


def servers_end(one):
    """The inode of the server's socket for a connection of ours over IPv4."""
    pair = (one.getpeername()[1], one.getsockname()[1])
    for line in Path("/proc/net/tcp").read_text().splitlines()[1:]:
        fields = line.split()
        local, remote = (int(end.partition(":")[2], 16) for end in fields[1:3])
        if (local, remote) == pair:
            return fields[9]
    msg = "the server has no socket for it"
    raise AssertionError(msg)


def open_sockets(site):
    """The inodes of all sockets that the site's processes hold open."""
    found = set()
    for pid in descendants(site.process.pid):
        for name in Path(f"/proc/{pid}/fd").iterdir():
            with contextlib.suppress(FileNotFoundError):  # closed meanwhile
                found.add(str(name.readlink()).removeprefix("socket:[").rstrip("]"))
    return found
