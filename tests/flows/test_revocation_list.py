"""The list of revocations: what other services poll, and can believe."""

from __future__ import annotations

import time
from datetime import timedelta

import jwt
import pytest
import time_machine
from django.core.management import call_command
from django.db import OperationalError, connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.models import User
from accounts.tokens import ring, snapshot
from accounts.tokens.commit_order import Number
from accounts.tokens.models import Family

pytestmark = pytest.mark.django_db(transaction=True)
URL = "/api/revocations/"


def sid(access):
    return jwt.decode(access, options={"verify_signature": False})["sid"]


def read(answer):
    """The claims, believed as another service believes them: by the JWKS alone."""
    name = jwt.get_unverified_header(answer.content.decode())["kid"]
    key = jwt.PyJWK(ring.ring().keys[name].jwk)
    return jwt.decode(answer.content, key, issuer="http://localhost:8000")


@pytest.fixture
def revoked_list(client, settings):
    settings.JWT_ISSUER = "http://localhost:8000"

    def ask(**headers):
        return client.get(URL, headers=headers)

    return ask


def test_an_empty_list_is_a_signed_one(db, revoked_list):
    answer = revoked_list()
    assert answer.status_code == 200
    assert answer["Content-Type"] == "application/jwt"
    assert answer["Cache-Control"] == "public, max-age=1"
    assert "Vary" not in answer
    assert not answer.cookies
    header = jwt.get_unverified_header(answer.content.decode())
    assert header.keys() == {"alg", "kid", "typ"}
    assert header["typ"] == "revocations+jwt"
    claims = read(answer)
    assert (claims["sids"], claims["kids"]) == ({}, {})
    assert claims["window"] == 330
    assert claims["iat"] % 30 == 0
    assert claims["exp"] == claims["iat"] + 90


def test_whatever_ends_a_sign_in_puts_it_on_the_list_at_once(
    make_person, api, revoked_list
):
    make_person()
    make_person("ada@example.org")
    signed_out, banned = api.tokens(), api.tokens("ada@example.org")
    kept = api.tokens()
    api.post("/api/token/revoke/", {"refresh": signed_out["refresh"]})
    person = User.objects.get(email="ada@example.org")
    person.is_active = False
    person.save()
    sids = read(revoked_list())["sids"]
    assert sids.keys() == {sid(signed_out["access"]), sid(banned["access"])}
    assert sid(kept["access"]) not in sids
    assert all(abs(at - time.time()) < 5 for at in sids.values())


def test_the_same_list_has_the_same_name_and_is_not_sent_twice(
    make_person, api, revoked_list
):
    make_person()
    refresh = api.tokens()["refresh"]
    with time_machine.travel(1_900_000_000 - 1_900_000_000 % 30 + 5):
        before = revoked_list()
        again = revoked_list(if_none_match=before["ETag"])
        assert (again.status_code, again.content) == (304, b"")
        assert again["ETag"] == before["ETag"]
        assert again["Cache-Control"] == "public, max-age=1"
    api.post("/api/token/revoke/", {"refresh": refresh})
    after = revoked_list(if_none_match=before["ETag"])
    assert after.status_code == 200
    assert after["ETag"] != before["ETag"]


def test_every_process_that_knows_the_same_signs_the_same_bytes(
    make_person, api, revoked_list
):
    make_person()
    api.post("/api/token/revoke/", {"refresh": api.tokens()["refresh"]})
    with time_machine.travel(timezone.now(), tick=False):
        here = revoked_list().content
        from accounts.tokens import revocation_list

        revocation_list._last = None  # another process starts with nothing
        ring.forget()
        snapshot.revoked.clear()
        assert revoked_list().content == here


def test_an_entry_stays_until_no_token_can_need_it(make_person, api, revoked_list):
    make_person()
    pair = api.tokens()
    api.post("/api/token/revoke/", {"refresh": pair["refresh"]})
    now = timezone.now()
    for minutes, there in ((5, True), (6, False)):
        snapshot.revoked.clear()
        with time_machine.travel(now + timedelta(minutes=minutes)):
            listed = sid(pair["access"]) in read(revoked_list())["sids"]
            assert listed is there


def test_a_revocation_of_another_process_comes_within_a_second(
    make_person, api, revoked_list
):
    make_person()
    pair = api.tokens()
    assert read(revoked_list())["sids"] == {}
    # As another process does it: this one is not told.
    Family.objects.update(
        revoked_at=timezone.now(), revoked_tx=Number(), revoked_reason="admin"
    )
    deadline = time.monotonic() + 1.0
    while time.monotonic() < deadline:
        if sid(pair["access"]) in read(revoked_list())["sids"]:
            break
        time.sleep(0.05)
    assert sid(pair["access"]) in read(revoked_list())["sids"]


def test_a_removed_key_is_named_instead_of_every_sign_in_it_ends(
    make_person, api, revoked_list
):
    make_person()
    pairs = [api.tokens() for _ in range(3)]
    old = jwt.get_unverified_header(pairs[0]["access"])["kid"]
    call_command("rotate_keys", emergency=True, verbosity=0)
    answer = revoked_list()
    assert jwt.get_unverified_header(answer.content.decode())["kid"] != old
    claims = read(answer)
    assert claims["kids"].keys() == {old}
    assert claims["sids"] == {}
    for pair in pairs:
        assert api.get("/api/me/", pair["access"]).status_code == 401


def test_an_emergency_elsewhere_reaches_this_process_within_a_second(make_person, api):
    make_person()
    access = api.tokens()["access"]
    assert api.get("/api/me/", access).status_code == 200
    here = ring.ring()
    call_command("rotate_keys", emergency=True, verbosity=0)
    ring._known = (time.monotonic(), here)  # as a process that was not told
    time.sleep(1.05)
    api.get("/api/me/", access)
    assert ring.ring().signing.kid != here.signing.kid


def test_polling_costs_one_query_a_second_at_most(db, revoked_list):
    revoked_list()
    with CaptureQueriesContext(
        connection,
    ) as seen:
        began = time.monotonic()
        for _ in range(50):
            assert revoked_list().status_code == 200
        taken = time.monotonic() - began
    assert len(seen) <= 1 + taken / snapshot.EAGER_SECONDS


def test_when_nothing_can_be_known_it_says_so(db, revoked_list, monkeypatch):
    def away(*args):
        raise OperationalError

    revoked_list()
    monkeypatch.setattr(snapshot, "_read", away)
    snapshot.revoked.clear()
    answer = revoked_list()
    assert (answer.status_code, answer.json()["code"]) == (503, "unavailable")
    assert answer["Retry-After"]
    assert answer["Cache-Control"] == "no-store"


def test_nothing_but_a_question_is_taken(client, db):
    for method in ("post", "put", "delete"):
        answer = getattr(client, method)(URL, content_type="application/json")
        assert (answer.status_code, answer.json()["code"]) == (
            405,
            "method_not_allowed",
        )
    assert client.head(URL).status_code == 200


def test_a_list_is_no_token(make_person, api, revoked_list):
    make_person()
    text = revoked_list().content.decode()
    assert api.get("/api/me/", text).json()["code"] == "token_not_valid"
    assert api.refresh(text).status_code == 401
