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
