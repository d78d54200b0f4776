"""social_sign_in by OpenID Connect: with another project's provider, and ours."""

from __future__ import annotations

import re
import subprocess
import sys
import time
from collections.abc import Iterator

import httpx
import pytest
from allauth.account.models import EmailAddress
from allauth.socialaccount.models import SocialAccount

from accounts.models import User
from authsite import social
from tests.flows.test_social_sign_in import (
    ID_TOKEN_REFUSALS,
    REFUSALS,
    begin_headless,
    is_signed_in,
    refused,
)
from tests.services.ports import free_port
from tests.standins.fixtures import come_back, query_of, sign_in_by, start

pytestmark = pytest.mark.django_db
OIDC = "oidc/oidc"
CLAIMS = (
    '{"sub": "kim", "email": "kim@example.org", "email_verified": true, '
    '"name": "Kim Ito", "preferred_username": "root"}'
)


@pytest.fixture(scope="module")
def mock() -> Iterator[str]:
    """oidc-provider-mock, which demands a nonce and has no kid in its id_tokens."""
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    process = subprocess.Popen(
        [
            *(sys.executable, "-W", "ignore", "-m", "oidc_provider_mock"),
            *("--port", str(port), "--require-nonce", "true"),
            *("--user-claims", CLAIMS),
        ],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    deadline = time.monotonic() + 30
    while True:
        try:
            httpx.get(f"{url}/.well-known/openid-configuration")
            break
        except httpx.TransportError:
            assert process.poll() is None
            assert time.monotonic() < deadline
            time.sleep(0.1)
    yield url
    process.terminate()
    process.wait(10)


def test_a_provider_that_somebody_else_wrote(mock, settings, browser):
    settings.SOCIALACCOUNT_PROVIDERS = {
        **settings.SOCIALACCOUNT_PROVIDERS,
        "openid_connect": social.oidc("Example", mock, "some-client", "some-secret"),
    }
    login = browser.get("/accounts/login/").content.decode()
    assert "Continue with Example" in login
    page = start(browser, OIDC, "next=/profile/")
    assert query_of(page)["code_challenge_method"] == "S256"
    answer = httpx.post(page, data={"sub": "kim"})
    answer = come_back(browser, answer.headers["Location"])
    assert answer["Location"] == "/profile/"
    person = User.objects.get()
    assert (person.email, person.name) == ("kim@example.org", "Kim Ito")
    assert EmailAddress.objects.get().verified
    account = SocialAccount.objects.get()
    # never preferred_username, which people choose (CVE-2025-65431)
    assert (account.provider, account.uid) == ("oidc", "kim")
    assert browser.cookies["last-used"].value == "oidc"
    browser.post("/accounts/logout/")
    page = browser.get("/accounts/login/").content.decode()
    assert re.search(r"Continue with Example\s*<span[^>]*>Last used", page)


def test_it_works_with_the_stand_in_too(oidc, browser):
    sign_in_by(oidc, browser, OIDC, sub="42")
    assert is_signed_in(browser)
    assert SocialAccount.objects.get().uid == "42"


@pytest.mark.parametrize("misfortune", REFUSALS)
def test_what_goes_wrong_is_explained(oidc, browser, misfortune):
    refused(sign_in_by(oidc, browser, OIDC, misfortune), browser, *REFUSALS[misfortune])


@pytest.mark.parametrize("misfortune", [*ID_TOKEN_REFUSALS, "other_userinfo"])
def test_an_id_token_that_is_not_right(oidc, browser, misfortune):
    answer = sign_in_by(oidc, browser, OIDC, misfortune)
    refused(answer, browser, 401, "could not confirm")


def test_discovery_that_does_not_answer(oidc, browser, settings):
    [app] = settings.SOCIALACCOUNT_PROVIDERS["openid_connect"]["APPS"]
    there = app["settings"]["server_url"]
    back = oidc.consent(start(browser, OIDC))
    app["settings"]["server_url"] = "http://127.0.0.1:9"
    refused(browser.post(f"/accounts/{OIDC}/login/"), browser, 502, "no answer")
    refused(come_back(browser, back), browser, 502, "no answer")
    assert "error=unknown" in begin_headless(browser, "oidc")
    # a document at the wrong place: it speaks for another issuer
    app["settings"]["server_url"] = f"{there}/.well-known/openid-configuration?x="
    answer = browser.post(f"/accounts/{OIDC}/login/")
    refused(answer, browser, 401, "could not confirm")


def test_another_id_is_not_there(oidc, browser):
    assert browser.post("/accounts/oidc/other/login/").status_code == 404
    assert browser.get("/accounts/oidc/other/login/callback/").status_code == 404
