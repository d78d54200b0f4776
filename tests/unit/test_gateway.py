"""What the server's front makes of a request's addresses, path and headers."""

from __future__ import annotations

import pytest

from authsite.gateway import make_environ


def environ(**changes):
    scope = {
        "method": "GET", "raw_path": b"/", "query_string": b"", "http_version": "1.1",
        "server": ("127.0.0.1", 8000), "client": ("192.0.2.7", 1), "scheme": "http",
        "headers": [],
    }  # fmt: skip
    return make_environ(scope | changes)


@pytest.mark.parametrize(
    ("told", "address"),
    [
        ("192.0.2.7", "192.0.2.7"),
        ("::1", "::1"),
        ("2001:db8::7", "2001:db8::7"),
        ("::ffff:192.0.2.7", "192.0.2.7"),  # an IPv4 client of HOST=::
        ("fe80::1%2", "fe80::1"),
    ],
)
def test_the_clients_address(told, address):
    assert environ(client=(told, 50_000))["REMOTE_ADDR"] == address


@pytest.mark.parametrize(
    ("host", "name"), [("::1", "[::1]"), ("::", "[::]"), ("10.0.0.1", "10.0.0.1")]
)
def test_the_servers_own_address(host, name):
    found = environ(server=(host, 8000))
    assert (found["SERVER_NAME"], found["SERVER_PORT"]) == (name, "8000")


def test_a_path_is_bytes_as_wsgi_has_them():
    found = environ(raw_path=b"/caf%C3%A9/%ff//x", query_string=b"a=%41")
    assert found["PATH_INFO"] == "/caf\xc3\xa9/\xff//x"
    assert found["QUERY_STRING"] == "a=%41"


def test_headers_of_a_name_are_joined_and_underscores_are_dropped():
    headers = [
        (b"cookie", b"a=1"), (b"x-forwarded-for", b"7.7.7.7"), (b"cookie", b"b=2"),
        (b"x-forwarded-for", b"192.0.2.9"), (b"x_forwarded_for", b"6.6.6.6"),
        (b"content-type", b"text/plain"), (b"x-odd", b"\xff"),
    ]  # fmt: skip
    found = environ(headers=headers)
    assert found["HTTP_COOKIE"] == "a=1; b=2"
    assert found["HTTP_X_FORWARDED_FOR"] == "7.7.7.7,192.0.2.9"
    assert found["CONTENT_TYPE"] == "text/plain"
    assert found["HTTP_X_ODD"] == "\xff"
