"""The Python services, as their own processes: take our tokens, refuse the others."""

from __future__ import annotations

import base64
import hmac
import json
import os
import re
import subprocess
import time

import httpx
import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from tests.examples.tools import ask, challenged, problem, recent, refused

REQUIRED = ("sub", "exp", "iat", "aud", "iss", "jti", "sid", "email", "token_type")


@pytest.fixture(scope="module")
def service(example, site):
    """The service, trusting our site."""
    with example.running(site.url, site.url) as url:
        yield url


@pytest.fixture(scope="module")
def signed(site, claims, header):
    """By name: tokens that the site's own key has signed over changed claims."""
    now = int(time.time())
    wanted = {
        "as it is": claims,
        "expired": {**claims, "iat": now - 400, "exp": now - 1},
        "audience": {**claims, "aud": "https://other.example"},
        "issuer": {**claims, "iss": "https://other.example"},
        "not valid yet": {**claims, "nbf": now + 600},
        **{
            f"without {name}": {key: claims[key] for key in claims if key != name}
            for name in REQUIRED
        },
    }
    return site.run(
        "import json\n"
        "from jwt.api_jws import encode\n"
        "from accounts.tokens.ring import ring\n"
        f"key, wanted = ring().keys[{header['kid']!r}], {wanted!r}\n"
        "def sign(claims):\n"
        "    text = json.dumps(claims).encode()\n"
        f"    return encode(text, key.private, key.algorithm, {header!r})\n"
        "\n"
        "print(json.dumps({name: sign(claims) for name, claims in wanted.items()}))\n"
    )


def test_a_token_that_was_just_minted_is_taken(service, pair):
    answer = ask(service, pair["access"])
    assert answer.status_code == 200
    assert answer.json() == {"message": "Hello second-service@example.org"}
    assert answer.headers["cache-control"] == "no-store"
    for scheme in ("bearer", "BEARER"):
        assert ask(service, pair["access"], scheme).status_code == 200


def test_nothing_gets_a_bare_challenge(service, pair):
    for answer in (ask(service), ask(service, "eDp5", "Basic"), recent(service)):
        problem(answer, 401, "not_authenticated")
        assert answer.headers["www-authenticate"] == "Bearer"


def test_one_factor_is_challenged_where_two_are_wanted(service, pair):
    members = challenged(recent(service, pair["access"]))
    assert (members["acr_values"], members["max_age"]) == ("aal2", "300")


def test_a_refresh_token_is_refused(service, pair):
    refused(ask(service, pair["refresh"]), "not an access token")


@pytest.mark.parametrize("name", ["expired", "audience", "issuer", "not valid yet"])
def test_a_token_of_another_time_audience_or_issuer_is_refused(service, signed, name):
    refused(ask(service, signed[name]), name)


def test_what_our_own_key_signs_is_taken_or_the_others_show_nothing(service, signed):
    assert ask(service, signed["as it is"]).status_code == 200


@pytest.mark.parametrize("name", REQUIRED)
def test_a_token_without_a_claim_is_refused(service, signed, name):
    refused(ask(service, signed[f"without {name}"]))


def test_a_forged_token_is_refused(service, claims, header):
    own = ec.generate_private_key(ec.SECP256R1())
    text = json.dumps(claims).encode()
    for head, detail in (
        (header, "signature"),
        ({**header, "kid": "unknown"}, "not known"),
    ):
        refused(ask(service, jwt.api_jws.encode(text, own, "ES256", head)), detail)
    brought = jwt.PyJWK.from_json(
        jwt.algorithms.ECAlgorithm.to_jwk(own.public_key())
    )._jwk_data
    token = jwt.api_jws.encode(text, own, "ES256", {**header, "jwk": brought})
    refused(ask(service, token), "header")


def test_a_changed_token_is_refused(service, pair):
    head, body, signature = pair["access"].split(".")
    other = base64.urlsafe_b64encode(
        base64.urlsafe_b64decode(body + "==").replace(b"second", b"secomd")
    ).rstrip(b"=")
    refused(ask(service, f"{head}.{other.decode()}.{signature}"), "signature")
    refused(ask(service, f"{head}.{body}."), "")
    refused(ask(service, f"{head}.{body}"), "malformed")
    refused(ask(service, f"{head}.{body}.{signature}="), "malformed")


def test_confused_algorithms_are_refused(service, site, claims, header):
    keys = httpx.get(f"{site.url}/.well-known/jwks.json").json()["keys"]
    (published,) = (key for key in keys if key["kid"] == header["kid"])
    public = jwt.PyJWK(published).key
    forms = [
        public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo),
        public.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo),
        json.dumps(published).encode(),
    ]
    body = base64url(json.dumps(claims).encode())
    for secret in forms:
        head = base64url(json.dumps({**header, "alg": "HS256"}).encode())
        mac = base64url(hmac.new(secret, head + b"." + body, "sha256").digest())
        refused(ask(service, b".".join((head, body, mac)).decode()), "algorithm")
    for name in ("none", "None", "NONE", ""):
        head = base64url(json.dumps({**header, "alg": name}).encode())
        refused(ask(service, f"{head.decode()}.{body.decode()}."), "")


def base64url(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=")


@pytest.mark.parametrize(
    "token", ["x", "a.b.c", "..", "é", "x" * 6000, "eyJ9.eyJ9.eyJ9", "a b", "a,b"]
)
def test_nonsense_is_refused(service, token):
    value = f"Bearer {token}".encode()
    answer = httpx.get(f"{service}/protected-route", headers={b"Authorization": value})
    refused(answer)


def test_what_is_not_there_is_a_problem_too(service, pair):
    problem(httpx.get(f"{service}/nothing"), 404, "not_found")
    bearer = {"Authorization": f"Bearer {pair['access']}"}
    answer = httpx.post(f"{service}/protected-route", headers=bearer)
    problem(answer, 405, "method_not_allowed")
    assert "GET" in answer.headers["allow"]
    assert httpx.get(f"{service}/healthz").json() == {"status": "ok"}


def test_the_commands_of_its_readme_fit_what_make_run_gives(example):
    text = (example.folder / "README.md").read_text()
    assert (
        "AUTH_ISSUER=http://localhost:8000 AUTH_AUDIENCE=http://localhost:8000" in text
    )


def test_the_package_explains_each_setting():
    from tests.examples.python_services import PACKAGE

    code = (PACKAGE / "authsite_verifier" / "settings.py").read_text()
    names = set(re.findall(r"\bAUTH_[A-Z_]*[A-Z]", code))
    assert len(names) == 7
    text = (PACKAGE / "README.md").read_text()
    assert {name for name in names if f"`{name}`" not in text} == set()


@pytest.mark.parametrize(
    ("given", "named"),
    [
        ({}, "AUTH_ISSUER must be set"),
        ({"AUTH_ISSUER": "http://id.example"}, "AUTH_AUDIENCE must be set"),
        (
            {"AUTH_ISSUER": "id.example", "AUTH_AUDIENCE": "x"},
            "AUTH_ISSUER must be an http:// or https:// address",
        ),
    ],
)
def test_it_says_what_it_must_be_told(example, given, named):
    start = {
        "fastapi_service": "import app; app.create_app()",
        "drf_service": "import orders.wsgi",
    }
    done = subprocess.run(
        [example.python, "-c", start[example.name]],
        cwd=example.folder,
        env={"PATH": os.environ["PATH"], **given},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode
    assert named in done.stderr


def test_nothing_of_ours_is_imported_and_no_framework_by_the_package(example):
    from tests.examples.python_services import PACKAGE

    ours = r"^\s*(from|import) (accounts|authsite)\b"
    others = r"^\s*(from|import) (django|rest_framework|fastapi|starlette)\b"
    files = [*example.folder.rglob("*.py"), *PACKAGE.rglob("*.py")]
    assert len(files) > 15
    for file in files:
        assert not re.search(ours, file.read_text(), re.MULTILINE), file
        if PACKAGE in file.parents:
            assert not re.search(others, file.read_text(), re.MULTILINE), file


def test_the_lines_for_starlette_in_the_readme_work(installed):
    from tests.examples.python_services import PACKAGE

    blocks = re.findall(
        r"```python\n(.+?)```", (PACKAGE / "README.md").read_text(), re.DOTALL
    )
    (lines,) = (block for block in blocks if "starlette" in block)
    asked = (
        "from starlette.testclient import TestClient\n"
        "for sent in ({}, {'Authorization': 'Bearer x'}):\n"
        "    answer = TestClient(app).get('/protected-route', headers=sent)\n"
        "    print(answer.status_code, answer.headers['www-authenticate'][:28],\n"
        "          answer.headers['content-type'])\n"
    )
    done = subprocess.run(
        [installed("fastapi_service").python, "-W", "ignore", "-c", lines + asked],
        env={
            "PATH": os.environ["PATH"],
            "AUTH_ISSUER": "http://127.0.0.1:1",
            "AUTH_AUDIENCE": "orders",
        },
        capture_output=True,
        text=True,
        check=True,
    )
    kind = "application/problem+json"
    assert done.stdout.splitlines() == [
        f"401 Bearer {kind}",
        f'401 Bearer error="invalid_token" {kind}',
    ]
