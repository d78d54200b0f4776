"""Holes that the libraries leave in the pipeline, each closed."""

from __future__ import annotations

import json
from io import StringIO

import pytest
from allauth.mfa.models import Authenticator
from allauth.usersessions.models import UserSession
from django.contrib.sessions.models import Session
from django.core.cache import cache
from django.core.management import call_command
from django.test import Client

from accounts.models import User
from accounts.tokens.models import Family
from tests.fixtures import PASSWORD, enrol_totp, exchange, second_step, sign_in_by_form

pytestmark = pytest.mark.django_db(transaction=True)


def disable(user):
    user.is_active = False
    user.save()


def change_password(user):
    user.set_password("another password 9")
    user.save()


@pytest.mark.parametrize("change", [disable, change_password])
def test_a_pending_second_step_dies_with_what_it_began_from_on_the_api(
    make_person, api, change
):
    user = make_person()
    app = enrol_totp(user)
    pending = api.sign_in().json()["pending_token"]
    change(user)
    answer = api.post("/api/token/mfa/", {"pending_token": pending, "code": app.code()})
    assert answer.status_code == 401
    assert not Family.objects.exists()


@pytest.mark.parametrize("change", [disable, change_password])
def test_a_pending_second_step_dies_with_what_it_began_from_on_the_page(
    make_person, browser, change
):
    user = make_person()
    app = enrol_totp(user)
    assert sign_in_by_form(browser)["Location"] == "/accounts/2fa/authenticate/"
    change(user)
    answer = second_step(browser, app.code())
    assert answer.status_code == 302
    assert answer["Location"].startswith("/accounts/login/")
    assert browser.get("/dashboard/").status_code == 302


def test_an_unchanged_pending_second_step_goes_through(make_person, browser):
    app = enrol_totp(make_person())
    sign_in_by_form(browser)
    second_step(browser, app.code())
    assert browser.get("/dashboard/").status_code == 200


def test_a_totp_code_works_once(make_person, api):
    app = enrol_totp(make_person())
    code = app.code()
    for expected in (200, 400):
        pending = api.sign_in().json()["pending_token"]
        answer = api.post("/api/token/mfa/", {"pending_token": pending, "code": code})
        assert answer.status_code == expected


def test_a_disabled_person_looks_like_a_wrong_password_everywhere(make_person, api):
    make_person()
    make_person("disabled@example.org", is_active=False)

    def headless(email, password):
        body = {"email": email, "password": password}
        answer = api.post("/_allauth/app/v1/auth/login", body)
        return answer.status_code, answer.content

    assert headless("disabled@example.org", PASSWORD) == headless(
        "maya@example.org", "wrong"
    )
    pages = [
        sign_in_by_form(Client(SERVER_NAME="localhost"), email, password)
        for email, password in (
            ("disabled@example.org", PASSWORD),
            ("maya@example.org", "wrong"),
            ("nobody@example.org", "wrong"),
        )
    ]
    assert {page.status_code for page in pages} == {200}


def test_the_limit_cannot_be_walked_round_by_host_case_or_forwarded_address(
    make_person, settings
):
    make_person()
    settings.ALLOWED_HOSTS = ["*"]
    codes = [
        Client(SERVER_NAME=f"host{number}.example")
        .post(
            "/api/token/",
            json.dumps(
                {"email": f"{'mM'[number % 2]}aya@example.org", "password": "x"}
            ),
            content_type="application/json",
            REMOTE_ADDR=f"10.0.0.{number}",
            headers={"x-forwarded-for": f"192.0.2.{number}"},
        )
        .status_code
        for number in range(8)
    ]
    assert codes == [401] * 5 + [429] * 3


def test_a_limited_address_leaves_other_addresses_alone(make_person):
    make_person()

    def sign_in(address, email, password):
        return Client(SERVER_NAME="localhost", REMOTE_ADDR=address).post(
            "/api/token/",
            json.dumps({"email": email, "password": password}),
            content_type="application/json",
        ).status_code  # fmt: skip

    for number in range(10):
        sign_in("10.0.0.1", f"p{number}@example.org", "x")
    assert sign_in("10.0.0.1", "maya@example.org", PASSWORD) == 429
    assert sign_in("10.0.0.2", "maya@example.org", PASSWORD) == 200


def test_neighbours_in_one_ipv6_network_share_a_limit(make_person):
    codes = [
        Client(SERVER_NAME="localhost").post(
            "/api/token/",
            json.dumps({"email": f"p{number}@example.org", "password": "x"}),
            content_type="application/json",
            REMOTE_ADDR=f"2001:db8::{number + 1:x}",
        ).status_code
        for number in range(12)
    ]  # fmt: skip
    assert codes == [401] * 10 + [429] * 2


def test_a_known_browser_is_not_locked_out_by_a_stranger(make_person, browser):
    make_person()
    sign_in_by_form(browser)
    browser.post("/accounts/logout/")
    stranger = Client(SERVER_NAME="localhost", REMOTE_ADDR="10.9.9.9")
    answers = [sign_in_by_form(stranger, password="wrong") for _ in range(6)]
    assert answers[-1].status_code == 429
    assert sign_in_by_form(browser).status_code == 302


def test_the_device_cookie_of_one_person_frees_nobody_else(make_person, browser):
    make_person()
    make_person("other@example.org")
    sign_in_by_form(browser)
    browser.post("/accounts/logout/")
    stranger = Client(SERVER_NAME="localhost", REMOTE_ADDR="10.9.9.9")
    for _ in range(5):
        sign_in_by_form(stranger, "other@example.org", "wrong")
    assert sign_in_by_form(browser, "other@example.org").status_code == 429


def test_a_shorter_forwarded_for_than_proxies_is_no_error(make_person, settings, api):
    settings.ALLAUTH_TRUSTED_PROXY_COUNT = 2
    make_person()
    answer = api.post(
        "/api/token/",
        {"email": "maya@example.org", "password": PASSWORD},
        x_forwarded_for="192.0.2.1",
    )
    assert answer.status_code == 200


def test_a_new_auth_secret_with_the_old_as_fallback_signs_nobody_out(
    make_person, api, browser, settings
):
    make_person()
    sign_in_by_form(browser)
    from_page = exchange(browser).json()
    pair = api.tokens()
    settings.SECRET_KEY_FALLBACKS = [settings.SECRET_KEY]
    settings.SECRET_KEY = "n" * 50
    other = Client(SERVER_NAME="localhost")
    sign_in_by_form(other)
    for _ in range(2):
        answer = api.client().get(
            "/_allauth/app/v1/auth/session",
            headers={"x-session-token": pair["session_token"]},
        )
        assert answer.status_code == 200, answer.content
    pair = api.refresh(pair["refresh"]).json()
    assert browser.get("/dashboard/").status_code == 200
    assert browser.get("/dashboard/").status_code == 200
    assert api.refresh(from_page["refresh"]).status_code == 200
    assert api.refresh(pair["refresh"]).status_code == 200


def test_totp_secrets_are_not_stored_in_clear(make_person):
    app = enrol_totp(make_person())
    stored = str(list(Authenticator.objects.values_list("data", flat=True)))
    assert app.secret not in stored


def test_a_session_dies_with_its_row(make_person, browser):
    make_person()
    sign_in_by_form(browser)
    UserSession.objects.all().delete()
    assert browser.get("/dashboard/").status_code == 302


def test_createsuperuser_makes_a_person_who_can_sign_in_at_once(
    db, api, browser, monkeypatch
):
    monkeypatch.setenv("DJANGO_SUPERUSER_PASSWORD", PASSWORD)
    call_command(
        "createsuperuser", email="Owner@Example.org", interactive=False,
        stdout=StringIO(),
    )  # fmt: skip
    assert User.objects.get(email="owner@example.org").is_superuser
    assert sign_in_by_form(browser, "owner@example.org")["Location"] == "/dashboard/"
    # No mail to wait for; what is left is the second step, asked of every owner.
    assert api.sign_in("owner@example.org").json()["code"] == "mfa_enrolment_required"


def test_a_look_alike_address_reaches_nobody(make_person, api):
    make_person("kim@example.org")
    assert api.sign_in("\u212aim@example.org").status_code in {400, 401}
    answer = api.post(
        "/_allauth/app/v1/auth/signup",
        {"email": "\u212aim@example.org", "password": PASSWORD},
    )
    assert answer.status_code == 400


def test_a_provider_token_without_a_kid_is_a_clients_error(api, settings):
    settings.SOCIALACCOUNT_PROVIDERS = {
        "google": {"APPS": [{"client_id": "gid", "secret": "s"}]}
    }
    head, payload = "eyJhbGciOiJSUzI1NiJ9", "eyJhdWQiOiJnaWQifQ"
    answer = api.post(
        "/_allauth/app/v1/auth/provider/token",
        {
            "provider": "google",
            "process": "login",
            "token": {"client_id": "gid", "id_token": f"{head}.{payload}.c2ln"},
        },
    )
    assert answer.status_code == 400, answer.content


def test_a_sign_in_by_password_reset_does_not_skip_the_second_factor(settings):
    assert not getattr(settings, "ACCOUNT_LOGIN_ON_PASSWORD_RESET", False)


def test_sessions_of_the_app_client_carry_no_key_to_the_client(make_person, api):
    make_person()
    answer = api.post(
        "/_allauth/app/v1/auth/login",
        {"email": "maya@example.org", "password": PASSWORD},
    )
    assert "access_token" in answer.json()["meta"]
    assert answer.json()["meta"]["session_token"].count(".") == 2
    keys = [s.session_key for s in Session.objects.all()]
    assert keys
    assert not any(key in answer.content.decode() for key in keys)
    cache.clear()
