"""The second service, as its own process: takes our tokens and refuses the others."""

from __future__ import annotations

import base64
import contextlib
import hashlib
import json
import os
import subprocess
import sys
import time
from pathlib import Path

import httpx
import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from tests.services import postgres, server
from tests.services.ports import free_port

ROOT = Path(__file__).resolve().parents[2]
FOLDER = ROOT / "examples" / "fastapi_service"
PASSWORD = "correct horse battery"


@pytest.fixture(scope="session")
def example_python():
    """A Python with the example's own requirements and nothing of ours."""
    wanted = (FOLDER / "requirements.txt").read_bytes()
    venv = ROOT / ".venv" / "examples" / hashlib.sha256(wanted).hexdigest()[:12]
    python = venv / "bin" / "python"
    if not (venv / "ready").exists():
        subprocess.run([sys.executable, "-m", "venv", venv], check=True)
        pip = [python, "-m", "pip", "install", "-q", "--disable-pip-version-check"]
        subprocess.run([*pip, "-r", FOLDER / "requirements.txt"], check=True)
        (venv / "ready").touch()
    return python


@contextlib.contextmanager
def running(python, issuer, audience, **more):
    """The service on a port of its own; yields its URL."""
    port = free_port()
    environment = {
        "PATH": os.environ["PATH"],
        "AUTH_ISSUER": issuer,
        "AUTH_AUDIENCE": audience,
        **more,
    }
    command = ["-m", "uvicorn", "--factory", "app:create_app", "--port", str(port)]
    process = subprocess.Popen(
        [python, *command, "--log-level", "warning"], cwd=FOLDER, env=environment
    )
    url = f"http://127.0.0.1:{port}"
    try:
        for _ in range(100):
            with contextlib.suppress(httpx.TransportError):
                httpx.get(f"{url}/healthz")
                break
            time.sleep(0.1)
        yield url
    finally:
        process.terminate()
        process.wait(10)


@pytest.fixture(scope="module")
def service(example_python, site):
    """The service, trusting our site."""
    with running(example_python, site.url, site.url) as url:
        yield url


@pytest.fixture(scope="module")
def pair(site):
    """Tokens that our server has just minted."""
    email = "second-service@example.org"
    site.make_person(email, PASSWORD)
    body = {"email": email, "password": PASSWORD}
    return httpx.post(f"{site.url}/api/token/", json=body).json()


@pytest.fixture(scope="module")
def claims(pair):
    return jwt.decode(pair["access"], options={"verify_signature": False})


@pytest.fixture(scope="module")
def header(pair):
    return jwt.get_unverified_header(pair["access"])


def ask(url, token=None, scheme="Bearer"):
    headers = {"Authorization": f"{scheme} {token}"} if token is not None else {}
    return httpx.get(f"{url}/protected-route", headers=headers)


def signed_by_us(site, claims, header):
    """A token over these claims by the site's own key of this header."""
    return site.run(
        "import json\n"
        "from jwt.api_jws import encode\n"
        "from accounts.tokens.ring import ring\n"
        f"key = ring().keys[{header['kid']!r}]\n"
        f"text = json.dumps({claims!r}).encode()\n"
        f"print(json.dumps(encode(text, key.private, key.algorithm, {header!r})))\n"
    )


def refused(answer, detail=""):
    assert answer.status_code == 401, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    assert 'error="invalid_token"' in answer.headers["www-authenticate"]
    assert answer.json()["code"] == "token_not_valid"
    assert detail in answer.json()["detail"], answer.json()
    return True


def test_a_token_that_was_just_minted_is_taken(service, pair):
    answer = ask(service, pair["access"])
    assert answer.status_code == 200
    assert answer.json() == {"message": "Hello second-service@example.org"}
    assert ask(service, pair["access"], "bearer").status_code == 200


def test_nothing_gets_a_bare_challenge(service):
    answer = ask(service)
    assert answer.status_code == 401
    assert answer.headers["www-authenticate"] == "Bearer"


def test_a_refresh_token_is_refused(service, pair):
    refused(ask(service, pair["refresh"]), "not an access token")


def test_an_expired_token_is_refused(service, site, claims, header):
    past = {**claims, "iat": int(time.time()) - 400, "exp": int(time.time()) - 1}
    refused(ask(service, signed_by_us(site, past, header)), "expired")


def test_a_token_for_another_audience_or_of_another_issuer_is_refused(
    service, site, claims, header
):
    for name, detail in (("aud", "audience"), ("iss", "issuer")):
        token = signed_by_us(site, {**claims, name: "https://other.example"}, header)
        refused(ask(service, token), detail)


def test_what_our_own_key_signs_is_taken_or_the_above_shows_nothing(
    service, site, claims, header
):
    assert ask(service, signed_by_us(site, claims, header)).status_code == 200


def test_a_forged_token_is_refused(service, claims, header):
    own = ec.generate_private_key(ec.SECP256R1())
    for head in (header, {**header, "kid": "unknown"}):
        token = jwt.api_jws.encode(json.dumps(claims).encode(), own, "ES256", head)
        refused(ask(service, token))
    brought = jwt.PyJWK.from_json(
        jwt.algorithms.ECAlgorithm.to_jwk(own.public_key())
    )._jwk_data
    token = jwt.api_jws.encode(
        json.dumps(claims).encode(), own, "ES256", {**header, "jwk": brought}
    )
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
    import hmac

    for secret in forms:
        head = base64.urlsafe_b64encode(
            json.dumps({**header, "alg": "HS256"}).encode()
        ).rstrip(b"=")
        body = base64.urlsafe_b64encode(json.dumps(claims).encode()).rstrip(b"=")
        mac = hmac.new(secret, head + b"." + body, "sha256").digest()
        token = b".".join((head, body, base64.urlsafe_b64encode(mac).rstrip(b"=")))
        refused(ask(service, token.decode()), "algorithm")
    for name in ("none", "None", "NONE", ""):
        head = base64.urlsafe_b64encode(json.dumps({**header, "alg": name}).encode())
        body = base64.urlsafe_b64encode(json.dumps(claims).encode()).rstrip(b"=")
        refused(ask(service, f"{head.rstrip(b'=').decode()}.{body.decode()}."))


@pytest.mark.parametrize("name", ["sub", "exp", "iat", "aud", "iss", "email", "sid"])
def test_a_token_without_a_claim_is_refused(service, site, claims, header, name):
    left = {key: value for key, value in claims.items() if key != name}
    refused(ask(service, signed_by_us(site, left, header)))


@pytest.mark.parametrize(
    "token", ["x", "a.b.c", "..", "é", "x" * 20_000, "eyJ9.eyJ9.eyJ9"]
)
def test_nonsense_is_refused(service, token):
    value = f"Bearer {token}".encode()
    answer = httpx.get(f"{service}/protected-route", headers={b"Authorization": value})
    assert answer.status_code == 401
    assert answer.headers["content-type"] == "application/problem+json"


def test_a_flood_of_unknown_keys_does_not_reach_the_issuer(example_python, site, pair):
    """One fetch in ten seconds, whatever is sent: counted at the issuer's own side."""
    import http.server
    import threading

    fetched = []
    document = httpx.get(f"{site.url}/.well-known/jwks.json").content

    class Issuer(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            fetched.append(self.path)
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.end_headers()
            self.wfile.write(document)

        def log_message(self, *args):
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Issuer)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    keys = f"http://127.0.0.1:{server.server_port}/jwks"
    with running(example_python, site.url, site.url, AUTH_JWKS_URL=keys) as url:
        assert ask(url, pair["access"]).status_code == 200
        own = ec.generate_private_key(ec.SECP256R1())
        for number in range(30):
            head = {"typ": "at+jwt", "kid": f"unknown-{number}"}
            token = jwt.api_jws.encode(b"{}", own, "ES256", head)
            assert ask(url, token).status_code == 401
        assert len(fetched) == 1
        server.shutdown()
        server.server_close()
        # the issuer is down: known keys serve on
        assert ask(url, pair["access"]).status_code == 200


def test_it_follows_a_rotation_without_a_restart(example_python):
    # One web process: it publishes the new key no later than it signs with it, as all
    # of many do when the key has been published for its ten minutes.
    database = postgres.new_database(os.environ["DATABASE_URL"], "authsite_rotation")
    body = {"email": "rotation@example.org", "password": PASSWORD}
    with (
        server.site(
            database,
            os.environ["CACHE_URL"],
            workers=1,
            RATE_LIMITS="login=1000/m/ip",
        ) as site,
        running(example_python, site.url, site.url) as url,
    ):
        site.make_person(**body)

        def mint():
            token = httpx.post(f"{site.url}/api/token/", json=body).json()["access"]
            return token, jwt.get_unverified_header(token)["kid"]

        old, first = mint()
        assert ask(url, old).status_code == 200
        site.manage("rotate_keys")
        site.run(
            "from datetime import timedelta\n"
            "from django.utils import timezone\n"
            "from accounts.tokens.models import SigningKey\n"
            "early = timezone.now() - timedelta(minutes=11)\n"
            "SigningKey.objects.filter(state='next').update(created_at=early)\n"
            "print(0)\n"
        )
        assert "signs." in site.manage("rotate_keys", "--now")
        new, kid = mint()
        deadline = time.monotonic() + 45  # a process reads the ring every 30 s
        while kid == first and time.monotonic() < deadline:
            time.sleep(1)
            new, kid = mint()
        assert kid != first
        assert ask(url, new).status_code == 200  # an unknown kid: it fetches once
        assert ask(url, old).status_code == 200


def test_without_any_keys_nobody_is_let_in(example_python, site, pair):
    keys = f"http://127.0.0.1:{free_port()}/jwks"
    with running(example_python, site.url, site.url, AUTH_JWKS_URL=keys) as url:
        answer = ask(url, pair["access"])
        assert answer.status_code == 503
        assert int(answer.headers["retry-after"]) >= 1


def test_the_commands_of_its_readme_fit_what_make_run_gives():
    text = (FOLDER / "README.md").read_text()
    assert (
        "AUTH_ISSUER=http://localhost:8000 AUTH_AUDIENCE=http://localhost:8000" in text
    )
    for name in ("AUTH_ISSUER", "AUTH_AUDIENCE", "AUTH_JWKS_URL", "AUTH_LEEWAY"):
        assert f"`{name}`" in text


def test_it_says_what_it_must_be_told(example_python):
    done = subprocess.run(
        [example_python, "-c", "import app; app.create_app()"],
        cwd=FOLDER,
        env={"PATH": os.environ["PATH"]},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode
    assert "AUTH_ISSUER must be set" in done.stderr


def test_it_imports_nothing_of_ours_and_no_django():
    for file in FOLDER.glob("*.py"):
        text = file.read_text()
        for word in ("django", "accounts", "authsite"):
            assert f"import {word}" not in text
            assert f"from {word}" not in text
