"""Scenarios of the list of revocations: its age, its merging, its signer."""

from __future__ import annotations

import gzip
import time

import authsite_verifier.jwks
import authsite_verifier.revocations
import authsite_verifier.verifier
import httpx
from authsite_verifier import (
    RevokedToken,
    Unavailable,
)
from stand_in import REVOCATIONS, SigningKey
from world import Drip, main, raises, sid_of, until


def not_modified_does_not_keep_an_old_list_alive(world):
    world.issuer.listed = world.issuer.revocations()
    token = world.issuer.mint(exp=int(time.time()) + 3600)
    assert world.code(token) == "ok"
    world.polls(2)
    assert (REVOCATIONS, 304) in world.issuer.seen
    world.later = 200  # the list ended at most 90 s from now, and 60 s more
    world.issuer.seen.clear()
    world.polls(2)
    # Asked without the ETag from then on, and the same old list is not believed.
    assert [status for path, status in world.issuer.seen][-1] == 200
    world.monotonic += 31
    world.polls(2)
    assert world.code(token) == "unavailable"
    world.issuer.listed = world.issuer.revocations(exp=int(time.time()) + 300)
    until(lambda: world.code(token) == "ok")


def a_not_modified_that_nobody_asked_for_is_a_failure(world):
    world.instead[REVOCATIONS] = lambda: httpx.Response(304)
    assert world.code(world.issuer.mint()) == "unavailable"


def an_entry_is_kept_for_the_window_and_a_minute(world):
    now = int(time.time())
    token = world.issuer.mint(exp=now + 3600)
    world.issuer.sids = {sid_of(world, token): now}
    until(lambda: world.code(token) == "token_revoked")
    world.issuer.sids = {}
    world.issuer.listed = world.issuer.revocations(exp=now + 3600)
    world.later = 330 + 55
    world.polls(3)
    assert world.code(token) == "token_revoked"
    world.later = 330 + 65
    world.issuer.listed = world.issuer.revocations(exp=now + 3601)
    until(lambda: world.code(token) == "ok")


def the_age_counts_from_the_start_of_a_poll(world):
    world.passes = 20.0
    token = world.issuer.mint()
    world.verifier.start()
    until(lambda: (REVOCATIONS, 200) in world.issuer.seen)
    world.issuer.down.add(REVOCATIONS)
    world.passes = 0.0
    until(lambda: world.code(token) == "ok")
    world.monotonic += 29  # 49 s after it was asked for, 29 s after it came
    error = raises(Unavailable, world.verifier.verify, token)
    assert "s old; more than 30 s is not trusted" in str(error)


def a_bad_token_is_refused_however_old_the_list(world):
    now = int(time.time())
    expired = world.issuer.mint(iat=now - 400, exp=now - 100)
    world.issuer.down.add(REVOCATIONS)
    assert world.code(world.issuer.mint()) == "unavailable"
    assert world.code(expired) == "token_not_valid"
    assert world.code(world.issuer.mint(SigningKey("first"))) == "token_not_valid"


def a_removed_key_is_no_reason_to_fetch(world):
    assert world.code(world.issuer.mint()) == "ok"
    gone = SigningKey("gone")
    world.issuer.kids = {"gone": int(time.time())}
    world.polls(3)
    world.monotonic += 11
    error = raises(RevokedToken, world.verifier.verify, world.issuer.mint(gone))
    assert "key" in str(error)
    assert world.fetched() == 1


def a_list_by_a_removed_key_is_not_believed(world):
    token, stolen = world.issuer.mint(), SigningKey("stolen")
    world.issuer.keys.append(stolen)
    world.issuer.kids = {"stolen": int(time.time())}
    sids = {sid_of(world, token): int(time.time())}
    world.issuer.listed = world.issuer.revocations(stolen, sids=sids, kids={})
    world.polls(3)
    assert world.code(token) == "ok"
    world.issuer.listed = world.issuer.revocations(sids=sids, kids={})
    until(lambda: world.code(token) == "token_revoked")


def the_first_token_waits_for_the_first_list(world):
    world.delay = 0.3
    assert world.code(world.issuer.mint()) == "ok"


def an_answer_that_is_not_as_it_should_be_is_a_failure(world):
    """Redirected, too long, compressed, without an end, or not at all a list."""
    token = world.issuer.mint()
    assert world.code(token) == "ok"
    authsite_verifier.revocations.TIMEOUT = 0.1
    elsewhere = {"Location": "https://id.example/other"}
    gzipped = {"Content-Encoding": "gzip"}
    body = world.issuer.revocations()
    for instead in (
        lambda: httpx.Response(302, headers=elsewhere, content=body),
        lambda: httpx.Response(200, content=body + b"A" * 4 * 1024 * 1024),
        lambda: httpx.Response(200, headers=gzipped, content=gzip.compress(body)),
        lambda: httpx.Response(200, stream=Drip()),
        lambda: httpx.Response(500, content=body),
        lambda: httpx.Response(200, content=b"<html>"),
        lambda: httpx.Response(200, content=b"\xff"),
        lambda: httpx.Response(200, content=token.encode()),
    ):
        world.instead[REVOCATIONS] = instead
        world.polls(2)
        world.monotonic += 31
        world.polls(2)
        assert world.code(token) == "unavailable"
        world.instead.clear()
        until(lambda: world.code(token) == "ok")
    authsite_verifier.revocations.TIMEOUT = 2.0


main(dict(globals()))
