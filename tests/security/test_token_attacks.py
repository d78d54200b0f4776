"""Attacks on tokens that once got through here, each by its name."""

from __future__ import annotations

import json
import time
import uuid
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from io import StringIO
from pathlib import Path

import jwt
import pytest
import time_machine
from django.conf import settings
from django.core.management import call_command
from django.db import connection
from django.utils import timezone
from jwt.api_jws import encode

from accounts.audit.models import Event
from accounts.models import User
from accounts.tokens import audiences, ring, snapshot
from accounts.tokens.errors import TokenRevoked
from accounts.tokens.explain import explain
from accounts.tokens.issue import pair as pair_of
from accounts.tokens.key_rotation import replace_at_once, rotate
from accounts.tokens.models import Family, SigningKey
from tests.fixtures import enrol_totp, exchange, second_step, sign_in_by_form

pytestmark = pytest.mark.django_db(transaction=True)
VECTORS = Path(__file__).resolve().parents[1] / "vectors" / "access_tokens.json"


def claims(token):
    return jwt.decode(token, options={"verify_signature": False})


def listed(client):
    return claims(client.get("/api/revocations/").content.decode())


def emergency():
    call_command("rotate_keys", "--emergency", stdout=StringIO())


def forged(key):
    """By a stolen key: of a sign-in that no list can name, good for ever."""
    now = int(time.time())
    body = {
        "iss": settings.JWT_ISSUER, "aud": settings.JWT_AUDIENCES[0], "iat": now,
        "exp": 250_000_000_000, "sub": str(uuid.uuid4()), "sid": str(uuid.uuid4()),
        "jti": "x", "token_type": "access", "email": "x@example.org",
        "email_verified": True, "groups": [],
    }  # fmt: skip
    head = {"kid": key.kid, "typ": "at+jwt"}
    return encode(json.dumps(body).encode(), key.private, key.algorithm, head)


def test_one_session_cannot_fill_the_list_of_revocations(make_person, browser, client):
    make_person()
    sign_in_by_form(browser)
    pairs = [exchange(browser).json() for _ in range(13)]
    assert Family.objects.filter(revoked_at=None).count() == 10
    assert Family.objects.filter(revoked_reason="too_many").count() == 3
    sids = listed(client)["sids"]
    assert sids.keys() == {claims(pair["access"])["sid"] for pair in pairs[:3]}
    browser.post("/accounts/logout/")
    assert len(listed(client)["sids"]) == 13


def test_with_a_shared_secret_an_emergency_names_every_sign_in(
    make_person, api, client, settings
):
    settings.JWT_ALGORITHM = "HS256"
    settings.JWT_SHARED_SECRET = "a secret that others hold too, of some length"
    ring.forget()
    make_person()
    pair = api.tokens()
    out = StringIO()
    call_command("rotate_keys", "--emergency", stdout=out)
    assert "JWT_SHARED_SECRET" in out.getvalue()
    assert listed(client)["sids"].keys() == {claims(pair["access"])["sid"]}
    ring.forget()


def test_the_first_forgery_after_an_emergency_elsewhere_is_refused_too(db, api):
    stolen = ring.ring().signing
    token = forged(stolen)
    # While the key is in use nothing tells it from ours: that is the emergency.
    assert api.get("/api/protected-route/", token).status_code == 200
    here = ring.ring()
    emergency()
    # As a process that was told of nothing, and has been idle for a second.
    ring._known = (time.monotonic(), here)
    snapshot.revoked.clear()
    answer = api.post("/api/token/verify/", {"token": token})
    assert answer.status_code == 401
    assert ring.ring().signing.kid != stolen.kid


def test_a_ring_never_inherits_what_another_ring_has_proven(db):
    before = ring.ring()
    before.proven.add(b"digest")
    emergency()
    assert not ring.ring().proven.holds(b"digest")
    assert ring.ring().proven is not before.proven


def test_a_ring_that_was_read_before_a_change_is_not_kept(db, monkeypatch):
    ring.ring()
    ring.forget()
    read = ring._read

    def slow():
        found = read()
        if not changed:
            changed.append(1)
            emergency()  # between the reading and the keeping
        return found

    changed = []
    monkeypatch.setattr(ring, "_read", slow)
    active = ring.ring().signing.kid
    assert SigningKey.objects.get(state="active").kid == active


def test_no_other_key_signs_for_a_family_whose_key_was_taken_out(make_person, api):
    make_person()
    api.tokens()
    emergency()
    with pytest.raises(TokenRevoked):
        pair_of(Family.objects.select_related("user").get(), audiences.own())


def test_the_jwks_stays_short_however_many_keys_were_retired(make_person, api, client):
    make_person()
    pair = api.tokens()
    old = timezone.now() - timedelta(days=1)
    for _ in range(40):
        key = ring.new_key(SigningKey.State.RETIRED)
        key.retired_at = old
        key.save()
    ring.forget()
    assert len(client.get("/.well-known/jwks.json").json()["keys"]) == 1
    assert api.refresh(pair["refresh"]).status_code == 200
    assert len(ring.ring().keys) == 41  # they verify refresh tokens


def test_two_emergencies_at_once_and_one_beside_a_rotation(db):
    ring.ring()
    rotate(timedelta())

    def run(step):
        try:
            return step()
        finally:
            connection.close()

    steps = [replace_at_once, replace_at_once, lambda: rotate(timedelta())]
    with ThreadPoolExecutor(3) as pool:
        told = list(pool.map(run, steps))
    assert all(told)
    states = list(
        SigningKey.objects.exclude(state="gone").values_list("state", flat=True)
    )
    assert states.count("active") == 1
    assert "retired" not in states


def test_the_reason_of_a_ban_is_told_and_not_what_it_brought_about(make_person, api):
    person = make_person()
    access = api.tokens()["access"]
    person.is_active = False
    person.save()
    assert explain(access).endswith("person deactivated.")
    assert Event.objects.filter(data__reason="deactivated").exists()


@pytest.mark.parametrize("name", ["tokens", "lists"])
def test_explain_has_a_sentence_for_everything(db, name):
    member = "token" if name == "tokens" else "list"
    for case in json.loads(VECTORS.read_text())[name]:
        said = explain(case[member])
        assert said.endswith("."), (case["name"], said)
        assert len(said) < 250


def test_a_password_does_not_make_an_old_second_factor_fresh(make_person, api, browser):
    app = enrol_totp(make_person())
    sign_in_by_form(browser)
    second_step(browser, app.code())
    pair = exchange(browser).json()
    first = claims(pair["access"])
    assert first["acr"] == "aal2"
    with time_machine.travel(timezone.now() + timedelta(hours=1)):
        body = {"password": "correct horse battery", "acr": "aal2"}
        browser.post("/accounts/reauthenticate/", body)
        pair = api.refresh(pair["refresh"]).json()
        said = claims(pair["access"])
        for name in ("auth_time", "acr", "amr"):
            assert said[name] == first[name]
        answer = api.get("/api/protected-route/recent/", pair["access"])
        assert answer.json()["code"] == "insufficient_user_authentication"
        browser.post("/accounts/2fa/reauthenticate/", {"code": app.code()})
        pair = api.refresh(pair["refresh"]).json()
        assert (
            api.get("/api/protected-route/recent/", pair["access"]).status_code == 200
        )
    assert User.objects.count() == 1
