"""A flood of sign-ins: other calls do not wait for it, and its own end is a 503."""

from __future__ import annotations

import contextlib
import select
from urllib.parse import urlsplit

import httpx
import pytest

from tests.wire.client import (
    PATIENCE,
    allow_many_files,
    connect,
    read_to_the_end,
    wait_until,
    wire_site,
)

MANY = 600
BODY = b'{"email": "nobody@example.org", "password": "x"}'


@pytest.fixture
def site(tmp_path):
    limits = "login=100000/m/ip;login_failed=100000/m/ip"
    with wire_site(tmp_path, "flood", RATE_LIMITS=limits) as found:
        yield found


def test_others_do_not_wait_for_it(site):
    allow_many_files()
    request = (
        f"POST /api/token/ HTTP/1.1\r\nHost: {urlsplit(site.url).netloc}\r\n"
        "Content-Type: application/json\r\nConnection: close\r\n"
        f"Content-Length: {len(BODY)}\r\n\r\n"
    ).encode() + BODY
    with contextlib.ExitStack() as open_ones:
        flood = [open_ones.enter_context(connect(site)) for _ in range(MANY)]
        for one in flood:
            one.sendall(request)
        # By then all of them are in the server's hands.
        wait_until(lambda: len(select.select(flood, [], [], 0)[0]) >= 16)
        url = f"{site.url}/.well-known/jwks.json"
        assert httpx.get(url, timeout=PATIENCE).status_code == 200
        # More that came before it still wait than the server has threads, which is
        # eight: so it did not wait for them.
        answered, _, _ = select.select(flood, [], [], 0)
        assert MANY - len(answered) > 16
        heads = [read_to_the_end(one).partition(b"\r\n\r\n")[0] for one in flood]
    statuses = {head.split()[1] for head in heads}
    assert statuses == {b"401", b"503"}
    for head in heads:
        if head.split()[1] == b"503":
            assert b"retry-after: 1" in head.lower()
            assert b"application/problem+json" in head
            assert b"content-security-policy" in head.lower()
