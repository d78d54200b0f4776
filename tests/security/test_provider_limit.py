"""Requests that call out to a provider are limited by network address."""

from __future__ import annotations

import pytest
from django.test import Client

from tests.standins.fixtures import start

pytestmark = pytest.mark.django_db
STARTS = {
    "google": "/accounts/google/login/",
    "github": "/accounts/github/login/",
    "oidc": "/accounts/oidc/oidc/login/",
}
REDIRECT = "/_allauth/browser/v1/auth/provider/redirect"


@pytest.fixture(autouse=True)
def one_a_minute(settings):
    settings.ACCOUNT_RATE_LIMITS = {
        **settings.ACCOUNT_RATE_LIMITS,
        "provider": "1/m/ip",
    }


@pytest.mark.parametrize("path", STARTS.values())
def test_a_start_is_limited(oidc, path):
    browser = Client()
    assert browser.post(path).status_code == 302
    answer = browser.post(path)
    assert answer.status_code == 429
    assert 0 < int(answer["Retry-After"]) <= 60
    assert "too many requests" in answer.content.decode()
    # The page that only asks whether to go on calls nobody.
    assert browser.get(path).status_code == 200


@pytest.mark.parametrize("path", STARTS.values())
def test_a_callback_is_limited(oidc, path):
    browser = Client()
    assert browser.get(f"{path}callback/").status_code == 400
    answer = browser.get(f"{path}callback/")
    assert answer.status_code == 429
    assert 0 < int(answer["Retry-After"]) <= 60
    assert "/accounts/login/" in answer.content.decode()


def test_the_headless_start_is_limited_together_with_the_page(oidc):
    browser = Client()
    start(browser, "google")
    form = {"provider": "google", "callback_url": "/", "process": "login"}
    answer = browser.post(REDIRECT, form)
    assert answer.status_code == 429
    assert answer.json()["status"] == 429
