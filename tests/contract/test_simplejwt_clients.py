"""A client that was written for simplejwt, as its documentation has it."""

from __future__ import annotations

import time
from dataclasses import dataclass, field

import httpx
import pytest

from tests.fixtures import PASSWORD

EMAIL = "simplejwt@example.org"


@dataclass
class Client:
    """Keeps `access` and `refresh`; refreshes when a call is answered 401."""

    url: str
    tokens: dict = field(default_factory=dict)

    def post(self, path, **body):
        return httpx.post(f"{self.url}/api/token/{path}", json=body, timeout=20)

    def obtain(self, password=PASSWORD):
        answer = self.post("", email=EMAIL, password=password)
        if answer.status_code == 200:
            # Stock simplejwt answers these two; what is more, a client passes over.
            self.tokens = {name: answer.json()[name] for name in ("access", "refresh")}
        return answer

    def get(self, path):
        answer = self._get(path)
        if answer.status_code != 401:
            return answer
        renewed = self.post("refresh/", refresh=self.tokens["refresh"])
        # With ROTATE_REFRESH_TOKENS a new refresh token comes along.
        self.tokens |= {
            name: value for name, value in renewed.json().items() if name in self.tokens
        }
        return self._get(path)

    def _get(self, path):
        headers = {"Authorization": f"Bearer {self.tokens['access']}"}
        return httpx.get(f"{self.url}{path}", headers=headers, timeout=20)


@pytest.fixture
def simplejwt(site):
    site.run(
        "from accounts.models import User\n"
        f"User.objects.filter(email={EMAIL!r}).delete()\n"
        "print(0)\n"
    )
    site.make_person(EMAIL, PASSWORD)
    return Client(site.url)


def test_obtain_call_refresh_verify_blacklist(simplejwt):
    assert simplejwt.obtain().status_code == 200
    assert simplejwt.get("/api/protected-route/").json() == {
        "message": f"Hello {EMAIL}"
    }
    first = dict(simplejwt.tokens)
    simplejwt.tokens["access"] = "expired.or.so"
    assert simplejwt.get("/api/protected-route/").status_code == 200
    assert simplejwt.tokens["refresh"] != first["refresh"]
    verified = simplejwt.post("verify/", token=simplejwt.tokens["access"])
    assert (verified.status_code, verified.json()) == (200, {})
    gone = simplejwt.post("blacklist/", refresh=simplejwt.tokens["refresh"])
    assert (gone.status_code, gone.json()) == (200, {})
    time.sleep(1.1)  # the other process has heard of it
    assert simplejwt.post("refresh/", **_only(simplejwt, "refresh")).status_code == 401


def _only(client, name):
    return {name: client.tokens[name]}


def test_refusals_have_the_members_that_it_reads(simplejwt):
    wrong = simplejwt.obtain(password="wrong")
    assert wrong.status_code == 401
    assert wrong.json()["detail"] == (
        "No active account found with the given credentials"
    )
    for path, name in (("refresh/", "refresh"), ("verify/", "token")):
        refused = simplejwt.post(path, **{name: "a.b.c"})
        assert refused.status_code == 401
        assert refused.json()["code"] == "token_not_valid"
        assert refused.json()["detail"]
    missing = simplejwt.post("refresh/")
    assert missing.status_code == 400
    assert missing.json()["errors"]["refresh"]
