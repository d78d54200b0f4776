"""Keys: published before they sign, verifying until their last token has expired."""

from __future__ import annotations

import json
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from io import StringIO

import jwt
import pytest
import time_machine
from django.core.management import call_command
from django.db import OperationalError, connection
from jwt.api_jws import encode

from accounts.audit.models import Action, Event
from accounts.tokens import ring, snapshot
from accounts.tokens.explain import explain
from accounts.tokens.key_rotation import rotate as rotate_now
from accounts.tokens.models import Family, SigningKey
from tests.fixtures import exchange, sign_in_by_form

pytestmark = pytest.mark.django_db(transaction=True)
DAY = 86_400


def rotate(*options, after=0.0):
    """Run the command, so many seconds from now; returns what it says."""
    out = StringIO()
    with time_machine.travel(time.time() + after):
        call_command("rotate_keys", *options, stdout=out)
    return out.getvalue()


def kid(token):
    return jwt.get_unverified_header(token)["kid"]


def states():
    return sorted(SigningKey.objects.values_list("state", flat=True))


def published(client):
    ring.forget()
    return {key["kid"] for key in client.get("/.well-known/jwks.json").json()["keys"]}


def test_a_key_is_published_before_it_signs_and_verifies_after(
    make_person, api, client
):
    make_person()
    before = api.tokens()
    assert "published, not signing yet" in rotate("--now")
    (following,) = SigningKey.objects.filter(state="next")
    assert following.kid in published(client)
    assert kid(api.tokens()["access"]) == kid(before["access"])
    assert "may sign from" in rotate("--now")  # too early: verifiers may not know it
    assert "signs." in rotate("--now", after=601)
    assert states() == ["active", "next", "retired"]
    assert len(published(client)) == 3
    after = api.tokens()
    assert kid(after["access"]) == following.kid
    for pair in (before, after):
        assert api.get("/api/me/", pair["access"]).status_code == 200
        again = api.refresh(pair["refresh"])
        assert again.status_code == 200
        assert kid(again.json()["refresh"]) == following.kid


def test_run_daily_it_rotates_once_a_month_and_forgets_after_the_last_token(
    make_person, api
):
    make_person()
    first = kid(api.tokens()["access"])
    signing = set()
    for day in range(100):
        rotate(after=day * DAY)
        assert SigningKey.objects.filter(state="active").count() == 1
        signing.add(SigningKey.objects.get(state="active").kid)
        if day in {29, 43}:
            assert SigningKey.objects.get(kid=first).state != "gone"
        if day == 46:
            key = SigningKey.objects.get(kid=first)
            assert (key.state, bytes(key.sealed_private)) == ("gone", b"")
            assert first not in ring.ring().keys
    assert len(signing) == 4
    assert Event.objects.filter(action=Action.KEY_ACTIVATED).count() == 3


def test_twice_in_a_row_it_does_nothing_more(make_person, api):
    make_person()
    api.tokens()
    rotate("--now")
    rotate("--now", after=601)
    keys = set(SigningKey.objects.values_list("kid", "state"))
    for _ in range(3):
        rotate("--now", after=602)
    assert set(SigningKey.objects.values_list("kid", "state")) == keys


def test_the_same_successor_is_repeated_over_a_rotation(make_person, api):
    make_person()
    rotate("--now")
    old = api.tokens()["refresh"]
    first = api.refresh(old).content
    rotate("--now", after=601)
    assert api.refresh(old).content == first


def test_an_algorithm_is_changed_by_rotating(make_person, api, settings, client):
    make_person()
    api.tokens()
    settings.JWT_ALGORITHM = "EdDSA"
    rotate("--now")
    rotate("--now", after=601)
    pair = api.tokens()
    assert jwt.get_unverified_header(pair["access"])["alg"] == "EdDSA"
    assert api.get("/api/me/", pair["access"]).status_code == 200
    assert len(published(client)) == 3


def test_in_an_emergency_the_old_keys_verify_nothing_at_once(
    make_person, api, browser, client
):
    make_person()
    sign_in_by_form(browser)
    pairs = [api.tokens(), exchange(browser).json()]
    old = kid(pairs[0]["access"])
    told = rotate("--emergency")
    assert "Sign-ins by token ended: 2." in told
    assert old not in published(client)
    for pair in pairs:
        assert api.get("/api/me/", pair["access"]).status_code == 401
        assert api.refresh(pair["refresh"]).status_code == 401
    assert not Family.objects.filter(revoked_at=None).exists()
    assert browser.get("/dashboard/").status_code == 200  # browsers go on
    fresh = exchange(browser).json()
    assert kid(fresh["access"]) != old
    assert api.get("/api/me/", fresh["access"]).status_code == 200


def test_a_fresh_database_needs_no_command(make_person, api):
    make_person()
    assert api.get("/api/me/", api.tokens()["access"]).status_code == 200
    assert states() == ["active"]


def test_several_runs_at_once_make_one_next_key(make_person, api):
    make_person()
    api.tokens()

    def run(_):
        try:
            return rotate_now(timedelta())
        finally:
            connection.close()

    with ThreadPoolExecutor(6) as pool:
        told = list(pool.map(run, range(6)))
    assert states() == ["active", "next"]
    assert sum("Made" in line for lines in told for line in lines) == 1


def test_without_a_ring_and_a_database_the_jwks_is_unavailable(db, client, monkeypatch):
    def away():
        raise OperationalError

    ring.forget()
    monkeypatch.setattr(ring, "_read", away)
    answer = client.get("/.well-known/jwks.json")
    assert (answer.status_code, answer.json()["code"]) == (503, "unavailable")
    assert answer["Retry-After"] == "1"
    assert answer["Cache-Control"] == "no-store"


SESSION = "/_allauth/app/v1/auth/session"
#: A retired key's last access token has expired, and clocks had their margin.
UNPUBLISHED = 601 + 300 + 600 + 1


def minted_by(key, token, **changes):
    """These claims, signed by a key of the ring as if it still did."""
    body = jwt.decode(token, options={"verify_signature": False}) | changes
    head = {"kid": key.kid, "typ": jwt.get_unverified_header(token)["typ"]}
    return encode(json.dumps(body).encode(), key.private, key.algorithm, head)


def accepted(api, token):
    typ = jwt.get_unverified_header(token)["typ"]
    if typ == "st+jwt":
        return api.get(SESSION, session=token).status_code == 200
    return api.get("/api/me/", token).status_code == 200


@pytest.mark.parametrize("kind", ["access", "session_token"])
def test_a_retired_key_verifies_only_while_it_is_published(
    make_person, api, client, kind
):
    make_person()
    tokens = api.tokens()
    old, now = ring.ring().signing, time.time()
    rotate("--now")
    rotate("--now", after=601)
    # As a thief of the key would: of a time when it signed, and good for ever.
    stolen = minted_by(old, tokens[kind], exp=int(now) + 10 * DAY)
    for after, holds in ((UNPUBLISHED - 60, True), (UNPUBLISHED, False)):
        with time_machine.travel(now + after):
            snapshot.revoked.clear()
            assert (old.kid in published(client)) is holds
            assert accepted(api, stolen) is holds
    with time_machine.travel(now + UNPUBLISHED):
        assert explain(stolen).endswith("it signs only what has expired.")
        assert api.refresh(tokens["refresh"]).status_code == 200


@pytest.mark.parametrize("kind", ["access", "session_token"])
def test_what_a_key_signs_after_it_was_retired_is_refused(make_person, api, kind):
    make_person()
    tokens = api.tokens()
    old, now = ring.ring().signing, int(time.time())
    rotate("--now")
    rotate("--now", after=601)
    ring.forget()
    (retired,) = ring.ring().retired
    assert retired == old.kid
    until = int(ring.ring().signs_until("access", old.kid))
    assert 601 <= until - now <= 601 + 35  # a process that has not read of it yet
    with time_machine.travel(until + 60):
        ring.forget()
        snapshot.revoked.clear()
        times = {"exp": until + 300}
        assert accepted(api, minted_by(old, tokens[kind], iat=until - 40, **times))
        late = minted_by(old, tokens[kind], iat=until + 1, **times)
        assert not accepted(api, late)
        assert explain(late) == "It was issued after its signing key was retired."
        fresh = api.refresh(tokens["refresh"]).json()
        assert accepted(api, fresh[kind])
