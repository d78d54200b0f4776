"""What has gone wrong with tokens elsewhere, one test for each case.

Named after the advisory. What a token alone can do wrong is in tests/vectors, and the
verifiers of examples/ are held to the same; here is what needs a site around it.

Tested elsewhere: CVE-2026-48524 (PyJWT, a fetch for each unknown kid) by the floods of
tests/examples; CVE-2026-4325 and CVE-2026-4282 (Keycloak, one store for unlike codes)
by the kinds and types of tokens in tests/vectors.
Not ours: CVE-2026-48522 (PyJWT) names no behaviour that can be tested; action tokens
(CVE-2026-37982), client authentication (GHSA-pw9m-5jxm-xr6h) and
authorization codes (GHSA-7w99-5wm4-3g79) belong to OAuth servers, which this is not.
"""

from __future__ import annotations

import base64
import hmac
import json
import time
from concurrent.futures import ThreadPoolExecutor

import jwt
import pytest
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from django.db import connection
from jwt.api_jws import encode

from accounts.models import User
from accounts.tokens import classes, keys, ring, snapshot
from accounts.tokens.models import Family
from tests.fixtures import enrol_totp, exchange, sign_in_by_form

pytestmark = pytest.mark.django_db(transaction=True)
ME = "/api/me/"


@pytest.fixture
def pair(make_person, api):
    make_person()
    return api.tokens()


def claims(token):
    return jwt.decode(token, options={"verify_signature": False})


def b64(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def unsigned(header, body):
    return f"{b64(json.dumps(header).encode())}.{b64(json.dumps(body).encode())}."


def by_our_key(body, **header):
    """What only we could sign, so that no signature is what refuses it."""
    key = ring.ring().signing
    head = {"kid": key.kid, "typ": "at+jwt"} | header
    text = body if isinstance(body, bytes) else json.dumps(body).encode()
    return encode(text, key.private, key.algorithm, head)


def refused(api, token, code="token_not_valid"):
    answer = api.get(ME, token)
    assert (answer.status_code, answer.json()["code"]) == (401, code)
    assert 'error="invalid_token"' in answer["WWW-Authenticate"]
    return True


def _info(key, encoding):
    return key.public.public_bytes(encoding, PublicFormat.SubjectPublicKeyInfo)


SECRETS = {
    "CVE-2022-29217-PyJWT": lambda key: _info(key, Encoding.PEM),
    "CVE-2024-33663-python-jose": lambda key: _info(key, Encoding.DER),
    "CVE-2026-48526-PyJWT": lambda key: json.dumps(key.jwk).encode(),
    "CVE-2026-11800-Keycloak": lambda key: key.kid.encode(),
}


@pytest.mark.parametrize("case", SECRETS)
def test_what_is_public_is_no_secret_of_an_hmac(pair, api, case):
    key = ring.ring().signing
    head = b64(json.dumps({"alg": "HS256", "kid": key.kid, "typ": "at+jwt"}).encode())
    signed = f"{head}.{b64(json.dumps(claims(pair['access'])).encode())}"
    mac = hmac.new(SECRETS[case](key), signed.encode(), "sha256").digest()
    assert refused(api, f"{signed}.{b64(mac)}")


@pytest.mark.parametrize("name", ["none", "None", "NONE", "nOnE", "", None, [], {}])
def test_cve_2025_61152_python_jose_no_algorithm_at_all(pair, api, name):
    head = {"alg": name, "kid": ring.ring().signing.kid, "typ": "at+jwt"}
    assert refused(api, unsigned(head, claims(pair["access"])))


def test_cve_2026_1529_keycloak_an_unsigned_token(pair, api):
    head, body, _ = pair["access"].split(".")
    assert refused(api, f"{head}.{body}.")


@pytest.mark.parametrize(
    "header",
    [
        {"crit": ["exp"]},  # CVE-2026-32597 (PyJWT), CVE-2025-59420 (Authlib)
        {"crit": ["http://x.example/unknown"]},  # python-jose #413
        {"crit": ["b64"], "b64": False},  # CVE-2026-48525 (PyJWT)
        {"b64": False},
        {"jku": "http://127.0.0.1:9/jwks"},
        {"x5u": "http://127.0.0.1:9/key"},
        {"x5c": ["MIIB"]},
        {"jwk": {"kty": "EC"}},  # CVE-2026-48523 (PyJWT)
        {"zip": "DEF"},  # CVE-2024-33664 (python-jose)
        {"cty": "JWT"},
    ],
    ids=lambda header: "-".join(map(str, [*header, *header.values()]))[:40],
)
def test_a_header_that_asks_for_more_is_refused_before_any_key_is_touched(
    pair, api, header, monkeypatch
):
    token = by_our_key(claims(pair["access"]), **header)

    def touched():
        pytest.fail("a key was looked for")

    monkeypatch.setattr(classes, "ring", touched)
    assert refused(api, token)


@pytest.mark.parametrize(
    "kid",
    [
        "../../../../dev/null", "' OR 1=1 --", "\0", "\ud800", "x" * 3000, "", 0, True,
        None, [], ["x"], {"x": 1}, 1e400,
    ],
    ids=lambda kid: ascii(kid)[:12],
)  # fmt: skip
def test_a_hostile_kid_reaches_no_row(
    pair, api, kid, django_assert_num_queries, monkeypatch
):
    for name in ("EAGER_SECONDS", "FRESH_SECONDS"):
        monkeypatch.setattr(snapshot, name, 60.0)  # a busy machine takes its time
    api.get(ME, pair["access"])  # ring and list are read
    head = {"alg": "ES256", "kid": kid, "typ": "at+jwt"}
    token = f"{b64(json.dumps(head).encode())}.{b64(b'{}')}.{b64(bytes(64))}"
    with django_assert_num_queries(0):
        assert refused(api, token)


def test_cve_2024_33664_python_jose_an_encrypted_bomb(pair, api):
    assert refused(
        api, ".".join([b64(b'{"alg":"dir","zip":"DEF"}'), "", "a", "b", "c"])
    )


def test_cve_2024_53861_pyjwt_an_issuer_that_is_a_part_of_ours(pair, api, settings):
    body = claims(pair["access"])
    for issuer in (body["iss"][:-1], body["iss"] + "/", "", [body["iss"]], None):
        assert refused(api, by_our_key({**body, "iss": issuer}))
    assert api.get(ME, by_our_key(body)).status_code == 200  # or the above shows little


def test_cve_2025_45768_pyjwt_no_weak_key_is_made_or_taken(settings):
    for algorithm in keys.ALGORITHMS:
        made = keys.load(keys.generate(algorithm), algorithm)
        size = getattr(made.public, "key_size", 256)
        assert size >= (3072 if algorithm == "RS256" else 256)
    settings.JWT_SHARED_SECRET = "x" * 31
    from django.core.checks import run_checks

    assert "authsite.E001" in {message.id for message in run_checks()}


def test_cve_2024_22513_simplejwt_a_token_of_someone_disabled(pair, api):
    person = User.objects.get()
    person.is_active = False
    person.save()
    assert refused(api, pair["access"], "token_revoked")


def test_simplejwt_812_a_refresh_of_someone_disabled(pair, api):
    User.objects.update(is_active=False)  # past every signal
    assert api.refresh(pair["refresh"]).json()["code"] == "token_revoked"


def test_simplejwt_985_no_hash_of_the_password_in_a_token(pair):
    for token in pair["access"], pair["refresh"]:
        assert not {"hash_password", "hash", "password"} & claims(token).keys()


def test_simplejwt_46_verify_says_no_to_a_revoked_token(pair, api):
    api.post("/api/token/blacklist/", {"refresh": pair["refresh"]})
    for token in pair["access"], pair["refresh"]:
        answer = api.post("/api/token/verify/", {"token": token})
        assert (answer.status_code, answer.json()["code"]) == (401, "token_revoked")


def test_a_refresh_for_a_person_who_was_deleted_is_no_500(pair, api):
    User.objects.get().delete()
    assert api.refresh(pair["refresh"]).status_code == 401
    assert refused(api, pair["access"], "token_revoked")


def test_ghsa_2vg6_77g8_24mp_better_auth_no_session_outlives_its_person(
    make_person, browser
):
    make_person()
    sign_in_by_form(browser)
    pair = exchange(browser).json()
    User.objects.get().delete()
    assert browser.get("/dashboard/").status_code == 302
    again = browser.post("/api/token/refresh/", pair, content_type="application/json")
    assert again.status_code == 401


def test_cve_2025_61928_better_auth_a_name_in_the_body_mints_nothing(
    make_person, client, browser
):
    victim = make_person()
    body = {"userId": str(victim.pk), "user": str(victim.pk), "sub": str(victim.pk)}
    answer = client.post("/api/token/session/", body, content_type="application/json")
    assert answer.status_code in {401, 403}
    other = make_person("ada@example.org")
    sign_in_by_form(browser, "ada@example.org")
    pair = browser.post(
        "/api/token/session/", body, content_type="application/json"
    ).json()
    assert claims(pair["access"])["sub"] == str(other.pk)


def test_cve_2023_48309_authjs_a_pending_step_is_no_session(make_person, api):
    enrol_totp(make_person())
    pending = api.sign_in().json()["pending_token"]
    assert refused(api, pending)
    assert api.refresh(pending).status_code == 401
    page = api.client().get("/dashboard/", headers={"x-session-token": pending})
    assert page.status_code == 302
    assert not Family.objects.exists()


@pytest.mark.parametrize(
    "value",
    ["Bearer", "Bearer ", "Bearer  x", "Bearer x y", "bearer\tx", "Basic eDp5", "ä",
     "Bearer ä", "Bearer " + "x" * 9000, ",", "Bearer \x00"],
)  # fmt: skip
def test_ghsa_xmf8_cvqr_rfgj_authjs_a_malformed_authorization_header(db, api, value):
    answer = api.client().get(ME, headers={"authorization": value})
    assert answer.status_code in {400, 401}
    assert answer.json()["code"] in {"not_authenticated", "token_not_valid", "invalid"}


def test_cve_2026_9802_keycloak_a_revocation_outlives_a_restart(pair, api):
    api.post("/api/token/revoke/", {"refresh": pair["refresh"]})
    ring.forget()
    snapshot.revoked.clear()  # all that a process knows
    assert refused(api, pair["access"], "token_revoked")
    assert api.refresh(pair["refresh"]).json()["code"] == "token_revoked"


def test_keycloak_50999_a_replay_in_the_same_second_forks_nothing(pair, api):
    answers = {api.refresh(pair["refresh"]).content for _ in range(5)}
    assert len(answers) == 1
    assert Family.objects.get().generation == 2


def test_cve_2026_1035_keycloak_parallel_refreshes_have_one_successor(pair, api):
    def turn(_):
        try:
            return api.refresh(pair["refresh"]).content
        finally:
            connection.close()

    with ThreadPoolExecutor(8) as pool:
        assert len(set(pool.map(turn, range(8)))) == 1


def test_keycloak_51312_a_refresh_beside_a_revocation_leaves_nothing_alive(pair, api):
    def turn(call):
        try:
            return api.post(f"/api/token/{call}/", {"refresh": pair["refresh"]})
        finally:
            connection.close()

    with ThreadPoolExecutor(4) as pool:
        calls = ["refresh", "revoke", "refresh"]
        first, _, third = pool.map(turn, calls)
    for answer in (first, third):
        if answer.status_code == 200:
            assert api.refresh(answer.json()["refresh"]).status_code == 401
            assert refused(api, answer.json()["access"], "token_revoked")


def test_cve_2026_8922_keycloak_not_before_counts_at_every_door(pair, api):
    early = by_our_key({**claims(pair["access"]), "nbf": int(time.time()) + 60})
    assert refused(api, early)
    assert api.post("/api/token/verify/", {"token": early}).status_code == 401


def test_cve_2025_12390_keycloak_no_session_key_is_used_again(make_person, browser):
    make_person()
    seen = set()
    for _ in range(3):
        sign_in_by_form(browser)
        seen.add(browser.session.session_key)
        browser.post("/accounts/logout/")
    assert len(seen) == 3


def test_ghsa_392p_2q2v_4372_better_auth_an_old_refresh_token_ends_the_chain(pair, api):
    newest = pair
    for _ in range(3):
        newest = api.refresh(newest["refresh"]).json()
    assert api.refresh(pair["refresh"]).json()["code"] == "token_revoked"
    assert api.refresh(newest["refresh"]).json()["code"] == "token_revoked"


def test_simplejwt_803_no_token_is_stored(pair):
    row = json.dumps(list(Family.objects.values()), default=str)
    for token in pair["access"], pair["refresh"]:
        for part in token.split("."):
            assert part not in row


def test_better_auth_2971_a_new_auth_secret_signs_nobody_out(pair, api, settings):
    settings.SECRET_KEY_FALLBACKS = [settings.SECRET_KEY]
    settings.SECRET_KEY = "the present secret, of more than thirty-two bytes"
    ring.forget()
    assert api.get(ME, pair["access"]).status_code == 200
    assert api.refresh(pair["refresh"]).status_code == 200


def test_well_signed_claims_of_wrong_types_are_refused_before_any_row(
    pair, api, django_assert_num_queries
):
    body = claims(pair["access"])
    api.get(ME, pair["access"])
    odd = [
        {"sub": [body["sub"]]}, {"sub": "\0"}, {"sub": "' OR 1=1"}, {"sub": "\ud800"},
        {"sub": body["sub"].upper()}, {"sid": {}}, {"sid": "x"}, {"exp": "9999999999"},
        {"exp": 1e12}, {"exp": True}, {"exp": 10**30}, {"iat": None}, {"aud": {}},
        {"email": 1}, {"acr": "aal9"}, {"amr": "pwd"}, {"auth_time": "0"},
        {"groups": [1]}, {"token_type": ["access"]}, {"jti": 7},
    ]  # fmt: skip
    tokens = [by_our_key({**body, **wrong}) for wrong in odd]
    with django_assert_num_queries(0):
        for token in tokens:
            assert refused(api, token)


def test_json_that_says_something_twice_is_refused(pair, api):
    body = json.dumps(claims(pair["access"]))
    twice = body[:-1] + ', "email": "root@example.org"}'
    assert refused(api, by_our_key(twice.encode()))


def test_a_signature_has_one_spelling(pair, api):
    head, body, signature = pair["access"].split(".")
    last = signature[-1]
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    stray = alphabet[alphabet.index(last) ^ 1]
    for other in (
        signature + "=", signature + "==", signature[:-1] + stray,
        signature.replace("-", "+").replace("_", "/") + "=", f" {signature}",
    ):  # fmt: skip
        assert refused(api, f"{head}.{body}.{other}")
