"""Each example of the document, sent: it is answered as it says."""

from __future__ import annotations

import base64
import json
import re

import httpx
import pytest

from tests.contract.document import DOCUMENT, valid

ANSWER = re.compile(r"\((?P<status>\d{3})(?: (?P<code>\w+))?\)$")


def examples():
    """(path, the operation's name, the example's name, the example)."""
    for path, item in DOCUMENT["paths"].items():
        for operation in item.values():
            body = operation.get("requestBody", {}).get("content", {})
            for name, one in (
                body.get("application/json", {}).get("examples", {}).items()
            ):
                yield pytest.param(
                    path, operation, name, one, id=f"{operation['operationId']}-{name}"
                )


def alive(contract, call, name, body):
    """The body with live tokens and codes in the place of printed ones."""
    if call == "finish_sign_in" and name in {"totp", "wrong"}:
        body["pending_token"] = contract.sign_in("noor")["pending_token"]
        if name == "totp":
            body["code"] = contract.recovery_codes.pop()
    elif name in {"live", "access", "refresh", "session", "revoked"}:
        pair = contract.revoked() if name == "revoked" else contract.sign_in("maya")
        (member,) = body
        kinds = {"refresh": "refresh", "session": "session_token"}
        body[member] = pair[kinds.get(name) or kinds.get(member, "access")]
    return body


@pytest.mark.parametrize(("path", "operation", "name", "example"), list(examples()))
def test_a_request_is_answered_as_its_example_says(
    contract, path, operation, name, example
):
    said = ANSWER.search(example["summary"])
    body = alive(contract, operation["operationId"], name, dict(example["value"]))
    answer = contract.post(path, body)
    assert str(answer.status_code) == said["status"], answer.text
    shown = operation["responses"][said["status"]]["content"]
    content = shown[answer.headers["content-type"]]
    valid(answer.json(), content["schema"])
    if not said["code"]:
        assert set(answer.json()) == set(content["example"])
        return
    found = answer.json()
    assert found["code"] == said["code"]
    printed = [one["value"] for one in content["examples"].values()]
    alike = [one for one in printed if one["detail"] == found["detail"]]
    assert alike, found
    for member in ("type", "title", "status", "code"):
        assert alike[0][member] == found[member]
    assert set(alike[0]) == set(found)


def decoded(token):
    """A JWT's header and claims."""
    head, claims, _ = token.split(".")
    return [json.loads(base64.urlsafe_b64decode(f"{one}==")) for one in (head, claims)]


GETS = {
    "get_me": "maya",
    "greet": "maya",
    "greet_recently_proved": "noor",
    "get_keys": None,
    "get_revocations": None,
}


@pytest.mark.parametrize("name", GETS)
def test_a_success_looks_as_its_example(contract, name):
    path, operation = next(
        (path, one)
        for path, item in DOCUMENT["paths"].items()
        for one in item.values()
        if one["operationId"] == name
    )
    who = GETS[name]
    pair = contract.strong() if who == "noor" else contract.sign_in(who or "maya")
    headers = {"Authorization": f"Bearer {pair['access']}"} if who else {}
    answer = httpx.get(contract.url + path, headers=headers)
    assert answer.status_code == 200, answer.text
    response = operation["responses"]["200"]
    content = response["content"][answer.headers["content-type"]]
    for header in response["headers"]:
        assert header in answer.headers
    if content["schema"].get("contentMediaType") == "application/jwt":
        valid(decoded(answer.text), content["schema"]["contentSchema"])
        valid(decoded(content["example"])[0], {"required": ["alg", "typ"]})
        return
    valid(answer.json(), content["schema"])
    assert set(answer.json()) == set(content["example"])


def test_the_examples_fit_their_own_schemas():
    for item in DOCUMENT["paths"].values():
        for operation in item.values():
            for answer in operation["responses"].values():
                for content in answer.get("content", {}).values():
                    shown = [
                        one["value"] for one in content.get("examples", {}).values()
                    ]
                    if "example" in content:
                        shown.append(content["example"])
                    assert shown
                    for value in shown:
                        valid(value, content["schema"])


@pytest.mark.parametrize("path", ["/.well-known/jwks.json", "/api/revocations/"])
def test_what_may_be_kept_is_answered_304(contract, path):
    first = httpx.get(contract.url + path)
    known = {"If-None-Match": first.headers["etag"]}
    # A list is signed anew each half minute; once in a while right between these two.
    again = httpx.get(contract.url + path, headers=known)
    if again.status_code == 200 and path == "/api/revocations/":
        known = {"If-None-Match": again.headers["etag"]}
        again = httpx.get(contract.url + path, headers=known)
    assert (again.status_code, again.content) == (304, b"")
    described = DOCUMENT["paths"][path]["get"]["responses"]["304"]["headers"]
    for name in described:
        assert name in again.headers
    kept = described["Cache-Control"]["schema"]["const"]
    assert again.headers["cache-control"] == first.headers["cache-control"] == kept
