"""The Python verifier says of every shared vector what all verifiers must say."""

from __future__ import annotations

import base64
import json
import os
import subprocess
from pathlib import Path

import pytest

from tests.examples.tools import ROOT

HERE = Path(__file__).parent
VECTORS = ROOT / "tests" / "vectors"
FILE = VECTORS / "access_tokens.json"
WYCHEPROOF = [
    VECTORS / "wycheproof" / f"json_web_{name}_test.json"
    for name in ("signature", "key")
]


def run(python, script, *arguments):
    """What a script of in_venv prints, as JSON, by an example's Python."""
    done = subprocess.run(
        [python, HERE / "in_venv" / script, *arguments],
        env={"PATH": os.environ["PATH"], "PYTHONPATH": str(HERE)},
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    return json.loads(done.stdout)


@pytest.fixture(scope="module")
def vectors():
    return json.loads(FILE.read_text())


@pytest.fixture(scope="module")
def told(installed):
    return run(installed("fastapi_service").python, "vectors.py", FILE)


def test_it_agrees_with_every_token_when_new_and_when_seen_before(vectors, told):
    wanted = {
        one["name"]: ["ok" if one["valid"] else one["code"]] * 2
        for one in vectors["tokens"]
    }
    wrong = {name: told["tokens"][name] for name in wanted}
    assert {name: one for name, one in wrong.items() if one != wanted[name]} == {}
    assert len(wanted) > 100


def test_it_agrees_with_every_list(vectors, told):
    wanted = {one["name"]: one["valid"] for one in vectors["lists"]}
    assert told["lists"] == wanted
    assert set(wanted.values()) == {True, False}


def test_it_agrees_with_every_demand_for_a_recent_proof(vectors, told):
    wanted = {one["name"]: one["satisfied"] for one in vectors["step_up"]}
    assert told["step_up"] == wanted
    assert set(wanted.values()) == {True, False}


def test_wycheproof_nothing_invalid_is_accepted_and_nothing_of_ours_left_out(installed):
    accepted = run(installed("fastapi_service").python, "wycheproof.py", *WYCHEPROOF)
    invalid, valid = set(), set()
    for file in WYCHEPROOF:
        for group in json.loads(file.read_text())["testGroups"]:
            for case in group["tests"]:
                name = f"{file.stem}-{case['tcId']}"
                if case["result"] == "invalid":
                    invalid.add(name)
                elif algorithm(case["jws"]) in {"ES256", "EdDSA", "RS256"}:
                    valid.add(name)
    assert {name for name in invalid if accepted[name]} == set()
    assert {name for name in valid if not accepted[name]} == set()
    assert len(accepted) == 427
    assert (len(invalid), len(valid)) == (376, 11)


def algorithm(jws):
    head = jws.split(".")[0]
    return json.loads(base64.urlsafe_b64decode(head + "=="))["alg"]
