"""Answers that could tell by their time who has an account leave at full steps."""

from __future__ import annotations

import pytest
from django.test import Client

from accounts.policy import pace

API = "/_allauth/app/v1/auth"
HELD = [
    "/accounts/signup/",
    "/accounts/signup/passkey/",
    "/accounts/password/reset/",
    "/accounts/login/code/",
    f"{API}/signup",
    f"{API}/password/request",
    f"{API}/code/request",
    "/_allauth/browser/v1/auth/webauthn/signup",
]


@pytest.fixture
def slept(monkeypatch):
    """How long answers were held, in seconds; nothing is really held."""
    found = []
    monkeypatch.setattr(pace.time, "sleep", found.append)
    return found


@pytest.mark.parametrize("path", HELD)
def test_such_an_answer_is_held_to_the_end_of_its_step(db, slept, settings, path):
    settings.ACCOUNT_LOGIN_BY_CODE_ENABLED = True
    Client(SERVER_NAME="localhost").post(path, "{}", content_type="application/json")
    assert len(slept) == 1
    assert 0 < slept[0] <= pace.STEP


@pytest.mark.parametrize("path", ["/accounts/signup/", "/accounts/password/reset/"])
def test_a_page_that_is_looked_at_is_not(db, slept, path):
    Client(SERVER_NAME="localhost").get(path)
    assert slept == []


def test_nor_is_a_sign_in_whose_hash_takes_the_same_time_for_all(db, slept):
    Client(SERVER_NAME="localhost").post("/accounts/login/", {"login": "a@b.cd"})
    assert slept == []


def test_nor_what_is_refused_before_anybody_is_looked_up(db, slept):
    strict = Client(SERVER_NAME="localhost", enforce_csrf_checks=True)
    assert strict.post("/accounts/signup/").status_code == 403
    assert strict.post("/x/signup/").status_code == 404
    assert slept == []
