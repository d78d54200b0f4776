"""Schemathesis against the running site: thousands of requests that nobody wrote.

Its checks compare each answer with the document: status, content type, headers and
body; that bad data and other methods are refused, that good data is not, and that no
credentials or wrong ones open nothing.
"""

from __future__ import annotations

import copy
import json
import re
import subprocess
import sys
from pathlib import Path

import httpx

from tests.contract.conftest import PASSWORD
from tests.counts import LONG, count

SCHEMATHESIS = Path(sys.executable).parent / "schemathesis"
SETTINGS = Path(__file__).with_name("schemathesis.toml")
EXAMPLES = count(40, 400)
DONE = re.compile(r"(\d+) generated, (\d+) passed")


def with_audiences(document):
    """With the one audience that this site offers, which its document does not name.

    Which services a site has is not for strangers to read.
    """
    narrowed = copy.deepcopy(document)
    (site,) = document["servers"]
    for schema in narrowed["components"]["schemas"].values():
        if "audience" in schema.get("properties", {}):
            schema["properties"]["audience"]["enum"] = [site["url"]]
    return narrowed


def schemathesis(contract, folder, *options, document=None):
    """A run on a document, by default the site's own."""
    file = folder / "openapi.json"
    file.write_text(json.dumps(with_audiences(document or contract.document)))
    # The long run looks somewhere else each time.
    fixed = [] if LONG else ["--generation-deterministic"]
    return subprocess.run(
        [SCHEMATHESIS, f"--config-file={SETTINGS}", "--no-color", "run", file,
         f"--url={contract.url}", f"--max-examples={EXAMPLES}", *fixed, *options],
        cwd=folder, capture_output=True, text=True, check=False,
    )  # fmt: skip


def holds(done, least):
    """Whether the run found nothing, in so many requests at least."""
    assert done.returncode == 0, done.stdout + done.stderr
    generated, passed = map(int, DONE.search(done.stdout).groups())
    return generated >= passed >= least


def test_the_contract_holds_for_the_anonymous(contract, tmp_path):
    assert holds(schemathesis(contract, tmp_path), 10 * EXAMPLES)


def test_the_contract_holds_for_a_token(contract, tmp_path):
    bearer = f"Authorization: Bearer {contract.strong()['access']}"
    only = "--include-tag=The person"
    assert holds(schemathesis(contract, tmp_path, only, "-H", bearer), 9)


def test_the_contract_holds_for_a_session(contract, tmp_path):
    with httpx.Client(base_url=contract.url) as browser:
        browser.get("/accounts/login/")
        form = {
            "login": "maya@example.org",
            "password": PASSWORD,
            "csrfmiddlewaretoken": browser.cookies["csrftoken"],
        }
        assert browser.post("/accounts/login/", data=form).status_code == 302
        cookies = "; ".join(f"{key}={value}" for key, value in browser.cookies.items())
        token = browser.cookies["csrftoken"]
    done = schemathesis(
        contract, tmp_path, "--include-operation-id=exchange_session",
        "-H", f"Cookie: {cookies}", "-H", f"X-CSRFToken: {token}",
        # They are sent even where it means to leave them out.
        "--exclude-checks=negative_data_rejection",
    )  # fmt: skip
    assert holds(done, 3)


def test_it_would_find_an_answer_that_is_not_documented(contract, tmp_path):
    document = copy.deepcopy(contract.document)
    call = document["paths"]["/api/me/"]["get"]
    del call["responses"]["401"]
    done = schemathesis(
        contract, tmp_path, "--include-operation-id=get_me", document=document
    )
    assert done.returncode == 1
    assert "Undocumented status code" in done.stdout
