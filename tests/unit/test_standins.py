"""The stand-ins are as strict as who they stand in for."""

from __future__ import annotations

import subprocess
import sys
from urllib.parse import urlencode

import httpx
import pytest

from tests.standins.fixtures import CLIENT, OTHER_CLIENT, ROOT, SECRET, SITE, query_of
from tests.standins.oauth import s256

VERIFIER = "v" * 64
PATHS = {
    "google": ("/o/oauth2/v2/auth", "/token"),
    "github": ("/login/oauth/authorize", "/login/oauth/access_token"),
}
JSON = {"Accept": "application/json"}


class App:
    """A client of a stand-in."""

    def __init__(self, standins, provider):
        self.standins, self.base = standins, standins.base(provider)
        self.page, self.token_url = (self.base + path for path in PATHS[provider])
        self.callback = f"{SITE}/accounts/{provider}/login/callback/"

    def ask(self, **changes):
        query = {
            "client_id": CLIENT,
            "redirect_uri": self.callback,
            "response_type": "code",
            "scope": "openid email user:email",
            "state": "some-state",
            "code_challenge": s256(VERIFIER),
            "code_challenge_method": "S256",
            **changes,
        }
        return f"{self.page}?{urlencode(query)}"

    def code(self):
        back = query_of(self.standins.consent(self.ask()))
        assert back["state"] == "some-state"
        return back["code"]

    def redeem(self, code, /, headers=JSON, **changes):
        form = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": self.callback,
            "client_id": CLIENT,
            "client_secret": SECRET,
            "code_verifier": VERIFIER,
            **changes,
        }
        return httpx.post(self.token_url, data=form, headers=headers)


@pytest.fixture(params=PATHS)
def app(request, standins):
    return App(standins, request.param)


def test_a_code_works_once_and_a_second_time_costs_the_token(app):
    code = app.code()
    token = app.redeem(code).json()["access_token"]
    bearer = {"Authorization": f"Bearer {token}"}
    path = "/v1/userinfo" if "google" in app.base else "/api/v3/user"
    assert httpx.get(app.base + path, headers=bearer).status_code == 200
    assert "error" in app.redeem(code).json()
    assert httpx.get(app.base + path, headers=bearer).status_code == 401


@pytest.mark.parametrize(
    "changes",
    [
        {"client_secret": "guessed"},
        {"client_id": "nobody"},
        {"client_id": OTHER_CLIENT},
        {"redirect_uri": f"{SITE}/elsewhere/"},
        {"code_verifier": "w" * 64},
        {"code_verifier": ""},
        {"code": "guessed"},
    ],
)
def test_a_code_is_bound_to_client_address_and_verifier(app, changes):
    answer = app.redeem(app.code(), **changes)
    assert "access_token" not in answer.json()
    assert "error" in answer.json()
    assert (answer.status_code == 200) is ("github" in app.base)


@pytest.mark.parametrize(
    "changes",
    [
        {"client_id": "nobody"},
        {"redirect_uri": "https://evil.example/"},
        {"redirect_uri": f"{SITE}/accounts/google/login/callback/x"},
        {"code_challenge_method": "plain"},
        {"response_type": "token"},
    ],
)
def test_a_wrong_request_gets_no_consent_page(app, changes):
    answer = httpx.get(app.ask(**changes))
    assert answer.status_code in {302, 400, 401}
    assert "evil.example" not in answer.headers.get("Location", "")
    assert "code" not in query_of(answer.headers.get("Location", ""))


def test_github_answers_in_the_form_that_is_asked_for(standins):
    app = App(standins, "github")
    as_form = app.redeem("guessed", headers={})
    assert as_form.headers["Content-Type"] == "application/x-www-form-urlencoded"
    assert as_form.text.startswith("error=bad_verification_code&error_description=")
    assert app.redeem("guessed").json()["error"] == "bad_verification_code"


def test_they_need_what_the_site_needs_and_no_more():
    code = (
        "import sys, tests.standins.google, tests.standins.github;"
        "print(*{name.partition('.')[0] for name in sys.modules})"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True,
        check=True,
    )  # fmt: skip
    ours = set(done.stdout.split()) - set(sys.stdlib_module_names)
    names = {name for name in ours if not name.startswith(("_", "sitecustomize"))}
    assert names <= {"tests", "jwt", "cryptography", "cffi", "typing_extensions"}
