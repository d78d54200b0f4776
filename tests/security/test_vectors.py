"""Our own verifier, held to what every verifier is held to (tests/vectors)."""

from __future__ import annotations

import json
import time
from datetime import UTC, datetime
from pathlib import Path

import jwt
import pytest
import time_machine

from accounts.tokens import backend, ring, snapshot
from accounts.tokens.errors import TokenError, TokenRevoked
from accounts.tokens.keys import ALGORITHMS, SHARED, Key
from accounts.tokens.verify import verify_access

FOLDER = Path(__file__).resolve().parents[1] / "vectors"
VECTORS = json.loads((FOLDER / "access_tokens.json").read_text())
WYCHEPROOF = json.loads(
    (FOLDER / "wycheproof" / "json_web_signature_test.json").read_text()
)
#: Called invalid (for a padding that is not there), and byte for byte case 357, which
#: is called valid.
MISLABELLED = {367, 370}
#: Called valid with a foreign character in them, which RFC 7515 2 does not allow.
LENIENT = {372, 373}
#: RFC 9068 and RFC 7519 let others write these; we never do, and take only what we
#: write.
NOT_OURS = {"valid-application-typ", "valid-aud-list"}


def public_key(jwk, algorithm):
    key = jwt.PyJWK(jwk, algorithm).key
    return Key(jwk.get("kid", ""), algorithm, key, None, jwk)


@pytest.fixture
def as_the_issuer(settings, monkeypatch):
    """This process as the vectors' issuer, at their time, with their list."""
    settings.JWT_ISSUER = VECTORS["issuer"]
    settings.JWT_AUDIENCES = (VECTORS["audience"],)
    listed = jwt.decode(VECTORS["revocations"], options={"verify_signature": False})
    keys = {
        jwk["kid"]: public_key(jwk, jwk["alg"])
        for jwk in VECTORS["jwks"]["keys"]
        if jwk["kid"] not in listed["kids"]
    }
    signing = next(iter(keys.values()))
    with time_machine.travel(VECTORS["now"], tick=False):
        now = time.monotonic()
        monkeypatch.setattr(
            ring, "_known", (now, ring.Ring(keys, signing, keys, signing, keys))
        )
        times = {
            sid: datetime.fromtimestamp(at, tz=UTC)
            for sid, at in listed["sids"].items()
        }
        snapshot.revoked._known = snapshot.Entries(sids=times)
        snapshot.revoked._read_at = now + 3600  # nothing is asked of a database
        yield set(listed["kids"])
    snapshot.revoked.clear()


def answer(token):
    try:
        verify_access(token)
    except TokenRevoked:
        return "token_revoked"
    except TokenError:
        return "token_not_valid"
    return "valid"


def test_every_line_of_the_shared_vectors_holds_here_too(as_the_issuer):
    wrong = []
    for case in VECTORS["tokens"]:
        kid = None
        if case.get("code") == "token_revoked":
            kid = jwt.get_unverified_header(case["token"])["kid"]
        expected = "valid" if case["valid"] else case["code"]
        if case["name"] in NOT_OURS or kid in as_the_issuer:
            # A key that was taken out is no longer in our ring at all.
            expected = "token_not_valid"
        found = [answer(case["token"]) for _ in range(2)]  # cold, then remembered
        if found != [expected] * 2:
            wrong.append((case["name"], expected, found))
    assert wrong == []
    assert len(VECTORS["tokens"]) > 300


def test_a_list_of_revocations_is_never_a_token(as_the_issuer):
    tokens = {case["token"] for case in VECTORS["tokens"]}
    lists = [case for case in VECTORS["lists"] if case["list"] not in tokens]
    assert len(lists) > 50
    for case in lists:
        assert answer(case["list"]) == "token_not_valid"


def wycheproof(group):
    """The algorithm and the key of a group; None when the key is not ours to use."""
    jwk = group.get("public") or group["private"]
    algorithm = jwk.get("alg")
    if algorithm not in {*ALGORITHMS, SHARED} or jwk.get("use", "sig") != "sig":
        return None
    if "verify" not in jwk.get("key_ops", ["verify"]):
        return None
    return public_key(jwk, algorithm)


def accepted(key, text):
    """As RingBackend reads a token: form, allow-list, the key's own algorithm."""
    try:
        raw = text.encode("ascii")
        parts = backend.read(raw)
        if parts.header.get("alg") != key.algorithm:
            return False
        backend.check_signature(raw, key)
    except (ValueError, RecursionError, jwt.PyJWTError):
        return False
    return True


def test_wycheproof_no_invalid_signature_is_accepted_and_the_valid_ones_are():
    valid, texts = 0, {}
    accepted_invalid, refused_valid = [], []
    for group in WYCHEPROOF["testGroups"]:
        key = wycheproof(group)
        for case in group["tests"]:
            ok = key is not None and accepted(key, case["jws"])
            valid += ok
            texts[case["tcId"]] = case["jws"]
            if ok and case["result"] == "invalid" and case["tcId"] not in MISLABELLED:
                accepted_invalid.append((case["tcId"], case["comment"], case["jws"]))
            if key and case["result"] == "valid" and not ok:
                refused_valid.append(case["tcId"])
    assert accepted_invalid == []
    assert {texts[number] for number in MISLABELLED} == {texts[357]}
    assert valid >= 15
    assert set(refused_valid) == LENIENT
