"""The shared vectors: made anew they are the same, and by other eyes they hold."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import jwt
import pytest
import time_machine

from tests.vectors import make_access_tokens
from tests.vectors.encoding import sign_text
from tests.vectors.keys import ES256, PUBLISHED

VECTORS = json.loads(make_access_tokens.FILE.read_text(encoding="ascii"))
KEYS = {jwk["kid"]: jwt.PyJWK(jwk) for jwk in VECTORS["jwks"]["keys"]}
VALID = [case for case in VECTORS["tokens"] if case["valid"]]
#: Refused for what they say, though the true key signed them.
SIGNED_WELL = (
    "missing-", "exp", "iat-", "nbf-", "sub-", "sid-", "jti-", "aud-", "iss-",
    "token-type-", "client_id-", "email", "groups-", "amr-", "acr-", "auth_time-",
    "typ-", "refresh-token", "revoked-sid", "payload-",
)  # fmt: skip


def test_the_file_is_what_the_script_makes():
    made = make_access_tokens.text().encode("ascii")
    assert make_access_tokens.FILE.read_bytes() == made


@pytest.mark.parametrize("part", ["tokens", "lists", "step_up"])
def test_names_are_unique(part):
    names = [case["name"] for case in VECTORS[part]]
    assert len(names) == len(set(names))


def test_each_line_says_all_that_a_verifier_needs():
    for case in VECTORS["tokens"]:
        given = set(case) - {"code"}
        assert given == {"name", "token", "valid", "why"}, case["name"]
        assert case["valid"] is ("code" not in case), case["name"]
        assert case.get("code", "token_revoked") in {"token_not_valid", "token_revoked"}
    for case in VECTORS["lists"]:
        assert set(case) == {"name", "list", "valid", "why"}, case["name"]


def test_no_two_refused_tokens_are_the_same():
    refused = [case["token"] for case in VECTORS["tokens"] if not case["valid"]]
    assert len(refused) == len(set(refused))


@pytest.mark.parametrize("case", VALID, ids=lambda case: case["name"])
def test_plain_pyjwt_takes_what_is_valid(case):
    key = KEYS[jwt.get_unverified_header(case["token"])["kid"]]
    with time_machine.travel(datetime.fromtimestamp(VECTORS["now"], UTC), tick=False):
        claims = jwt.PyJWT().decode(
            case["token"],
            key,
            algorithms=[key.algorithm_name],
            audience=VECTORS["audience"],
            issuer=VECTORS["issuer"],
            leeway=1,  # our rules grant iat a second
        )
    assert claims["token_type"] == "access"


def test_plain_pyjwt_takes_the_lists_that_are_valid():
    lists = [case["list"] for case in VECTORS["lists"] if case["valid"]]
    for text in [VECTORS["revocations"], *lists]:
        key = KEYS[jwt.get_unverified_header(text)["kid"]]
        payload = jwt.PyJWS().decode(text, key, algorithms=[key.algorithm_name])
        assert json.loads(payload)["iss"] == VECTORS["issuer"]


def test_what_is_refused_for_its_content_was_signed_by_the_true_key():
    """Else a verifier could refuse it for the signature and miss the rule."""
    checked = 0
    for case in VECTORS["tokens"]:
        if case["valid"] or not case["name"].startswith(SIGNED_WELL):
            continue
        head, body, _ = case["token"].split(".")
        assert case["token"] == sign_text(ES256, head, body), case["name"]
        checked += 1
    assert checked > 150


def test_step_up_asks_about_good_tokens_and_has_both_answers():
    names = {case["name"] for case in VALID}
    assert {case["token"] for case in VECTORS["step_up"]} <= names
    assert {case["satisfied"] for case in VECTORS["step_up"]} == {True, False}


def test_published_keys_are_named_by_their_thumbprints():
    assert [key.kid for key in PUBLISHED] == list(KEYS)
    assert all(
        jwk.key.key_size >= 2048 for jwk in KEYS.values() if jwk.key_type == "RSA"
    )
