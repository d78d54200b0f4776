"""What the tests of all examples do: start one, ask it, read its refusals."""

from __future__ import annotations

import contextlib
import os
import re
import subprocess
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import httpx

from tests.services.ports import free_port

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).resolve().parents[2]
EXAMPLES = ROOT / "examples"
PASSWORD = "correct horse battery"
START = 20


@contextlib.contextmanager
def running(
    command: list[str | Path], folder: Path, **environment: str
) -> Iterator[str]:
    """A service as its own process, with nothing of our environment; yields its URL.

    "PORT" in the command becomes a free port, which stands in $PORT too.
    """
    port = str(free_port())
    process = subprocess.Popen(
        [str(part).replace("PORT", port) for part in command],
        cwd=folder,
        env={"PATH": os.environ["PATH"], "PORT": port, **environment},
    )
    url = f"http://127.0.0.1:{port}"
    try:
        _wait(url, process)
        yield url
    finally:
        process.terminate()
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            raise


def _wait(url: str, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + START
    while time.monotonic() < deadline and process.poll() is None:
        with contextlib.suppress(httpx.TransportError):
            if httpx.get(f"{url}/healthz").status_code == 200:
                return
        time.sleep(0.05)
    raise AssertionError(f"{process.args} did not start: {process.poll()}")


def ask(
    url: str,
    token: str | None = None,
    scheme: str = "Bearer",
    path: str = "/protected-route",
) -> httpx.Response:
    """GET a route of a service."""
    headers = {"Authorization": f"{scheme} {token}"} if token is not None else {}
    return httpx.get(f"{url}{path}", headers=headers, timeout=15)


def recent(url: str, token: str | None = None) -> httpx.Response:
    """GET the route that wants a recent proof at aal2."""
    return ask(url, token, path="/protected-route/recent")


def wait_for(what: Any, seconds: float = 15) -> Any:
    """The first true value that `what()` gives; fails after so many seconds.

    Within two or three on a machine with time to spare (docs/security.md has figures).
    """
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        found = what()
        if found:
            return found
        time.sleep(0.02)
    raise AssertionError(f"not within {seconds} s")


def answers(url: str, token: str, status: int, **members: Any) -> httpx.Response | None:
    """The answer when it has this status and these members, else None: for wait_for."""
    answer = ask(url, token)
    body = answer.json()
    same = all(body.get(name) == value for name, value in members.items())
    return answer if answer.status_code == status and same else None


def signed_by_us(site: Any, claims: dict[str, Any], header: dict[str, Any]) -> str:
    """A token over these claims by the site's own key of this header."""
    return site.run(
        "import json\n"
        "from jwt.api_jws import encode\n"
        "from accounts.tokens.ring import ring\n"
        f"key = ring().keys[{header['kid']!r}]\n"
        f"text = json.dumps({claims!r}).encode()\n"
        f"print(json.dumps(encode(text, key.private, key.algorithm, {header!r})))\n"
    )


def problem(answer: httpx.Response, status: int, code: str, detail: str = "") -> dict:
    """The body of a refusal of this status and code, in the shape of RFC 9457."""
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    body = answer.json()
    assert (body["status"], body["code"]) == (status, code), body
    assert body["type"] == "about:blank"
    assert detail in body["detail"], body
    return body


def refused(
    answer: httpx.Response, detail: str = "", code: str = "token_not_valid"
) -> bool:
    """Whether a token was refused as RFC 6750 wants it, and for this reason."""
    problem(answer, 401, code, detail)
    assert 'error="invalid_token"' in answer.headers["www-authenticate"]
    return True


def unavailable(answer: httpx.Response, detail: str = "") -> bool:
    """Whether nobody was let in because nobody could be checked."""
    problem(answer, 503, "unavailable", detail)
    assert int(answer.headers["retry-after"]) >= 1
    return True


def challenged(answer: httpx.Response) -> dict[str, str]:
    """The members of a step-up challenge (RFC 9470 section 3)."""
    body = problem(answer, 401, "insufficient_user_authentication")
    header = answer.headers["www-authenticate"]
    assert header.startswith('Bearer error="insufficient_user_authentication", ')
    members = dict(re.findall(r'(\w+)="([^"]*)"', header))
    for name in ("acr_values", "max_age"):
        assert str(body.get(name)) == str(members.get(name))
    return members
