"""Scenarios of the process: threads, forks, stops, settings."""

from __future__ import annotations

import os
import threading
import time

from authsite_verifier import (
    BadSetting,
    Settings,
)
from stand_in import SigningKey
from world import at_once, main, raises, sid_of, until


def fifty_threads_at_once_fetch_once(world):
    world.delay = 0.1
    tokens = [world.issuer.mint() for _ in range(50)]
    assert at_once(world.code, tokens) == ["ok"] * 50
    assert world.fetched() == 1


def few_threads_wait_for_unknown_keys_while_known_ones_go_on(world):
    good = world.issuer.mint()
    assert world.code(good) == "ok"
    world.delay, world.monotonic = 1.0, world.monotonic + 11
    unknown = [world.issuer.mint(SigningKey(f"k{number}")) for number in range(30)]
    codes = []
    threads = [
        threading.Thread(target=lambda token=token: codes.append(world.code(token)))
        for token in unknown
    ]
    started = time.monotonic()
    for thread in threads:
        thread.start()
    until(lambda: len(codes) >= 26)
    assert world.code(good) == "ok"
    assert time.monotonic() - started < 0.8
    assert set(codes) == {"unavailable"}
    for thread in threads:
        thread.join()
    assert codes.count("token_not_valid") == 4
    assert world.fetched() == 2


def it_outlives_a_fork(world):
    token = world.issuer.mint()
    assert world.code(token) == "ok"
    child = os.fork()
    if child == 0:
        # The thread did not come along; the list is old and a new one is fetched.
        world.monotonic += 40
        ended = 0 if world.code(token) == "ok" and world.polls(2) is None else 1
        os._exit(ended)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    world.polls(2)
    assert world.code(token) == "ok"


def it_can_be_stopped_and_started(world):
    def running():
        return [one.name for one in threading.enumerate()].count("authsite-verifier")

    before = running()
    world.verifier.start()
    world.verifier.start()
    assert running() == before + 1
    world.verifier.stop()
    assert running() == before
    assert world.code(world.issuer.mint()) == "ok"
    world.verifier.stop()


def a_bad_turn_is_not_the_last(world):
    token = world.issuer.mint()
    assert world.code(token) == "ok"
    answer, world.issuer.answer = world.issuer.answer, None  # a TypeError of its own
    time.sleep(0.1)
    world.issuer.answer = answer
    world.issuer.sids = {sid_of(world, token): int(time.time())}
    until(lambda: world.code(token) == "token_revoked")


def settings_are_read_or_named(world):
    good = {"AUTH_ISSUER": "https://id.example/", "AUTH_AUDIENCE": "orders"}
    read = Settings.read(good, name="orders-api")
    assert read.jwks_url == "https://id.example/.well-known/jwks.json"
    assert read.revocations_url == "https://id.example/api/revocations/"
    assert (read.revocations_max_age, read.leeway, read.name) == (30, 0, "orders-api")
    off = {"AUTH_REVOCATIONS_MAX_AGE": "off", "AUTH_LEEWAY": "60", "AUTH_NAME": "a.b"}
    read = Settings.read({**good, **off})
    assert (read.revocations_max_age, read.leeway, read.name) == (None, 60, "a.b")
    for name, values in {
        "AUTH_ISSUER": ["", "id.example", "ftp://id.example", "https://", "http://a:x"],
        "AUTH_AUDIENCE": [""],
        "AUTH_JWKS_URL": ["/jwks", "file:///etc/keys", "https://a b"],
        "AUTH_REVOCATIONS_URL": ["revocations", "https://"],
        "AUTH_REVOCATIONS_MAX_AGE": ["1", "3601", "-5", "3.5", "OFF", "\u0663\u0660"],
        "AUTH_LEEWAY": ["61", "-1", "1.5", "x"],
        "AUTH_NAME": ["a b", "x" * 65, "a/b", "\u00e9"],
    }.items():
        for value in values:
            error = raises(BadSetting, Settings.read, {**good, name: value})
            assert str(error).startswith(name), error


main(dict(globals()))
