"""The session token: the whole account API by it, from a sign-in to its end."""

from __future__ import annotations

from datetime import timedelta

import pytest
from allauth.account.models import EmailAddress
from django.contrib.sessions.models import Session
from django.utils import timezone

from accounts.models import User
from accounts.tokens.commit_order import Number
from accounts.tokens.models import Family
from tests.fixtures import (
    PASSWORD,
    Authenticator,
    code_in,
    deliver_mail,
    enrol_totp,
    exchange,
    later,
    sign_in_by_form,
)
from tests.flows.test_api_sign_in import claims, header

pytestmark = pytest.mark.django_db(transaction=True)
APP = "/_allauth/app/v1"
SESSION = f"{APP}/auth/session"
CHALLENGE = 'Bearer error="invalid_token"'
NEW = "another horse battery"


@pytest.fixture
def call(make_person, api):
    """A call with the session token that was answered last."""
    make_person()

    def send(method, path, body=None):
        sent = {"data": body, "content_type": "application/json"} if body else {}
        headers = {"x-session-token": send.tokens["session_token"]}
        client = api.client()
        answer = getattr(client, method)(f"{APP}/{path}", headers=headers, **sent)
        answer.found = answer.json()
        assert "session_token" not in answer.found.get("meta", {})
        return answer

    def renew():
        send.tokens = api.refresh(send.tokens["refresh"]).json()

    send.tokens, send.renew = api.tokens(), renew
    return send


def test_it_has_these_claims_and_no_others(make_person, api, settings):
    user = make_person()
    tokens = api.tokens()
    token = tokens["session_token"]
    found, access = claims(token), claims(tokens["access"])
    assert header(token).keys() == {"alg", "kid", "typ"}
    assert (header(token)["typ"], header(token)["alg"]) == ("st+jwt", "ES256")
    assert found.keys() == {
        "iss", "aud", "sub", "sid", "exp", "iat", "jti", "token_type",
    }  # fmt: skip
    assert found["aud"] == f"{settings.JWT_ISSUER}/account"
    assert (found["sub"], found["token_type"]) == (str(user.pk), "session")
    for name in ("iss", "sid", "iat", "exp"):
        assert found[name] == access[name]
    assert len({found["jti"], access["jti"], claims(tokens["refresh"])["jti"]}) == 3


def test_every_way_to_tokens_answers_one_but_a_page_s(make_person, api, browser):
    app = enrol_totp(make_person())
    pending = api.sign_in().json()["pending_token"]
    assert "." not in pending
    body = {"pending_token": pending, "code": app.code(-1)}
    first = api.post("/api/token/mfa/", body).json()
    second = api.refresh(first["refresh"]).json()
    path = f"{APP}/tokens/refresh"
    third = api.post(path, {"refresh_token": second["refresh"]}).json()["data"]
    assert third.keys() == {"access_token", "refresh_token", "session_token"}
    found = [one["session_token"] for one in (first, second, third)]
    assert len(set(found)) == 3
    for token in found:
        assert api.get(SESSION, session=token).status_code == 200
    sign_in_by_form(browser)
    browser.post("/accounts/2fa/authenticate/", {"code": app.code()})
    browser.post("/accounts/2fa/trust/", {"action": "skip"})
    assert exchange(browser).json().keys() == {
        "access", "refresh", "token_type", "expires_in",
    }  # fmt: skip


def test_a_repeated_refresh_repeats_it_byte_for_byte(make_person, api):
    make_person()
    refresh = api.tokens()["refresh"]
    first, second = (api.refresh(refresh).json() for _ in range(2))
    assert first["session_token"] == second["session_token"]


def test_sessions_are_listed_and_ended(call, api):
    other = api.tokens()
    found = call("get", "auth/sessions").found["data"]
    assert [one["is_current"] for one in found].count(True) == 1
    (theirs,) = (one["id"] for one in found if not one["is_current"])
    assert call("delete", "auth/sessions", {"sessions": [theirs]}).status_code == 200
    assert api.get(SESSION, session=other["session_token"]).status_code == 410
    assert call("get", "auth/session").status_code == 200


def test_the_password_is_changed_and_the_token_goes_on(call, api):
    other = api.tokens()
    body = {"current_password": PASSWORD, "new_password": NEW}
    assert call("post", "account/password/change", body).status_code == 200
    assert call("get", "auth/session").status_code == 200
    assert api.sign_in(password=NEW).status_code == 200
    assert api.get(SESSION, session=other["session_token"]).status_code == 410


def test_an_address_is_added_and_a_stale_sign_in_is_asked_first(call):
    with later(minutes=6):
        call.renew()
        body = {"email": "new@example.org"}
        asked = call("post", "account/email", body)
        assert (asked.status_code, asked.found["meta"]["is_authenticated"]) == (
            401, True,
        )  # fmt: skip
        proof = {"password": PASSWORD}
        assert call("post", "auth/reauthenticate", proof).status_code == 200
        assert call("post", "account/email", body).status_code == 200
        key = {"key": code_in(deliver_mail()[-1])}
        assert call("post", "auth/email/verify", key).status_code == 200
    assert EmailAddress.objects.get().email == "new@example.org"


def test_an_authenticator_app_is_turned_on(call):
    path = "account/authenticators/totp"
    asked = call("get", path)
    assert asked.status_code == 404
    code = Authenticator(asked.found["meta"]["secret"]).code()
    assert call("post", path, {"code": code}).status_code == 200
    kinds = {one["type"] for one in call("get", "account/authenticators").found["data"]}
    assert kinds == {"totp", "recovery_codes"}


def test_signing_out_ends_it(call, api):
    assert call("delete", "auth/session").status_code == 401
    gone = call("get", "auth/session")
    assert (gone.status_code, gone.found["status"]) == (410, 410)
    assert api.refresh(call.tokens["refresh"]).status_code == 401


def test_an_expired_one_asks_for_a_refresh_and_the_next_one_works(call):
    old = call.tokens["session_token"]
    with later(minutes=5, seconds=2):
        refused = call("get", "auth/session")
        assert (refused.status_code, refused["WWW-Authenticate"]) == (401, CHALLENGE)
        assert not refused.found["meta"]["is_authenticated"]
        call.renew()
        assert call.tokens["session_token"] != old
        assert call("get", "auth/session").status_code == 200


def test_tokens_refresh_takes_no_offence_at_an_expired_one(call):
    """An app that sends what it was answered last must not lock itself out."""
    with later(minutes=6):
        body = {"refresh_token": call.tokens["refresh"]}
        call.tokens = call("post", "tokens/refresh", body).found["data"]
        assert call("get", "auth/session").status_code == 200


ENDINGS = {
    "revoked family": lambda: Family.objects.update(
        revoked_at=timezone.now(), revoked_tx=Number()
    ),
    "deleted session": lambda: Session.objects.all().delete(),
    "absolute end": lambda: Family.objects.update(expires_at=timezone.now()),
    "deleted person": lambda: User.objects.get().delete(),
    "no longer active": lambda: User.objects.update(is_active=False),
}


@pytest.mark.parametrize("ending", ENDINGS)
def test_what_has_ended_is_410_at_once(call, ending):
    """By the rows themselves: nothing has told this process."""
    assert call("get", "auth/session").status_code == 200
    ENDINGS[ending]()
    for method, path in (("get", "auth/session"), ("get", "account/email")):
        gone = call(method, path)
        assert gone.status_code == 410, path
        assert "flows" in gone.found["data"]


def test_it_lives_as_long_as_an_access_token(make_person, api, settings):
    make_person()
    settings.JWT_ACCESS_LIFETIME = timedelta(minutes=2)
    found = claims(api.tokens()["session_token"])
    assert found["exp"] - found["iat"] == 120
