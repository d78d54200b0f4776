"""Large bodies: from whom they are taken, and how slowly they may come."""

from __future__ import annotations

import asyncio
import hashlib
import json
import os

import httpx
import pytest

from authsite import bodies
from tests.wire.client import PATIENCE, wire_site

MEGABYTE = 1024 * 1024
FILE = os.urandom(5 * MEGABYTE)
SMALL = os.urandom(1000)  # no UTF-8


def digest(data):
    return hashlib.sha256(data).hexdigest()


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    with wire_site(tmp_path_factory.mktemp("wire"), "uploads") as found:
        yield found


def post(site, path, **what):
    return httpx.post(f"{site.url}{path}", timeout=PATIENCE, **what)


def in_pieces(data):
    for start in range(0, len(data), 100_000):
        yield data[start : start + 100_000]


@pytest.mark.parametrize("data", [FILE, SMALL], ids=["large", "small"])
@pytest.mark.parametrize("how", ["form", "raw", "in pieces"])
def test_a_view_that_declares_it_gets_a_file(site, data, how):
    image = {"Content-Type": "image/png"}
    what = {
        "form": {"files": {"file": ("a.png", data)}},
        "raw": {"content": data, "headers": image},
        "in pieces": {"content": in_pieces(data), "headers": image},
    }[how]
    answer = post(site, "/wire/upload/", **what)
    assert (answer.status_code, answer.json()) == (200, {"digest": digest(data)})


def test_a_view_of_the_api_that_declares_it_gets_a_file(site):
    data = FILE[: 2 * MEGABYTE]
    answer = post(site, "/api/wire/picture/", files={"file": ("a.png", data)})
    assert (answer.status_code, answer.json()) == (200, {"digest": digest(data)})


def test_json_may_be_as_large_as_declared(site):
    """Beyond Django's own megabyte for what is kept in memory."""
    text = json.dumps({"a": "x" * (MEGABYTE + MEGABYTE // 2)})
    header = {"Content-Type": "application/json"}
    answer = post(site, "/wire/json/", content=text, headers=header)
    assert answer.json() == {"length": len(text)}
    answer = post(site, "/wire/json/", content=text + "}", headers=header)
    assert answer.status_code == 400  # it is looked at as any other


@pytest.mark.parametrize("how", ["length", "pieces"])
@pytest.mark.parametrize(
    ("path", "size"),
    [("/wire/upload/", 7 * MEGABYTE), ("/api/wire/picture/", 4 * MEGABYTE)],
)
def test_more_than_declared_is_refused(site, path, size, how):
    data = bytes(size)
    answer = post(
        site,
        path,
        content=data if how == "length" else in_pieces(data),
        headers={"Content-Type": "multipart/form-data; boundary=x"},
    )
    assert answer.status_code == 413


def test_a_binary_form_is_refused_where_no_file_is_taken(site):
    answer = post(site, "/accounts/login/", files={"file": ("a.png", SMALL)})
    assert answer.status_code == 400


def read(parts, *, length=None, limit=0):
    """Read a body whose parts come so many seconds apart; returns the environment."""
    environ = {"PATH_INFO": "/"}
    if length is None:
        environ["HTTP_TRANSFER_ENCODING"] = "chunked"
    else:
        environ["CONTENT_LENGTH"] = str(length)
    coming = iter(parts)

    async def receive():
        pause, data = next(coming)
        await asyncio.sleep(pause)
        more = data is not None
        return {"type": "http.request", "body": data or b"", "more_body": more}

    async def limit_of(path):
        return limit

    async def take():
        body = bodies.Body(environ, receive, limit_of)
        try:
            await body.read()
            environ["read"] = environ["wsgi.input"].read()
            environ["file"] = hasattr(environ["wsgi.input"], "getvalue") is False
        finally:
            body.close()

    asyncio.run(take())
    return environ


LARGE = 300_000


def test_a_small_body_has_ten_seconds_in_all(monkeypatch):
    monkeypatch.setattr(bodies, "BODY_SECONDS", 0.2)
    with pytest.raises(bodies.Late):
        read([(0, b"x"), (0.15, b"x"), (60, b"x")], length=100)


def test_a_large_body_has_as_long_as_it_keeps_up_the_rate(monkeypatch):
    monkeypatch.setattr(bodies, "BODY_SECONDS", 0.1)
    monkeypatch.setattr(bodies, "RATE", 3)  # a byte earns a third of a second
    slow = [(0, b"x" * 1000), (0.3, b"x" * (LARGE - 1000)), (0, None)]
    assert read(slow, length=LARGE, limit=LARGE)["read"] == b"x" * LARGE
    monkeypatch.setattr(bodies, "RATE", 10**9)
    with pytest.raises(bodies.Late):
        read([(0, b"x" * 1000), (60, b"")], length=LARGE, limit=LARGE)


def test_a_length_that_was_sent_twice_is_one_length():
    found = read([(0, b"12345"), (0, None)], length="5,5")
    assert (found["read"], found["CONTENT_LENGTH"]) == (b"12345", "5")


@pytest.mark.parametrize("length", [None, LARGE])
def test_a_large_body_waits_in_a_file(length):
    parts = [(0, b"x" * (LARGE // 2)), (0, b"y" * (LARGE // 2)), (0, None)]
    found = read(parts, length=length, limit=LARGE)
    assert found["file"]
    assert found["read"] == b"x" * (LARGE // 2) + b"y" * (LARGE // 2)
    assert found["CONTENT_LENGTH"] == str(LARGE)


def test_only_so_many_large_bodies_at_once(monkeypatch):
    monkeypatch.setattr(bodies, "_uploads", asyncio.Semaphore(1))
    parts = [(0, b"x" * LARGE), (0, None)]
    for _ in range(2):  # its place is given back
        read(parts, length=LARGE, limit=LARGE)
    monkeypatch.setattr(bodies, "_uploads", asyncio.Semaphore(0))
    with pytest.raises(bodies.Full):
        read(parts, length=LARGE, limit=LARGE)
