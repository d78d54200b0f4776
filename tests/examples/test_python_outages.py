"""The Python services while their issuer is away, slow, lies, or is flooded."""

from __future__ import annotations

import itertools
import statistics
import threading
import time

import jwt
import pytest

from tests.examples.stand_in import JWKS, REVOCATIONS, SigningKey, stand_in
from tests.examples.tools import (
    answers,
    ask,
    challenged,
    problem,
    recent,
    refused,
    unavailable,
    wait_for,
)
from tests.services.ports import free_port


def sid(token):
    return jwt.decode(token, options={"verify_signature": False})["sid"]


def polls(issuer, number=2):
    """Wait until the list was asked for so many times more."""
    first = issuer.count(REVOCATIONS)
    wait_for(lambda: issuer.count(REVOCATIONS) >= first + number)


@pytest.fixture(scope="module")
def both(installed):
    """An issuer of ours and a service that believes it, for all tests here."""
    example = installed("fastapi_service")
    with stand_in() as issuer:
        issuer.keys.append(SigningKey("stolen"))
        with example.trusting(issuer, AUTH_NAME="orders-api") as url:
            yield issuer, url


@pytest.fixture
def told(both):
    """The same, with an issuer that is well again after each test."""
    yield both
    issuer, _ = both
    issuer.held.clear()
    issuer.release.set()
    issuer.listed = None


def test_without_any_keys_nobody_is_let_in(example, issuer):
    nowhere = f"http://127.0.0.1:{free_port()}/jwks"
    with example.trusting(issuer, AUTH_JWKS_URL=nowhere) as url:
        unavailable(ask(url, issuer.mint()), "keys")
        problem(ask(url), 401, "not_authenticated")
        refused(ask(url, "nonsense"), "malformed")


def test_without_any_list_nobody_is_let_in(example, issuer):
    nowhere = f"http://127.0.0.1:{free_port()}/list"
    with example.trusting(issuer, AUTH_REVOCATIONS_URL=nowhere) as url:
        unavailable(ask(url, issuer.mint()), "could not be had yet")
        refused(ask(url, issuer.mint(exp=int(time.time()) - 1)), "expired")


def test_a_list_that_is_away_then_there_then_too_old(installed, issuer):
    example = installed("fastapi_service")
    issuer.down.add(REVOCATIONS)
    token = issuer.mint()
    with example.trusting(issuer, AUTH_REVOCATIONS_MAX_AGE="2") as url:
        unavailable(ask(url, token), "could not be had yet")
        issuer.down.clear()
        wait_for(lambda: answers(url, token, 200))
        weak = challenged(recent(url, token))
        assert weak["acr_values"], weak["max_age"] == ("aal2", "300")
        issuer.sids[sid(token)] = int(time.time())
        refused(wait_for(lambda: answers(url, token, 401)), "", "token_revoked")
        other = issuer.mint(acr="aal2")
        assert recent(url, other).status_code == 200
        issuer.down |= {REVOCATIONS, JWKS}
        answer = wait_for(lambda: answers(url, other, 503), 5)
        unavailable(answer, "s old; more than 2 s is not trusted")
        assert answer.headers["retry-after"] == "1"
        # What is wrong in itself is no matter of the list.
        refused(ask(url, issuer.mint(exp=int(time.time()) - 1)), "expired")
        refused(ask(url, issuer.mint(SigningKey("first"))), "signature")
        # What is known to be revoked stays so.
        refused(ask(url, token), "", "token_revoked")
        issuer.down.clear()
        wait_for(lambda: answers(url, other, 200))


def test_off_means_that_nobody_polls_and_a_revoked_token_passes(example, issuer):
    token = issuer.mint()
    issuer.sids[sid(token)] = int(time.time())
    with example.trusting(issuer, AUTH_REVOCATIONS_MAX_AGE="off") as url:
        assert ask(url, token).status_code == 200
        assert issuer.count(REVOCATIONS) == 0


def test_workers_that_were_forked_after_loading_the_code_follow_each(installed, issuer):
    token = issuer.mint()
    more = ["--preload", "--workers", "2"]
    with installed("drf_service").trusting(issuer, *more) as url:
        assert {ask(url, token).status_code for _ in range(20)} == {200}
        issuer.sids[sid(token)] = int(time.time())
        wait_for(lambda: {ask(url, token).status_code for _ in range(20)} == {401}, 4)


def test_a_flood_of_unknown_keys_does_not_reach_the_issuer(example, issuer):
    """One fetch in ten seconds, whatever is sent: counted at the issuer's own side."""
    with example.trusting(issuer) as url:
        good = issuer.mint()
        assert ask(url, good).status_code == 200
        for number in range(30):
            refused(ask(url, issuer.mint(SigningKey(f"unknown-{number}"))), "not known")
        assert issuer.count(JWKS) == 1
        issuer.down |= {JWKS, REVOCATIONS}
        # The issuer is away: known keys serve on.
        assert ask(url, good).status_code == 200


def test_it_names_itself_and_asks_whether_anything_is_new(told):
    issuer, url = told
    assert ask(url, issuer.mint()).status_code == 200
    polls(issuer)
    names = {one.headers.get("x-service-name") for one in issuer.seen}
    assert names == {"orders-api"}
    assert issuer.count(REVOCATIONS, 304) >= 1
    whole = issuer.count(REVOCATIONS, 200)
    issuer.sids["0b9a8c7d-6e5f-4a3b-8c2d-1e0f9a8b7c6d"] = int(time.time())
    wait_for(lambda: issuer.count(REVOCATIONS, 200) > whole)
    at = [one.at for one in issuer.seen if one.path == REVOCATIONS]
    gaps = [after - before for before, after in itertools.pairwise(at)]
    assert min(gaps) > 0.8, gaps
    assert statistics.median(gaps) < 2, gaps  # a busy machine may miss one


def test_an_older_list_from_some_cache_takes_nothing_back(told):
    issuer, url = told
    before = issuer.revocations()
    token, other = issuer.mint(), issuer.mint()
    issuer.sids[sid(token)] = int(time.time())
    wait_for(lambda: answers(url, token, 401, code="token_revoked"), 4)
    issuer.listed = before
    polls(issuer)
    refused(ask(url, token), "", "token_revoked")
    assert ask(url, other).status_code == 200


def test_a_forged_list_is_ignored(told):
    issuer, url = told
    token = issuer.mint()
    assert ask(url, token).status_code == 200
    sids = {sid(token): int(time.time())}
    issuer.listed = issuer.revocations(SigningKey(issuer.keys[0].kid), sids=sids)
    polls(issuer)
    assert ask(url, token).status_code == 200
    issuer.listed = issuer.revocations(sids=sids)
    wait_for(lambda: answers(url, token, 401, code="token_revoked"), 4)


def test_a_removed_key_is_refused_though_the_keys_in_memory_have_it(told):
    issuer, url = told
    stolen = issuer.keys[1]
    token = issuer.mint(stolen)
    assert ask(url, token).status_code == 200
    fetched = issuer.count(JWKS)
    issuer.kids[stolen.kid] = int(time.time())
    answer = wait_for(lambda: answers(url, token, 401), 4)
    refused(answer, "key was taken out", "token_revoked")
    assert issuer.count(JWKS) == fetched
    # A list by the stolen key, on the way, is not believed either.
    other = issuer.mint()
    sids = {sid(other): int(time.time())}
    issuer.listed = issuer.revocations(stolen, sids=sids, kids={})
    polls(issuer)
    assert ask(url, other).status_code == 200


def test_a_slow_issuer_does_not_block_tokens_whose_key_is_known(told):
    issuer, url = told
    good, unknown = issuer.mint(), issuer.mint(SigningKey("new"))
    assert ask(url, good).status_code == 200
    issuer.held |= {JWKS, REVOCATIONS}
    wait_for(lambda: issuer.waiting[REVOCATIONS])
    found = []
    thread = threading.Thread(target=lambda: found.append(ask(url, unknown)))
    thread.start()  # it waits for the keys, unless they were asked for just now
    took = []
    for _ in range(20):
        began = time.monotonic()
        assert ask(url, good).status_code == 200
        took.append(time.monotonic() - began)
    assert max(took) < 1.5, took  # what waits for the issuer waits for 2 or 3 s
    issuer.held.clear()
    issuer.release.set()
    thread.join()
    assert found[0].status_code in {401, 503}
