"""api_sign_in: POST /api/token/, and what stands between it and a pair."""

from __future__ import annotations

import base64
import json

import pytest
from django.contrib.auth.hashers import (
    Argon2PasswordHasher,
    PBKDF2PasswordHasher,
    ScryptPasswordHasher,
)

from accounts.models import User
from accounts.tokens.models import Family
from tests.fixtures import PASSWORD, code_in, deliver_mail, enrol_totp, exchange

pytestmark = pytest.mark.django_db(transaction=True)


def claims(token: str) -> dict:
    return json.loads(base64.urlsafe_b64decode(token.split(".")[1] + "=="))


def header(token: str) -> dict:
    return json.loads(base64.urlsafe_b64decode(token.split(".", maxsplit=1)[0] + "=="))


def test_it_answers_a_pair_that_follows_rfc_9068(make_person, api, settings):
    user = make_person()
    response = api.sign_in()
    assert response.status_code == 200
    assert response["Cache-Control"] == "no-store"
    assert not response.cookies
    body = response.json()
    assert body.keys() == {
        "access", "refresh", "session_token", "token_type", "expires_in",
    }  # fmt: skip
    assert (body["token_type"], body["expires_in"]) == ("Bearer", 300)
    found = claims(body["access"])
    assert header(body["access"])["typ"] == "at+jwt"
    assert header(body["refresh"])["typ"] == "rt+jwt"
    assert found.keys() == {
        "iss", "aud", "sub", "exp", "iat", "jti", "sid", "token_type", "client_id",
        "email", "email_verified", "groups", "amr", "acr", "auth_time",
    }  # fmt: skip
    assert found["client_id"] == "first-party"
    assert found["sub"] == str(user.pk)
    assert (found["amr"], found["acr"]) == (["pwd"], "aal1")
    assert found["exp"] - found["iat"] == 300
    assert claims(body["refresh"])["aud"] == settings.JWT_ISSUER
    assert Family.objects.count() == 1


def test_wrong_unknown_disabled_and_password_less_answer_alike(make_person, api):
    make_person()
    make_person("disabled@example.org", is_active=False)
    make_person("social@example.org", None)
    answers = [
        api.sign_in("maya@example.org", "wrong"),
        api.sign_in("nobody@example.org", "wrong"),
        api.sign_in("disabled@example.org", PASSWORD),
        api.sign_in("social@example.org", "wrong"),
    ]
    assert {a.status_code for a in answers} == {401}
    assert len({a.content for a in answers}) == 1
    assert answers[0].json()["code"] == "no_active_account"
    assert {a["WWW-Authenticate"] for a in answers} == {'Bearer realm="api"'}


def test_a_password_is_taken_exactly_as_sent(make_person, api):
    make_person(password=" pw with spaces ")
    assert api.sign_in(password="pw with spaces").status_code == 401
    assert api.sign_in(password=" pw with spaces ").status_code == 200


def test_a_second_factor_stands_between(make_person, api):
    app = enrol_totp(make_person())
    first = api.sign_in()
    assert first.status_code == 401
    assert first.json()["code"] == "mfa_required"
    assert "access" not in first.json()
    assert set(first.json()["factors"]) == {"totp", "recovery_codes"}
    pending = first.json()["pending_token"]
    wrong = api.post("/api/token/mfa/", {"pending_token": pending, "code": "000000"})
    assert (wrong.status_code, wrong.json()["code"]) == (400, "invalid")
    done = api.post("/api/token/mfa/", {"pending_token": pending, "code": app.code()})
    assert done.status_code == 200, done.content
    found = claims(done.json()["access"])
    assert (found["amr"], found["acr"]) == (["mfa", "otp", "pwd"], "aal2")
    assert Family.objects.count() == 1
    again = api.post("/api/token/mfa/", {"pending_token": pending, "code": app.code()})
    assert again.status_code == 401


def test_a_recovery_code_works_once(make_person, api):
    user = make_person()
    enrol_totp(user)
    from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes

    code = (
        user.authenticator_set.get(type="recovery_codes").wrap().get_unused_codes()[0]
    )
    assert RecoveryCodes
    for expected in (200, 400):
        pending = api.sign_in().json()["pending_token"]
        answer = api.post("/api/token/mfa/", {"pending_token": pending, "code": code})
        assert answer.status_code == expected, answer.content


def test_an_unverified_address_stands_between(make_person, api):
    make_person(verified=False)
    first = api.sign_in()
    assert (first.status_code, first.json()["code"]) == (401, "email_unverified")
    code = code_in(deliver_mail()[-1])
    done = api.post(
        "/_allauth/app/v1/auth/email/verify",
        {"key": code},
        x_session_token=first.json()["pending_token"],
    )
    assert done.status_code == 200, done.content
    assert api.get("/api/me/", done.json()["meta"]["access_token"]).status_code == 200


def test_the_sixth_wrong_guess_is_limited_for_form_and_api_alike(
    make_person, api, browser
):
    make_person()
    for _ in range(3):
        assert api.sign_in(password="wrong").status_code == 401
    for _ in range(2):
        page = browser.post(
            "/accounts/login/", {"login": "Maya@Example.org", "password": "wrong"}
        )
        assert page.status_code == 200
    limited = api.sign_in(password=PASSWORD)
    assert (limited.status_code, limited.json()["code"]) == (429, "throttled")
    assert 200 < int(limited["Retry-After"]) <= 300
    page = browser.post(
        "/accounts/login/", {"login": "maya@example.org", "password": PASSWORD}
    )
    assert page.status_code == 429
    assert 200 < int(page["Retry-After"]) <= 300


def test_a_stale_token_in_the_header_does_not_stand_in_the_way(make_person, api):
    make_person()
    answer = api.post(
        "/api/token/",
        {"email": "maya@example.org", "password": PASSWORD},
        authorization="Bearer stale",
    )
    assert answer.status_code == 200


def test_missing_fields_are_named(db, api):
    answer = api.post("/api/token/", {"email": "maya@example.org"})
    assert (answer.status_code, answer.json()["code"]) == (400, "invalid")
    assert answer.json()["errors"].keys() == {"password"}


@pytest.mark.usefixtures("production_hashes")
@pytest.mark.parametrize(
    "old", [Argon2PasswordHasher, PBKDF2PasswordHasher, ScryptPasswordHasher]
)
def test_an_old_hash_is_upgraded_at_sign_in(make_person, api, old):
    user = make_person()
    user.password = old().encode(PASSWORD, "saltsaltsalt")
    user.save()
    assert api.sign_in().status_code == 200
    assert User.objects.get(pk=user.pk).password.startswith(
        "argon2$argon2id$v=19$m=19456,t=2,p=1$"
    )


def test_signing_up_over_headless_ends_with_tokens(api):
    body = {"email": "new@example.org", "password": PASSWORD}
    first = api.post("/_allauth/app/v1/auth/signup", body)
    assert first.status_code == 401
    done = api.post(
        "/_allauth/app/v1/auth/email/verify",
        {"key": code_in(deliver_mail()[-1])},
        x_session_token=first.json()["meta"]["session_token"],
    )
    assert done.status_code == 200, done.content
    meta = done.json()["meta"]
    me = api.get("/api/me/", meta["access_token"]).json()
    assert (me["email"], me["amr"], me["acr"]) == ("new@example.org", ["pwd"], "aal1")
    assert api.refresh(meta["refresh_token"]).status_code == 200


def test_signing_up_in_a_browser_over_headless_ends_with_a_session(browser):
    kind = "application/json"
    path = "/_allauth/browser/v1/auth"
    body = {"email": "new@example.org", "password": PASSWORD}
    assert browser.post(f"{path}/signup", body, kind).status_code == 401
    key = {"key": code_in(deliver_mail()[-1])}
    assert browser.post(f"{path}/email/verify", key, kind).status_code == 200
    assert exchange(browser).status_code == 200
