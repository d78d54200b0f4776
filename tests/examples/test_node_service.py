"""The Node service, as its own process: takes our tokens and refuses the others."""

from __future__ import annotations

import json
import re
import signal
import subprocess
import threading
import time

import httpx
import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec

from tests.examples.node_services import FOLDER
from tests.examples.proofs import prove_again
from tests.examples.stand_in import AUDIENCE, JWKS, REVOCATIONS
from tests.examples.tools import (
    PASSWORD,
    ROOT,
    answers,
    ask,
    challenged,
    recent,
    refused,
    unavailable,
    wait_for,
)
from tests.services.ports import free_port

VECTORS = ROOT / "tests" / "vectors" / "access_tokens.json"


@pytest.fixture(scope="module")
def service(node_example, site):
    """The service, trusting our site."""
    with node_example.running(site.url, site.url) as url:
        yield url


def test_its_own_tests_pass(node_example):
    # Most of their time is waiting, for polls and time-outs.
    side_by_side = ["--test-concurrency=4"]
    done = subprocess.run(
        ["npm", "test", "--silent", "--", "--test-reporter=tap", *side_by_side],
        check=False,
        cwd=node_example.folder,
        env={"PATH": node_example.path, "VECTORS": str(VECTORS)},
        capture_output=True,
        text=True,
        timeout=120,
    )
    failed = re.findall(r"^\s*not ok.*$", done.stdout, re.MULTILINE)
    assert not done.returncode, failed or done.stderr[-3000:]
    counts = dict(re.findall(r"^# (\w+) (\d+)$", done.stdout, re.MULTILINE))
    assert int(counts["tests"]) > 600
    assert counts["tests"] == counts["pass"]


def test_a_token_that_was_just_minted_is_taken(service, pair):
    answer = ask(service, pair["access"])
    assert (answer.status_code, answer.json()) == (
        200,
        {"message": "Hello second-service@example.org"},
    )
    assert answer.headers["cache-control"] == "no-store"
    assert ask(service, pair["access"], "bearer").status_code == 200


def test_nothing_gets_a_bare_challenge(service):
    answer = ask(service)
    assert (answer.status_code, answer.json()["code"]) == (401, "not_authenticated")
    assert answer.headers["www-authenticate"] == "Bearer"


def test_a_refresh_token_is_refused(service, pair):
    refused(ask(service, pair["refresh"]), "not an access token")


def signed_by_us(site, header, payloads):
    """Tokens over these claims by the site's own key of this header."""
    return site.run(
        "import json\n"
        "from jwt.api_jws import encode\n"
        "from accounts.tokens.ring import ring\n"
        f"key = ring().keys[{header['kid']!r}]\n"
        f"texts = [json.dumps(one).encode() for one in {payloads!r}]\n"
        f"sign = lambda text: encode(text, key.private, key.algorithm, {header!r})\n"
        "print(json.dumps([sign(text) for text in texts]))\n"
    )


def test_what_our_key_signed_is_refused_for_what_it_says(service, site, claims, header):
    now = int(time.time())
    wrong = {
        "expired": {"iat": now - 400, "exp": now - 1},
        "audience": {"aud": "https://other.example"},
        "issuer": {"iss": "https://other.example"},
    }
    payloads = [claims, *({**claims, **changed} for changed in wrong.values())]
    good, *bad = signed_by_us(site, header, payloads)
    assert ask(service, good).status_code == 200
    for token, detail in zip(bad, wrong, strict=True):
        refused(ask(service, token), detail)


def test_a_forged_token_is_refused(service, claims, header):
    own = ec.generate_private_key(ec.SECP256R1())
    text = json.dumps(claims).encode()
    for kid, detail in ((header["kid"], "signature"), ("unknown", "not known")):
        token = jwt.api_jws.encode(text, own, "ES256", {**header, "kid": kid})
        refused(ask(service, token), detail)


def test_far_too_long_a_token_is_refused_in_the_same_shape(service):
    refused(ask(service, "x" * 20_000), "too long")


def test_a_recent_proof_opens_what_wants_one(service, site):
    email = "node-step-up@example.org"
    site.make_person(email, PASSWORD)
    body = {"email": email, "password": PASSWORD}
    pair = httpx.post(f"{site.url}/api/token/", json=body).json()
    assert ask(service, pair["access"]).status_code == 200
    members = challenged(recent(service, pair["access"]))
    assert (members["acr_values"], members["max_age"]) == ("aal2", "300")

    again = prove_again(site, email, pair)
    answer = recent(service, again["access"])
    assert (answer.status_code, answer.json()) == (200, {"message": f"Hello {email}"})
    assert challenged(recent(service, pair["access"]))


def test_a_ban_is_known_within_three_seconds(service, site):
    email = "node-banned@example.org"
    site.make_person(email, PASSWORD)
    body = {"email": email, "password": PASSWORD}
    token = httpx.post(f"{site.url}/api/token/", json=body).json()["access"]
    assert ask(service, token).status_code == 200
    banned_at = site.run(
        "import time\n"
        "from accounts.admin_actions import GUARDED\n"
        "from accounts.models import User\n"
        "(deactivate,) = (one for one in GUARDED if one.name == 'deactivate')\n"
        f"deactivate.apply(User.objects.get(email={email!r}))\n"
        "print(time.time())\n"
    )
    answer = wait_for(lambda: answers(service, token, 401))
    assert time.time() - banned_at < 3
    refused(answer, "sign-in was ended", "token_revoked")


def test_nobody_is_asked_per_request(node_example, issuer):
    with (
        node_example.running(issuer.url, AUDIENCE, AUTH_NAME="orders-api") as url,
        httpx.Client(base_url=url) as client,
    ):
        began = time.monotonic()
        for _ in range(100):
            headers = {"Authorization": f"Bearer {issuer.mint()}"}
            assert client.get("/protected-route", headers=headers).status_code == 200
        seconds = time.monotonic() - began
    assert issuer.count(JWKS) == 1
    assert 1 <= issuer.count(REVOCATIONS) <= seconds + 3
    names = {one.headers.get("x-service-name") for one in issuer.seen}
    assert names == {"orders-api"}


def test_once_the_list_is_too_old_nobody_is_let_in(node_example, issuer):
    with node_example.running(
        issuer.url, AUDIENCE, AUTH_REVOCATIONS_MAX_AGE="2"
    ) as url:
        token, expired = issuer.mint(), issuer.mint(exp=int(time.time()) - 1)
        assert ask(url, token).status_code == 200
        issuer.down = {JWKS, REVOCATIONS}
        answer = wait_for(lambda: answers(url, token, 503))
        unavailable(answer, "s old; more than 2 s is not trusted")
        refused(ask(url, expired), "expired")  # that much is known without a list
        issuer.down = set()
        assert wait_for(lambda: answers(url, token, 200))


def test_without_any_keys_nobody_is_let_in(node_example, issuer):
    issuer.down = {JWKS, REVOCATIONS}
    with node_example.running(
        issuer.url, AUDIENCE, AUTH_REVOCATIONS_MAX_AGE="off"
    ) as url:
        unavailable(ask(url, issuer.mint()), "keys")
        assert issuer.count(REVOCATIONS) == 0


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGINT])
def test_it_answers_what_it_has_begun_and_stops(node_example, issuer, how):
    port = str(free_port())
    told = {"AUTH_ISSUER": issuer.url, "AUTH_AUDIENCE": AUDIENCE, "PORT": port}
    arrived, go, answer = threading.Event(), threading.Event(), issuer.answer

    def slow(path):
        arrived.set()
        go.wait(10)
        return answer(path)

    issuer.answer = slow
    process = subprocess.Popen(
        ["node", "server.mjs"],
        cwd=node_example.folder,
        env={"PATH": node_example.path, "AUTH_REVOCATIONS_MAX_AGE": "off", **told},
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        assert "listens on" in process.stdout.readline()
        answered = []
        url = f"http://127.0.0.1:{port}"
        asking = threading.Thread(
            target=lambda: answered.append(ask(url, issuer.mint()))
        )
        asking.start()
        assert arrived.wait(10)  # the request is in, and waits for the keys
        process.send_signal(how)
        wait_for(lambda: not connected(url))
        go.set()
        assert process.wait(10) == 0
        asking.join(10)
        assert [answer.status_code for answer in answered] == [200]
    finally:
        go.set()
        process.kill()
        process.communicate()


def connected(url):
    """Whether the service takes new calls."""
    try:
        return httpx.get(f"{url}/healthz").status_code == 200
    except httpx.TransportError:
        return False


def test_it_says_what_it_must_be_told(node_example):
    for told, sentence in (
        ({}, "AUTH_ISSUER must be set"),
        ({"AUTH_ISSUER": "https://id.example"}, "AUTH_AUDIENCE must be set"),
    ):
        done = subprocess.run(
            ["node", "server.mjs"],
            check=False,
            cwd=node_example.folder,
            env={"PATH": node_example.path, **told},
            capture_output=True,
            text=True,
        )
        assert done.returncode == 1
        assert done.stderr.startswith(sentence)


def test_its_readme_fits_what_make_run_gives_and_names_every_setting():
    text = (FOLDER / "README.md").read_text()
    started = "AUTH_ISSUER=http://localhost:8000 AUTH_AUDIENCE=http://localhost:8000"
    assert started in text
    settings = (FOLDER / "settings.mjs").read_text()
    names = set(re.findall(r"\b(AUTH_[A-Z_]+|PORT)\b", settings))
    assert len(names) == 8
    files = {file.name for file in FOLDER.glob("*.mjs") if "test" not in file.name}
    for name in names | files:
        assert f"`{name}`" in text


def test_it_needs_node_and_jose_alone():
    for file in FOLDER.glob("*.mjs"):
        for name in re.findall(r'from "([^"]+)"', file.read_text()):
            assert name == "jose" or name.startswith(("./", "node:"))
    package = json.loads((FOLDER / "package.json").read_text())
    assert list(package["dependencies"]) == ["jose"]
    assert re.fullmatch(r"6(\.\d+){2}", package["dependencies"]["jose"])
