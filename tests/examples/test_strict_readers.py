"""Libraries of others that read access tokens strictly by RFC 9068 take ours."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

import httpx
import pytest

from tests.counts import LONG
from tests.examples import node_services
from tests.examples.python_services import digest
from tests.examples.tools import PASSWORD, ROOT, ask, running, signed_by_us

HERE = Path(__file__).parent
AUTHLIB = HERE / "in_venv" / "authlib_requirements.txt"
NODE_READERS = ("express-oauth2-jwt-bearer", "oauth4webapi")


@pytest.fixture(scope="module")
def member(site):
    """An access token of a member of a group that tokens name."""
    email = "editor@example.org"
    site.make_person(email, PASSWORD)
    site.run(
        "from django.contrib.auth.models import Group\n"
        "from accounts.models import User\n"
        "from accounts.policy.models import GroupPolicy\n"
        "group = Group.objects.create(name='Redaktion für Köln')\n"
        "GroupPolicy.objects.create(group=group, in_tokens=True)\n"
        f"User.objects.get(email={email!r}).groups.add(group)\n"
        "print('null')\n"
    )
    body = {"email": email, "password": PASSWORD}
    return httpx.post(f"{site.url}/api/token/", json=body).json()["access"]


@pytest.fixture(scope="module")
def tokens(site, pair, member, claims, header):
    """By name: good access tokens, and what no resource server may take."""
    other = signed_by_us(site, {**claims, "aud": "https://other.example"}, header)
    lacking = {name: value for name, value in claims.items() if name != "client_id"}
    return {
        "access": pair["access"],
        "member": member,
        "refresh": pair["refresh"],
        "other audience": other,
        "no client_id": signed_by_us(site, lacking, header),
    }


@pytest.fixture(scope="module")
def authlib():
    """A Python with Authlib and nothing of ours, made once."""
    venv = ROOT / ".venv" / "examples" / f"authlib-{digest([AUTHLIB])}"
    python = venv / "bin" / "python"
    if not (venv / "ready").exists():
        subprocess.run([sys.executable, "-m", "venv", venv], check=True)
        pip = [python, "-m", "pip", "install", "-q", "--disable-pip-version-check"]
        subprocess.run([*pip, "-r", AUTHLIB], check=True)
        (venv / "ready").touch()
    return python


@pytest.fixture(scope="module")
def node_readers(site, tmp_path_factory):
    """The URL of a service with both libraries of Node, trusting our site."""
    made = tmp_path_factory.mktemp("strict_readers")
    found = node_services.install(made, HERE / "in_node")
    node = shutil.which("node", path=found.path)
    parties = {"ISSUER": site.url, "AUDIENCE": site.url}
    with running([node, "readers.mjs"], made, **parties) as url:
        yield url


def refusals(told):
    """By name, why each token was refused; the others were taken."""
    return {name: reason for name, (_, reason) in told.items() if reason}


def assert_refused_for_what_is_wrong(refused):
    assert refused.keys() == {"refresh", "other audience", "no client_id"}
    assert "typ" in refused["refresh"]
    assert "aud" in refused["other audience"]
    assert "client_id" in refused["no client_id"]


def test_authlib_takes_an_access_token_and_nothing_else(site, authlib, tokens, claims):
    asked = {"issuer": site.url, "audience": site.url, "tokens": tokens}
    done = subprocess.run(
        [authlib, HERE / "in_venv" / "authlib_reader.py"],
        input=json.dumps(asked),
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    told = json.loads(done.stdout)
    assert told["Documented"]["access"] == [claims, None]
    assert_refused_for_what_is_wrong(refusals(told["Documented"]))
    # When this fails, docs/tokens.md need not tell how to take an empty list.
    stock = refusals(told["Stock"])
    assert stock.keys() == tokens.keys() - {"member"}
    assert "groups" in stock["access"]


@pytest.mark.skipif(not LONG, reason="npm installs it: make test-long")
@pytest.mark.parametrize("library", NODE_READERS)
def test_node_s_take_an_access_token_and_nothing_else(
    node_readers, tokens, claims, library
):
    told = {
        name: ask(node_readers, token, path=f"/{library}")
        for name, token in tokens.items()
    }
    assert told["access"].json() == claims
    assert told["member"].json()["groups"] == ["Redaktion für Köln"]
    refused = {
        name: answer.json()["refused"]
        for name, answer in told.items()
        if answer.status_code == 401
    }
    assert_refused_for_what_is_wrong(refused)
