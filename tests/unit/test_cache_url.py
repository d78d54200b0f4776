"""CACHE_URL: what is taken reaches redis-py as it is written; all else is refused."""

from __future__ import annotations

import pytest
import redis
from django.core.exceptions import ImproperlyConfigured

from authsite import cache_url
from authsite.env import Env
from authsite.settings import CACHES

PASSWORD = "pa55word"
TIMEOUTS = {"socket_timeout": 1, "socket_connect_timeout": 1}
SAMPLES = {
    "protocol": "2",
    "ssl_cert_reqs": "none",
    "ssl_ca_certs": __file__,
    "ssl_certfile": __file__,
    "ssl_keyfile": __file__,
    "ssl_ca_path": "/",
    **dict.fromkeys(("ssl_check_hostname", "socket_keepalive"), "false"),
    "retry_on_timeout": "true",
    **dict.fromkeys(("socket_timeout", "socket_connect_timeout"), "0.5"),
    **dict.fromkeys(("username", "password", "client_name", "ssl_password"), "text"),
    **dict.fromkeys(("db", "max_connections", "health_check_interval"), "3"),
}


def connection(url):
    """What redis-py would connect with, on the options that settings add."""
    [location] = cache_url.locations(url)
    return redis.ConnectionPool.from_url(location, **TIMEOUTS).make_connection()


@pytest.mark.parametrize(
    ("url", "kind", "expected"),
    [
        ("redis://h:6380/2", redis.Connection, {"host": "h", "port": 6380, "db": 2}),
        ("valkey://h", redis.Connection, {"host": "h", "port": 6379, "db": 0}),
        ("VALKEY://h/?db=3", redis.Connection, {"host": "h", "db": 3}),
        ("redis://[::1]:6379/0", redis.Connection, {"host": "::1"}),
        ("redis://h/0", redis.Connection, {"socket_timeout": 1}),
        ("redis://h/0?socket_timeout=2.5", redis.Connection, {"socket_timeout": 2.5}),
        (
            "redis://u:p%23%2F%3F%40,;+1@h/1",
            redis.Connection,
            {"username": "u", "password": "p#/?@,;+1", "db": 1},
        ),
        ("redis://h?username=u&password=p%2B", redis.Connection, {"password": "p+"}),
        (
            "valkeys://h?ssl_cert_reqs=none&ssl_check_hostname=false",
            redis.SSLConnection,
            {"cert_reqs": 0, "check_hostname": False},
        ),
        (f"rediss://h?ssl_ca_certs={__file__}", redis.SSLConnection,
         {"ca_certs": __file__, "cert_reqs": 2, "check_hostname": True}),
        (
            "unix:///run/valkey.sock?db=3",
            redis.UnixDomainSocketConnection,
            {"path": "/run/valkey.sock", "db": 3},
        ),
        (
            "unix://u:p@/run/valkey.sock",
            redis.UnixDomainSocketConnection,
            {"username": "u", "password": "p"},
        ),
    ],
)  # fmt: skip
def test_it_reaches_redis_py_as_written(url, kind, expected):
    found = connection(url)
    assert type(found) is kind
    assert {name: getattr(found, name) for name in expected} == expected


@pytest.mark.parametrize("scheme", ["redis://h/", "rediss://h/", "unix:///s"])
def test_redis_py_knows_every_option_that_we_take(scheme):
    for name in cache_url.KINDS[scheme.partition(":")[0]]:
        connection(f"{scheme}?{name}={SAMPLES[name]}")


@pytest.mark.parametrize(
    ("url", "told"),
    [
        *(
            (f"{scheme}://h:11211", "write one of redis://, rediss://, valkey://")
            for scheme in (
                *("locmem", "locmemcache", "memcache", "dummy", "dummycache", "db"),
                *("file", "http", "rediscache", "valkey+unix"),
            )
        ),
        (PASSWORD, "write one of"),
        (f"redis:/{PASSWORD}", "write one of"),
        (f"redis://:{PASSWORD}#1@h:6379/1", "%23"),
        (f"redis://:{PASSWORD}/1@h:6379/1", "%2F"),
        (f"redis://:{PASSWORD}?x=1@h:6379/1", "%3F"),
        (f"redis://user#{PASSWORD}@h:6379/1", "write # / ? and @"),
        (f"redis://h/1#{PASSWORD}", "write # / ? and @"),
        (f"redis://user?client_name={PASSWORD}@h/1", "write # / ? and @"),
        (f"redis://:[{PASSWORD}@h:6379/1", "cannot be read"),
        (f"redis://:{PASSWORD}%ff@h/1", "cannot be read"),
        (f"redis://:{PASSWORD} 1@h/1", "%20"),
        (f"redis://:{PASSWORD}\t1@h/1", "%20"),
        (f"redis://h/?password={PASSWORD}+1", "%2B"),
        ("redis://h:99999/1", "check the port"),
        ("redis://h:0/1", "write one of"),
        ("redis:///0", "one host"),
        ("redis://a,b/0", "one host"),
        ("redis://h/name", "the database as a number"),
        ("redis://h/1/2", "the database as a number"),
        ("redis://h/1?db=2", "db is written twice"),
        (f"redis://:{PASSWORD}@h?password={PASSWORD}2", "password is written twice"),
        ("redis://h?db=1&db=2", "an option is written twice"),
        ("redis://h?db", "?name=value"),
        ("redis://h?db=", "option db: write a whole number"),
        ("redis://h?socket_timeout=soon", "option socket_timeout: write seconds"),
        ("redis://h?socket_timeout=0", "option socket_timeout: write seconds"),
        ("redis://h?max_connections=0", "option max_connections: write"),
        ("redis://h?socket_keepalive=off", "write one of true, false"),
        ("redis://h?timeout=300", "no option timeout for redis://"),
        ("redis://h?decode_responses=true", "no option decode_responses"),
        (f"redis://h?{PASSWORD}=1", "no option in this URL"),
        ("redis://h?ssl_cert_reqs=none", "no option ssl_cert_reqs for redis://"),
        ("unix:///s?ssl_cert_reqs=none", "no option ssl_cert_reqs for unix://"),
        ("rediss://h?ssl_cert_reqs=CERT_NONE", "one of none, optional, required"),
        ("rediss://h?ssl_ca_certs=/does/not/exist", "option ssl_ca_certs: write the"),
        ("unix://run/valkey.sock", "after three slashes"),
        ("unix://", "after three slashes"),
    ],
)
def test_all_else_is_refused_without_its_value(monkeypatch, url, told):
    monkeypatch.setenv("CACHE_URL", url)
    with pytest.raises(ImproperlyConfigured) as caught:
        Env().cache("CACHE_URL")
    message = str(caught.value)
    assert message.startswith("CACHE_URL: ")
    assert told in message
    assert "\n" not in message
    assert PASSWORD not in message
    assert "/does/not" not in message


@pytest.mark.skipif("LOCATION" not in CACHES["default"], reason="no CACHE_URL here")
def test_settings_keep_the_timeouts_and_the_serializer():
    assert CACHES["default"]["OPTIONS"] == {
        **TIMEOUTS,
        "serializer": "accounts.policy.json_cache.JSONSerializer",
    }
