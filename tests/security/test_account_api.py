"""What a service receives opens nothing of the account API, and no kind another's door.

A service that gets an access token, or shares a secret with us, must not be able to act
on the account that it belongs to (RFC 9700 2.3, RFC 9068 5).
"""

from __future__ import annotations

import json
import re
import time

import pytest
from django.core.cache import cache
from django.urls import resolve
from jwt.api_jws import encode

from accounts.tokens import ring
from accounts.tokens.models import Family
from authsite.errors import nothing_here
from tests.counts import LONG
from tests.flows.test_api_sign_in import claims
from tests.security.doors import places

pytestmark = pytest.mark.django_db(transaction=True)
BILLING = "https://billing.example"
SECRET = "a secret that only we and the orders service share"
METHODS = ("GET", "POST", "DELETE", *(("PUT", "PATCH") if LONG else ()))
SESSION = "/_allauth/app/v1/auth/session"
#: What differs from one answer to the next: keys of new sessions, challenges, nonces.
RANDOM = re.compile(r"[A-Za-z0-9_+/=-]{20,}")
PATHS = sorted({one.path for one in places() if one.path.startswith("/_allauth/")})


@pytest.fixture
def received(make_person, api, settings):
    """The tokens of one sign-in that programs other than its own app may hold."""
    settings.JWT_AUDIENCES = (settings.SITE_URL, BILLING)
    make_person()
    ours = api.tokens()
    theirs = api.refresh(ours["refresh"], audience=BILLING).json()
    return {
        "access for us": api.refresh(ours["refresh"]).json()["access"],
        "access for billing": theirs["access"],
        "refresh": theirs["refresh"],
    }


def ask(api, method, path, **headers):
    """The status and body of an answer, and its challenge."""
    cache.clear()  # no limit may be what refuses
    client = api.client()
    client.raise_request_exception = False
    sent = {name.replace("_", "-"): value for name, value in headers.items()}
    answer = client.generic(method, path, "{}", "application/json", headers=sent)
    body = RANDOM.sub("", answer.content.decode())
    return answer.status_code, body, answer.get("WWW-Authenticate", "")


def opened(api, tokens):
    """Where one of these is answered otherwise than the anonymous, or than by 401."""
    found = []
    for path in PATHS:
        if resolve(path).func is nothing_here:
            continue  # 404, whatever is sent
        app = path.startswith("/_allauth/app/")
        for method in METHODS:
            nobody = ask(api, method, path)
            for name, token in tokens.items():
                as_bearer = ask(api, method, path, authorization=f"Bearer {token}")
                if as_bearer != nobody:
                    found.append((method, path, name, "Authorization", as_bearer))
                as_session = ask(api, method, path, x_session_token=token)
                wanted = (401, 'Bearer error="invalid_token"') if app else nobody
                if (as_session[::2] if app else as_session) != wanted:
                    found.append((method, path, name, "X-Session-Token", as_session))
    return found


def test_the_walk_sees_the_whole_account_api():
    assert len(PATHS) > 60
    for client in ("app", "browser"):
        assert f"/_allauth/{client}/v1/account/email" in PATHS
        assert f"/_allauth/{client}/v1/account/authenticators/webauthn" in PATHS


def test_tokens_that_services_receive_open_no_url_of_it(received, api):
    assert opened(api, received) == []


def test_the_walk_finds_a_url_that_a_token_opens(received, api):
    token = api.tokens()["session_token"]
    found = {(method, path) for method, path, *_ in opened(api, {"session": token})}
    assert ("GET", "/_allauth/app/v1/account/email") in found
    assert not any(path.startswith("/_allauth/browser/") for _, path in found)


@pytest.fixture
def forged(make_person, api, settings):
    """What a service can mint that shares JWT_SHARED_SECRET, for a live sign-in."""
    settings.JWT_ALGORITHM, settings.JWT_SHARED_SECRET = "HS256", SECRET
    ring.forget()
    make_person()
    tokens = api.tokens()
    real = ring.ring()
    kinds = {"at": "access", "rt": "refresh", "st": "session_token"}
    yield {
        f"{typ}+jwt by {kid[:4]}": encode(
            json.dumps(claims(tokens[member])).encode(),
            SECRET.encode(), "HS256", {"kid": kid, "typ": f"{typ}+jwt"},
        )
        for typ, member in kinds.items()
        for kid in (real.signing_access.kid, real.signing.kid)
    }  # fmt: skip
    ring.forget()


def test_a_shared_secret_mints_nothing_that_it_takes(forged, api):
    assert opened(api, forged) == []
    session = api.tokens()["session_token"]
    assert api.get(SESSION, session=session).status_code == 200


def kinds(api, client):
    """A token of each kind, of one sign-in."""
    tokens = api.tokens()
    return {
        "access": tokens["access"],
        "refresh": tokens["refresh"],
        "session": tokens["session_token"],
        "list": client.get("/api/revocations/").content.decode(),
    }


#: Every place that takes a token: the kind that it takes, and whether one is taken.
TAKERS = {
    "/api/me/": ("access", lambda api, token: api.get("/api/me/", token)),
    "/api/protected-route/recent/": (
        None, lambda api, token: api.get("/api/protected-route/recent/", token)
    ),
    "X-Session-Token": ("session", lambda api, token: api.get(SESSION, session=token)),
    "/api/token/refresh/": ("refresh", lambda api, token: api.refresh(token)),
    "tokens/refresh": (
        "refresh",
        lambda api, token: api.post(
            "/_allauth/app/v1/tokens/refresh", {"refresh_token": token}
        ),
    ),
}  # fmt: skip


@pytest.mark.parametrize("taker", TAKERS)
def test_each_place_takes_one_kind_of_token(make_person, api, client, taker):
    make_person()
    kind, take = TAKERS[taker]
    taken = {
        name for name, token in kinds(api, client).items()
        if take(api, token).status_code == 200
    }  # fmt: skip
    assert taken == ({kind} if kind else set())
    assert Family.objects.filter(revoked_at=None).exists()


def test_only_a_refresh_token_ends_a_sign_in_at_revocation(make_person, api, client):
    make_person()
    found = kinds(api, client)
    for name in ("access", "session", "list"):
        api.post("/api/token/revoke/", {"refresh": found[name]})
        assert Family.objects.filter(revoked_at=None).exists(), name
    api.post("/api/token/revoke/", {"refresh": found["refresh"]})
    assert not Family.objects.filter(revoked_at=None).exists()


def test_no_kind_passes_under_the_type_of_another(make_person, api, client):
    make_person()
    key, found = ring.ring().signing, kinds(api, client)
    typs = {"access": "at", "refresh": "rt", "session": "st", "list": "revocations"}
    accepted = []
    for name, token in found.items():
        for other, typ in typs.items():
            if other == name:
                continue
            head = {"kid": key.kid, "typ": f"{typ}+jwt"}
            body = json.dumps(claims(token)).encode()
            renamed = encode(body, key.private, key.algorithm, head)
            accepted += [
                (name, other, taker)
                for taker, (_, take) in TAKERS.items()
                if take(api, renamed).status_code == 200
            ]
            if api.post("/api/token/verify/", {"token": renamed}).status_code == 200:
                accepted.append((name, other, "verify"))
    assert accepted == []


@pytest.mark.parametrize("kind", ["access", "session"])
def test_the_right_kind_for_another_place_is_refused(make_person, api, client, kind):
    make_person()
    key, token = ring.ring().signing, kinds(api, client)[kind]
    body, (_, take) = claims(token), TAKERS["X-Session-Token"]
    if kind == "access":
        take = TAKERS["/api/me/"][1]
    typ = {"access": "at+jwt", "session": "st+jwt"}[kind]
    head = {"kid": key.kid, "typ": typ}

    def answer(aud):
        text = json.dumps({**body, "aud": aud}).encode()
        return take(api, encode(text, key.private, key.algorithm, head)).status_code

    ours, issuer = body["aud"], body["iss"]
    assert answer(ours) == 200
    others = {f"{issuer}/account", f"{issuer}/admin", BILLING, f"{ours}/"} - {ours}
    assert {answer(aud) for aud in others} == {401}
    # We mint a string, and take no list (RFC 7519 4.1.3), not even of ours alone.
    assert {answer([ours]), answer([ours, BILLING]), answer({ours: 1})} == {401}


def test_verify_answers_for_every_kind_and_opens_nothing(make_person, api, client):
    make_person()
    found = kinds(api, client)
    valid = {
        name for name, token in found.items()
        if api.post("/api/token/verify/", {"token": token}).status_code == 200
    }  # fmt: skip
    assert valid == {"access", "refresh", "session"}
    api.post("/api/token/revoke/", {"refresh": found["refresh"]})
    for name in valid:
        answer = api.post("/api/token/verify/", {"token": found[name]})
        assert (answer.status_code, answer.json()["code"]) == (401, "token_revoked")


def test_a_pending_token_is_no_jwt(make_person, api):
    make_person()
    for token in ("a.b.c", ".", "a." + "b" * 60):
        body = {"pending_token": token, "code": "123456"}
        answer = api.post("/api/token/mfa/", body)
        assert (answer.status_code, answer.json()["code"]) == (401, "token_not_valid")
        assert answer.json()["detail"] == "This sign-in has ended. Start again."


def test_a_token_without_a_future_is_told_from_one_of_another_kind(make_person, api):
    """Both are 401, which an app answers by a refresh; what ended is 410."""
    make_person()
    key, token = ring.ring().signing, api.tokens()["session_token"]
    body, now = claims(token), int(time.time())
    head = {"kid": key.kid, "typ": "st+jwt"}
    for change in ({"exp": now}, {"sid": "x"}, {"sub": body["sid"]}, {"iat": now + 90}):
        text = json.dumps({**body, **change}).encode()
        answer = api.get(SESSION, session=encode(text, key.private, "ES256", head))
        assert answer.status_code == 401, change
        assert answer["WWW-Authenticate"] == 'Bearer error="invalid_token"'
