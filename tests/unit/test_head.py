"""The request line and headers, before anything parses them."""

from __future__ import annotations

import pytest

from authsite import gateway, head
from authsite.bounds import MAX_BODY, fits, is_length


def scope(*headers, path="/", query=""):
    return {
        "type": "http", "method": "GET", "scheme": "http", "http_version": "1.1",
        "raw_path": path.encode(), "query_string": query.encode(),
        "server": ("127.0.0.1", 80), "client": ("192.0.2.1", 4711),
        "headers": [(name.encode(), value.encode()) for name, value in headers],
    }  # fmt: skip


@pytest.mark.parametrize(
    ("pairs", "status"),
    [
        ((), 0),
        ((("cookie", "a" * 16384),), 0),
        ((("cookie", "a" * 16385),), 431),
        ((("cookie", "a" * 9000), ("cookie", "a" * 9000)), 431),
        ((("authorization", "a" * 8192),), 0),
        ((("authorization", "a" * 8193),), 431),
        ((("content-type", "a/b;" + "c" * 252),), 0),
        ((("content-type", "a/b;" + "c" * 253),), 431),
        ((("content-length", "1" * 65),), 431),
        (tuple((f"x-{n}", "a" * 8000) for n in range(4)), 0),
        (tuple((f"x-{n}", "a" * 8190) for n in range(5)), 431),
    ],
)
def test_headers_have_a_size(pairs, status):
    assert head.refused(scope(*pairs)) == status


def test_an_address_has_a_size():
    assert head.refused(scope(path="/" * 4096, query="a" * 4096)) == 0
    assert head.refused(scope(path="/" * 4096, query="a" * 4097)) == 414


@pytest.mark.parametrize(
    ("sent", "kept"),
    [
        ("a=b; c=d", "a=b; c=d"),
        ('a="b c"', 'a="b c"'),
        ("a=b; c=\\; d=e", "a=b; d=e"),
        ('c="\\""', ""),
        ("", ""),
    ],
)
def test_cookies_with_escapes_are_left_out(sent, kept):
    assert gateway.make_environ(scope(("cookie", sent)))["HTTP_COOKIE"] == kept


@pytest.mark.parametrize(
    ("length", "is_one", "small"),
    [
        ("0", True, True),
        (str(MAX_BODY), True, True),
        (str(MAX_BODY + 1), True, False),
        ("0" * 5000 + "1", True, True),
        ("9" * 10**6, True, False),
    ],
)
def test_lengths_are_compared_however_many_digits_they_have(length, is_one, small):
    assert (is_length(length), fits(length)) == (is_one, small)


@pytest.mark.parametrize(
    "length", ["", "-1", "+1", " 1", "1.0", "\u0661", "\u00b2", "x"]
)
def test_only_digits_are_a_length(length):
    assert not is_length(length)
