"""Scenarios of the issuer's keys: outages, rotations, floods, nonsense."""

from __future__ import annotations

import time

import authsite_verifier.jwks
import authsite_verifier.revocations
import authsite_verifier.verifier
import httpx
import jwt
from authsite_verifier import (
    InvalidToken,
    Unavailable,
)
from authsite_verifier.jwk import read_key
from authsite_verifier.proven import Proven
from cryptography.hazmat.primitives.asymmetric import rsa
from stand_in import JWKS, SigningKey
from world import Drip, World, main, raises, until


def keys_serve_on_for_a_day_while_fetches_fail(world):
    world = World(AUTH_REVOCATIONS_MAX_AGE="off")
    token = world.issuer.mint(exp=int(time.time()) + 3600)
    assert world.code(token) == "ok"
    world.issuer.down.add(JWKS)
    world.monotonic += 86_390
    assert world.code(token) == "ok"
    unknown = SigningKey("new")
    error = raises(Unavailable, world.verifier.verify, world.issuer.mint(unknown))
    assert 1 <= error.retry_after <= 10
    world.monotonic += 11
    assert world.code(token) == "unavailable"
    world.issuer.down.clear()
    world.monotonic += 11
    until(lambda: world.code(token) == "ok")


def invented_kids_cause_one_fetch_in_ten_seconds(world):
    good = world.issuer.mint()
    assert world.code(good) == "ok"
    forged = [world.issuer.mint(SigningKey(f"k{number}")) for number in range(30)]
    assert {world.code(token) for token in forged} == {"token_not_valid"}
    assert world.fetched() == 1
    world.monotonic += 10.5
    assert {world.code(token) for token in forged} == {"token_not_valid"}
    assert world.fetched() == 2


def keys_are_fetched_again_when_they_are_old(world):
    assert world.code(world.issuer.mint()) == "ok"
    world.polls(3)
    world.monotonic += 299
    world.polls(3)
    assert world.fetched() == 1
    world.monotonic += 2
    until(lambda: world.fetched() == 2)


def a_key_that_changed_under_its_name_proves_nothing_old(world):
    token = world.issuer.mint()
    assert world.code(token) == world.code(token) == "ok"
    world.issuer.keys = [SigningKey("first")]
    world.monotonic += 301
    until(lambda: world.fetched() == 2)
    until(lambda: world.code(token) == "token_not_valid")
    assert "signature" in str(raises(InvalidToken, world.verifier.verify, token))


def a_key_that_left_the_set_is_refused(world):
    token = world.issuer.mint()
    assert world.code(token) == "ok"
    world.issuer.keys = [SigningKey("second")]
    world.monotonic += 301
    until(lambda: world.fetched() == 2)
    until(lambda: world.code(token) == "token_not_valid")


def the_list_teaches_a_new_key_before_its_first_token(world):
    assert world.code(world.issuer.mint()) == "ok"
    new = SigningKey("second")
    world.issuer.keys = [new, world.issuer.key]  # the list is signed by the first
    world.monotonic += 11
    until(lambda: world.fetched() == 2)
    world.issuer.down.add(JWKS)
    assert world.code(world.issuer.mint(new)) == "ok"


def no_keys_at_all_lets_nobody_in(world):
    world.issuer.keys = []
    world.issuer.listed = world.issuer.revocations(world.issuer.key)
    assert world.code(world.issuer.mint()) == "unavailable"


def a_jwks_that_is_not_as_it_should_be_changes_nothing(world):
    token = world.issuer.mint(exp=int(time.time()) + 3600)
    assert world.code(token) == "ok"
    authsite_verifier.jwks.TIMEOUT = 0.1
    twice = {"keys": [world.issuer.key.jwk, SigningKey("first").jwk]}
    secret = {"kty": "oct", "kid": "shared", "k": "AAAA", "alg": "HS256"}
    for instead in (
        lambda: httpx.Response(200, json=twice),
        lambda: httpx.Response(200, json={"keys": [world.issuer.key.jwk, secret]}),
        lambda: httpx.Response(200, json={"keys": [], "padding": "x" * 70_000}),
        lambda: httpx.Response(200, json=[]),
        lambda: httpx.Response(200, stream=Drip()),
        lambda: httpx.Response(404, json={"keys": []}),
    ):
        before = world.fetched()
        world.instead[JWKS] = instead
        world.monotonic += 301
        until(lambda before=before: world.fetched() > before)
        until(lambda: world.verifier._jwks.is_failing)
        until(lambda: world.code(token) == "ok")
    authsite_verifier.jwks.TIMEOUT = 3.0


def weak_and_foreign_keys_are_left_out(world):
    good = world.issuer.key.jwk
    assert read_key(good) is not None
    assert read_key(good).members.keys() == {"crv", "x", "y"}
    for change in (
        {"key_ops": ["sign"]},
        {"key_ops": "verify"},
        {"use": "enc"},
        {"alg": "ES384"},
        {"alg": None},
        {"kty": "RSA"},
        {"crv": "P-384"},
        {"x": good["y"], "y": good["x"]},
        {"x": good["x"] + "="},
        {"x": "A" * 2000},
        {"x": 5},
    ):
        assert read_key({**good, **change}) is None, change
    for bits, exponent, right in (
        (2048, 65537, True),
        (2048, 3, False),
        (1024, 65537, False),
    ):
        public = rsa.generate_private_key(exponent, bits).public_key()
        jwk = jwt.algorithms.RSAAlgorithm.to_jwk(public, as_dict=True)
        found = read_key({**jwk, "alg": "RS256"})
        assert (found is not None) == right, (bits, exponent)


def a_token_seen_before_is_not_proven_again_under_the_same_keys(world):
    proven, check = [], authsite_verifier.verifier.check_signature

    def counting(jws, key):
        proven.append(jws.kid)
        check(jws, key)

    authsite_verifier.verifier.check_signature = counting
    token = world.issuer.mint(exp=int(time.time()) + 3600)
    assert {world.code(token) for _ in range(5)} == {"ok"}
    world.monotonic += 301
    until(lambda: world.fetched() == 2)
    until(lambda: world.code(token) == "ok")
    assert len(proven) == 1
    world.later = 3600
    assert world.code(token) == "token_not_valid"
    authsite_verifier.verifier.check_signature = check


def the_memory_of_proven_tokens_is_bounded(world):
    memory = Proven(room=100)
    for number in range(1000):
        memory.add(number.to_bytes(32, "big"), "kid")
    assert len(memory._young) + len(memory._old) <= 100
    assert memory.get((999).to_bytes(32, "big")) == "kid"
    assert memory.get((1).to_bytes(32, "big")) is None


main(dict(globals()))
