"""Attacks on sign-in by providers, named after their cases."""

from __future__ import annotations

from datetime import timedelta

import pytest
from allauth.socialaccount.models import SocialAccount
from django.test import Client
from django.utils import timezone

from accounts.models import User
from tests.flows.test_social_sign_in import is_signed_in
from tests.standins.fixtures import (
    CLIENT,
    come_back,
    query_of,
    sign_in_by,
    start,
)

pytestmark = pytest.mark.django_db
BOTH = pytest.mark.parametrize("provider", ["google", "github"])


def stays_out(answer, browser):
    assert answer.status_code in {400, 401}, answer.content.decode()[-800:]
    assert not is_signed_in(browser)
    assert not User.objects.exists()


def test_ghsa_x445_f3h2_j279_state_is_bound_to_its_provider(oidc, browser):
    """Auth.js: state and PKCE of one provider were good for another's callback."""
    ways = {"google": "google", "github": "github", "oidc": "oidc/oidc"}
    for began, path in ways.items():
        back = query_of(oidc.consent(start(browser, path)))
        for ended, callback in ways.items():
            if ended != began:
                url = f"/accounts/{callback}/login/callback/"
                stays_out(come_back(browser, with_query(url, back)), browser)


def test_each_sign_in_has_a_state_and_a_challenge_of_its_own(providers, browser):
    asked = [query_of(start(browser)) for _ in range(3)]
    for name in ("state", "code_challenge", "nonce"):
        assert len({one[name] for one in asked}) == 3


@BOTH
def test_a_state_of_another_browser(providers, browser, provider):
    """Login CSRF: the attacker's answer, followed by the victim."""
    attacker = Client(SERVER_NAME="localhost")
    back = providers.consent(start(attacker, provider), email="mallory@example.org")
    stays_out(come_back(browser, back), browser)
    start(browser, provider)  # even when the victim began one too
    stays_out(come_back(browser, back), browser)


@BOTH
def test_a_code_that_was_injected(providers, browser, provider):
    """A stolen code with one's own state: PKCE, and for Google the nonce, refuse it."""
    attacker = Client(SERVER_NAME="localhost")
    stolen = query_of(providers.consent(start(browser, provider)))["code"]
    own = query_of(start(attacker, provider))["state"]
    url = f"/accounts/{provider}/login/callback/"
    answer = come_back(attacker, with_query(url, {"code": stolen, "state": own}))
    stays_out(answer, attacker)


@BOTH
def test_a_callback_that_is_replayed(providers, browser, provider):
    back = providers.consent(start(browser, provider))
    assert come_back(browser, back)["Location"] == "/dashboard/"
    browser.post("/accounts/logout/")
    assert come_back(browser, back).status_code == 400
    assert not is_signed_in(browser)


@BOTH
def test_a_sign_in_that_took_too_long(providers, browser, provider, time_machine):
    back = providers.consent(start(browser, provider))
    time_machine.move_to(timezone.now() + timedelta(seconds=601))
    answer = come_back(browser, back)
    stays_out(answer, browser)
    assert "too old" in answer.content.decode()


def test_mix_up_by_the_issuer_in_the_answer(oidc, browser):
    """RFC 9207: an honest code, told to be another issuer's, is sent nowhere."""
    for path in ("google", "oidc/oidc"):
        back = query_of(oidc.consent(start(browser, path)))
        assert back["iss"] == oidc.base("google")
        back["iss"] = "https://evil.example"
        url = f"/accounts/{path}/login/callback/"
        stays_out(come_back(browser, with_query(url, back)), browser)


@pytest.mark.parametrize(
    "target",
    [
        "https://evil.example/",
        "//evil.example",
        "/\\evil.example",
        "\thttps://evil.example",
        "javascript:alert(1)",
        "http://[::1",
        "https:evil.example",
    ],
)
def test_a_hostile_next(providers, browser, target):
    path = "/accounts/google/login/"
    answer = browser.post(path, query_params={"next": target, "process": "login"})
    answer = come_back(browser, providers.consent(answer["Location"]))
    assert answer["Location"] == "/dashboard/"
    again = Client(SERVER_NAME="localhost")
    answer = again.post(path, query_params={"next": target, "process": "redirect"})
    answer = come_back(again, providers.consent(answer["Location"]))
    assert answer["Location"] == "/"
    assert not is_signed_in(again)


@BOTH
def test_a_get_of_the_login_url_starts_nothing(providers, browser, provider):
    answer = browser.get(f"/accounts/{provider}/login/?process=login")
    assert answer.status_code == 200
    assert "sessionid" not in browser.cookies
    assert 'method="post"' in answer.content.decode()
    strict = Client(SERVER_NAME="localhost", enforce_csrf_checks=True)
    assert strict.post(f"/accounts/{provider}/login/").status_code == 403


@BOTH
def test_a_link_chooses_nothing_that_is_asked_for(providers, browser, provider):
    """Nor scope, nor parameters that would replace our own."""
    honest = query_of(start(browser, provider))
    extra = "redirect_uri%3Dhttps://evil.example%26client_id%3Devil%26state%3Dfixed"
    asked = query_of(
        start(browser, provider, f"scope=repo,admin:org&auth_params={extra}")
    )
    assert asked.keys() == honest.keys()
    assert set(asked["scope"].split()) == set(honest["scope"].split())
    assert asked["client_id"] == CLIENT
    assert asked["redirect_uri"] == honest["redirect_uri"]
    assert asked["state"] != "fixed"


@pytest.mark.parametrize("path", ["google", "github", "oidc/oidc", "oidc/1"])
def test_a_provider_without_configuration_is_not_there(browser, path):
    for method in (browser.get, browser.post):
        assert method(f"/accounts/{path}/login/").status_code == 404
        assert method(f"/accounts/{path}/login/callback/").status_code == 404


def test_there_is_no_one_tap_door(providers, browser):
    assert browser.post("/accounts/google/login/token/").status_code == 404


def test_cve_2025_65431_the_id_is_none_that_people_can_change(oidc, browser):
    """allauth before 65.13 took preferred_username for some providers."""
    sign_in_by(oidc, browser, "oidc/oidc", sub="42", name="root")
    other = Client(SERVER_NAME="localhost")
    sign_in_by(oidc, other, "oidc/oidc", sub="43", name="root", email="b@example.org")
    assert sorted(SocialAccount.objects.values_list("uid", flat=True)) == ["42", "43"]
    assert User.objects.count() == 2


@BOTH
def test_a_connection_cannot_be_begun_by_nobody(providers, browser, provider):
    page = start(browser, provider, "process=connect")
    answer = come_back(browser, providers.consent(page))
    assert answer.status_code == 302
    assert not is_signed_in(browser)
    assert not SocialAccount.objects.exists()


@BOTH
def test_no_code_or_secret_reaches_page_or_log(providers, browser, provider, caplog):
    page = start(browser, provider)
    back = providers.consent(page, "expired")
    answer = come_back(browser, back)
    code = query_of(back)["code"]
    assert code not in answer.content.decode()
    logged = " ".join(
        record.getMessage() for record in caplog.records
        if record.name.startswith(("accounts", "authsite"))
    )  # fmt: skip
    assert "provider_trouble" in logged
    assert code not in logged


def test_a_session_is_renewed_on_the_way_in(providers, browser):
    """Session fixation: the key that waited for the answer is not the signed-in one."""
    back = providers.consent(start(browser))
    before = browser.cookies["sessionid"].value
    come_back(browser, back)
    assert browser.cookies["sessionid"].value != before
    assert User.objects.get().last_login <= timezone.now()


def with_query(path: str, query: dict[str, str]) -> str:
    from urllib.parse import urlencode

    return f"{path}?{urlencode(query)}"
