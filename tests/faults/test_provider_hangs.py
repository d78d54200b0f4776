"""A provider that takes connections and never answers: only its own sign-ins wait."""

from __future__ import annotations

import contextlib
import select
import socket
from dataclasses import dataclass
from urllib.parse import urlencode, urlsplit

import httpx
import pytest

from tests.wire.client import PATIENCE, connect, read_to_the_end, wait_until, wire_site

MANY = 40
AT_ONCE = 2  # as authsite.front has it


@dataclass
class Provider:
    """Listens, and counts who came."""

    listener: socket.socket
    calls: list[socket.socket]

    def count(self):
        """How many calls there have been."""
        while select.select([self.listener], [], [], 0)[0]:
            self.calls.append(self.listener.accept()[0])
        return len(self.calls)


@pytest.fixture
def provider():
    with socket.create_server(("127.0.0.1", 0), backlog=128) as listener:
        found = Provider(listener, [])
        yield found
        for one in found.calls:
            one.close()


@pytest.fixture
def site(tmp_path, provider):
    port = provider.listener.getsockname()[1]
    oidc = {
        "OIDC_NAME": "Example",
        "OIDC_SERVER_URL": f"https://127.0.0.1:{port}",
        "OIDC_CLIENT_ID": "the-site",
        "OIDC_CLIENT_SECRET": "a secret",
        "RATE_LIMITS": "provider=100000/m/ip",
    }
    with wire_site(tmp_path, "hangs", **oidc) as found:
        yield found


@pytest.fixture
def request_bytes(site):
    with httpx.Client(base_url=site.url) as browser:
        browser.get("/accounts/login/")
        token = browser.cookies["csrftoken"]
    body = urlencode({"csrfmiddlewaretoken": token})
    return (
        "POST /accounts/oidc/oidc/login/ HTTP/1.1\r\n"
        f"Host: {urlsplit(site.url).netloc}\r\nCookie: csrftoken={token}\r\n"
        "Content-Type: application/x-www-form-urlencoded\r\nConnection: close\r\n"
        f"Content-Length: {len(body)}\r\n\r\n{body}"
    ).encode()


def test_others_do_not_wait_for_it(site, provider, request_bytes):
    with contextlib.ExitStack() as open_ones:
        flood = [open_ones.enter_context(connect(site)) for _ in range(MANY)]
        for one in flood:
            one.sendall(request_bytes)
        wait_until(lambda: provider.count() == AT_ONCE)
        url = f"{site.url}/.well-known/jwks.json"
        assert httpx.get(url, timeout=PATIENCE).status_code == 200
        # Not one call had ended by then: it did not wait for any.
        answered, _, _ = select.select(flood, [], [], 0)
        assert {one.recv(12, socket.MSG_PEEK) for one in answered} <= {b"HTTP/1.1 503"}
        heads = [read_to_the_end(one).partition(b"\r\n\r\n")[0] for one in flood]
    assert {head.split()[1] for head in heads} == {b"503", b"504"}
    for head in heads:
        if head.split()[1] == b"503":
            assert b"retry-after: 1" in head.lower()
            assert b"content-security-policy" in head.lower()


def test_what_clients_that_left_asked_for_is_not_done(site, provider, request_bytes):
    with contextlib.ExitStack() as open_ones:
        for _ in range(AT_ONCE):
            open_ones.enter_context(connect(site)).sendall(request_bytes)
        wait_until(lambda: provider.count() == AT_ONCE)
        for _ in range(3):
            with connect(site) as one:
                one.sendall(request_bytes)
                # Answered after it, so the one before has reached the queue.
                assert httpx.get(f"{site.url}/.well-known/jwks.json").is_success
        last = open_ones.enter_context(connect(site))
        last.sendall(request_bytes)
        assert b" 504 " in read_to_the_end(last).splitlines()[0]
    assert provider.count() == AT_ONCE + 1
