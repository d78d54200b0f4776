"""Clients that send slowly, or strangely, at the real server: others go on."""

from __future__ import annotations

import contextlib
import os
import socket
import time
from urllib.parse import urlsplit

import httpx
import pytest

from tests.services import postgres, server

PASSWORD = "correct horse battery"
HALF = (
    "POST {path} HTTP/1.1\r\nHost: {host}\r\nContent-Type: application/json\r\n"
    "Content-Length: 100\r\n\r\n{{"
)


@pytest.fixture(scope="module")
def behind_a_proxy():
    database = postgres.new_database(os.environ["DATABASE_URL"], "authsite_slow")
    with server.site(
        database, os.environ["CACHE_URL"], workers=1, TRUSTED_PROXY_COUNT="1"
    ) as found:
        found.make_person("maya@example.org", PASSWORD)
        yield found


def connect(site):
    parts = urlsplit(site.url)
    return socket.create_connection((parts.hostname, parts.port), timeout=30)


def sign_in(site, **headers):
    body = {"email": "maya@example.org", "password": PASSWORD}
    return httpx.post(
        f"{site.url}/api/token/",
        json=body,
        headers={"X-Forwarded-For": "192.0.2.7", **headers},
        timeout=10,
    )


def test_bodies_that_do_not_come_hold_nobody_up(behind_a_proxy):
    site = behind_a_proxy
    host = urlsplit(site.url).netloc
    slow = []
    for path in ("/api/token/", "/accounts/login/", "/api/nothing/", "/_allauth/x"):
        for _ in range(40):
            one = connect(site)
            one.sendall(HALF.format(path=path, host=host).encode())
            slow.append(one)
    began = time.monotonic()
    assert httpx.get(f"{site.url}/healthz", timeout=5).status_code == 200
    assert sign_in(site).status_code == 200
    assert time.monotonic() - began < 3
    # and they are let go
    slow[0].settimeout(15)
    assert b" 408 " in slow[0].recv(100)
    for one in slow:
        one.close()


def test_a_body_in_pieces_is_taken(behind_a_proxy):
    body = b'{"email": "maya@example.org", "password": "wrong"}'
    host = urlsplit(behind_a_proxy.url).netloc
    one = connect(behind_a_proxy)
    one.sendall(
        f"POST /api/token/ HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n"
        "X-Forwarded-For: 192.0.2.9\r\nContent-Type: application/json\r\n"
        "Transfer-Encoding: chunked\r\n\r\n".encode()
    )
    for byte in body:
        one.sendall(b"1\r\n" + bytes([byte]) + b"\r\n")
    one.sendall(b"0\r\n\r\n")
    answer = one.recv(4000)
    assert b" 401 " in answer.splitlines()[0]
    assert b"no_active_account" in answer


def test_a_body_in_far_too_many_pieces_is_refused(behind_a_proxy):
    """What the server does for each piece adds up, and grew with their number."""
    body = b"1\r\n \r\n" * 40_000
    for path in ("/api/token/verify/", "/healthz", "/accounts/login/"):
        one = connect(behind_a_proxy)
        host = urlsplit(behind_a_proxy.url).netloc
        with contextlib.suppress(ConnectionError):  # it stops reading
            one.sendall(
                f"POST {path} HTTP/1.1\r\nHost: {host}\r\n"
                "Transfer-Encoding: chunked\r\n\r\n".encode()
                + body
            )
        assert b" 400 " in one.recv(4000).splitlines()[0]
        one.close()


@pytest.mark.parametrize("body", [b"zz\r\n", b"2\n{}\n0\n\n", b"ffffffffffffffff0\r\n"])
def test_a_body_that_is_no_http_is_not_our_fault(behind_a_proxy, body):
    host = urlsplit(behind_a_proxy.url).netloc
    one = connect(behind_a_proxy)
    one.sendall(
        f"POST /api/token/verify/ HTTP/1.1\r\nHost: {host}\r\n"
        "Transfer-Encoding: chunked\r\n\r\n".encode()
        + body
    )
    assert b" 400 " in one.recv(4000).splitlines()[0]


@pytest.mark.parametrize("how", ["length", "chunks"])
def test_a_body_that_is_too_large_is_refused(behind_a_proxy, how):
    def pieces():
        for _ in range(30):
            yield b"x" * 100_000

    content = b"x" * 3_000_000 if how == "length" else pieces()
    answer = httpx.post(
        f"{behind_a_proxy.url}/api/token/",
        content=content,
        headers={"Content-Type": "application/json"},
    )
    assert (answer.status_code, answer.json()["code"]) == (413, "payload_too_large")


def test_a_header_with_an_underscore_forges_no_address(behind_a_proxy):
    site = behind_a_proxy
    host = urlsplit(site.url).netloc
    for first, second in (
        ("X_Forwarded_For: 7.7.7.7", "X-Forwarded-For: 192.0.2.33"),
        ("X-Forwarded-For: 192.0.2.33", "x_forwarded_for: 7.7.7.7"),
    ):
        body = '{"email": "nobody@example.org", "password": "x"}'
        one = connect(site)
        one.sendall(
            f"POST /api/token/ HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n"
            f"{first}\r\n{second}\r\nContent-Type: application/json\r\n"
            f"Content-Length: {len(body)}\r\n\r\n{body}".encode()
        )
        assert b" 401 " in one.recv(4000)
    ips = site.run(
        "import json\n"
        "from accounts.audit.models import Event\n"
        "failed = Event.objects.filter(action='person:session:sign_in_failed')\n"
        "print(json.dumps([e.ip for e in failed.order_by('-id')[:2]]))\n"
    )
    assert ips == ["192.0.2.33", "192.0.2.33"]


def test_the_proxys_own_line_of_several_is_believed(behind_a_proxy):
    site = behind_a_proxy
    host = urlsplit(site.url).netloc
    body = '{"email": "nobody@example.org", "password": "x"}'
    one = connect(site)
    one.sendall(
        f"POST /api/token/ HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n"
        "X-Forwarded-For: 7.7.7.7\r\nX-Forwarded-For: 192.0.2.44\r\n"
        "Content-Type: application/json\r\n"
        f"Content-Length: {len(body)}\r\n\r\n{body}".encode()
    )
    assert b" 401 " in one.recv(4000)
    (ip,) = site.run(
        "import json\n"
        "from accounts.audit.models import Event\n"
        "print(json.dumps([Event.objects.latest('id').ip]))\n"
    )
    assert ip == "192.0.2.44"


@pytest.mark.parametrize(
    "start",
    ["GET /api/me/../../admin/ HTTP/1.1", "GET //api/me/ HTTP/1.1",
     "GET /api/%2e%2e/dashboard/ HTTP/1.1", "GET /API/me/ HTTP/1.1",
     "GET /api/me/%0a HTTP/1.1", "GET http://evil.example/api/me/ HTTP/1.1",
     "GET /%ff%fe HTTP/1.1", "BREW / HTTP/1.1", "GET / HTTP/9.9", "nonsense"],
)  # fmt: skip
def test_strange_request_lines(behind_a_proxy, start):
    host = urlsplit(behind_a_proxy.url).netloc
    one = connect(behind_a_proxy)
    one.sendall(
        f"{start}\r\nHost: {host}\r\nX-Forwarded-For: 192.0.2.9\r\n"
        "Connection: close\r\n\r\n".encode()
    )
    answer = one.recv(4000)
    if answer:
        status = int(answer.split()[1])
        assert status in {302, 400, 401, 404, 405}, answer[:200]
        assert b"Traceback" not in answer
    assert httpx.get(f"{behind_a_proxy.url}/healthz").status_code == 200
