"""docs/clients.md: each way of a native app ends with our pair, as a transcript."""

from __future__ import annotations

import pytest

from tests.fixtures import PASSWORD, Api, code_in, deliver_mail, enrol_totp
from tests.passkeys import SoftKey
from tests.security.test_provider_tokens import tokens

pytestmark = pytest.mark.django_db(transaction=True)
APP = "/_allauth/app/v1"
EMAIL = "maya@example.org"
BODY = {"email": EMAIL, "password": PASSWORD}


class App:
    """A native app: keeps what the answers tell it to keep."""

    def __init__(self) -> None:
        self.api = Api()
        self.session = ""
        self.pair: dict[str, str] = {}
        self.transcript: list[tuple[str, int]] = []

    def send(self, method, path, body=None):
        headers = {"x-session-token": self.session} if self.session else {}
        sent = {"data": body, "content_type": "application/json"} if body else {}
        answer = getattr(self.api.client(), method)(
            f"{APP}/{path}", headers=headers, **sent
        )
        self.transcript.append((f"{method.upper()} {path}", answer.status_code))
        found = answer.json()
        meta = found.get("meta", {})
        self.session = meta.get("session_token", self.session)
        if "access_token" in meta:
            self.pair = {
                "access": meta["access_token"],
                "refresh": meta["refresh_token"],
            }
        return found

    def renew(self):
        """Get the next tokens; the last session token answered is the one to send."""
        renewed = self.api.refresh(self.pair["refresh"]).json()
        self.session = renewed["session_token"]
        self.pair = {"access": renewed["access"], "refresh": renewed["refresh"]}

    def ask(self, path):
        headers = {"x-session-token": self.session} if self.session else {}
        answer = self.api.client().get(f"{APP}/{path}", headers=headers)
        self.transcript.append((f"GET {path}", answer.status_code))
        found = answer.json()
        self.session = found.get("meta", {}).get("session_token", self.session)
        return found["data"]


@pytest.fixture
def app():
    return App()


def is_in(app):
    """The pair opens a call and can be renewed; the session token opens the rest."""
    assert app.api.get("/api/me/", app.pair["access"]).json()["email"] == EMAIL
    before = app.session
    assert app.send("get", "auth/session")["meta"]["is_authenticated"]
    app.renew()
    assert app.session != before
    return app.send("get", "auth/session")["meta"]["is_authenticated"]


def test_password(make_person, app):
    make_person()
    app.send("post", "auth/login", BODY)
    assert app.transcript == [("POST auth/login", 200)]
    assert is_in(app)


def test_password_and_second_step(make_person, app):
    code = enrol_totp(make_person()).code()
    app.send("post", "auth/login", BODY)
    app.send("post", "auth/2fa/authenticate", {"code": code})
    assert app.transcript == [
        ("POST auth/login", 401),
        ("POST auth/2fa/authenticate", 200),
    ]
    assert is_in(app)


def test_sign_up(db, app):
    app.send("post", "auth/signup", BODY)
    app.send("post", "auth/email/verify", {"key": code_in(deliver_mail()[-1])})
    assert app.transcript == [
        ("POST auth/signup", 401),
        ("POST auth/email/verify", 200),
    ]
    assert is_in(app)


def test_sign_up_with_a_passkey_and_then_by_it(db, app):
    key = SoftKey()
    app.send("post", "auth/webauthn/signup", {"email": EMAIL})
    app.send("post", "auth/email/verify", {"key": code_in(deliver_mail()[-1])})
    options = app.ask("auth/webauthn/signup")["creation_options"]
    app.send(
        "put",
        "auth/webauthn/signup",
        {"name": "Phone", "credential": key.create(options)},
    )
    assert [status for _, status in app.transcript] == [401, 401, 200, 200]
    assert is_in(app)
    later = App()
    options = later.ask("auth/webauthn/login")["request_options"]
    later.send("post", "auth/webauthn/login", {"credential": key.get(options)})
    assert is_in(later)


def test_code_by_mail(make_person, app, settings):
    settings.ACCOUNT_LOGIN_BY_CODE_ENABLED = True
    make_person()
    app.send("post", "auth/code/request", {"email": EMAIL})
    app.send("post", "auth/code/confirm", {"code": code_in(deliver_mail()[-1])})
    assert app.transcript == [
        ("POST auth/code/request", 401),
        ("POST auth/code/confirm", 200),
    ]
    assert is_in(app)


@pytest.mark.parametrize("provider", ["google", "oidc"])
def test_a_provider_s_token(oidc, app, provider):
    token = {"client_id": "the-site", "id_token": tokens(oidc)["id_token"]}
    body = {"provider": provider, "process": "login", "token": token}
    app.send("post", "auth/provider/token", body)
    assert app.transcript == [("POST auth/provider/token", 200)]
    assert is_in(app)


def test_proof_again_and_the_next_token_carries_it(make_person, app):
    from tests.fixtures import later
    from tests.flows.test_api_sign_in import claims

    make_person()
    app.send("post", "auth/login", BODY)
    before = claims(app.pair["access"])["auth_time"]
    with later(minutes=6):
        app.renew()
        assert claims(app.pair["access"])["auth_time"] == before
        app.send("post", "auth/reauthenticate", {"password": PASSWORD})
        app.renew()
        assert claims(app.pair["access"])["auth_time"] >= before + 360


def test_signing_out_ends_the_pair(make_person, app):
    make_person()
    app.send("post", "auth/login", BODY)
    app.send("delete", "auth/session")
    assert app.transcript[-1] == ("DELETE auth/session", 401)
    assert app.api.get("/api/me/", app.pair["access"]).status_code == 401
    assert app.api.refresh(app.pair["refresh"]).status_code == 401
