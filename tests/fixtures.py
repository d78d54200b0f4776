"""Fixtures for every test: people, a JSON client, a clean process."""

from __future__ import annotations

import functools
import json
import re
import time
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
import time_machine
from allauth.account.models import EmailAddress
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal.auth import (
    TOTP,
    format_hotp_value,
    generate_totp_secret,
    hotp_value,
)
from django.contrib.auth.hashers import make_password
from django.core import mail
from django.core.cache import cache
from django.test import Client
from django.utils import timezone
from django_tasks_db.management.commands.db_worker import Worker

from accounts.models import User
from accounts.tokens import readers, ring, snapshot

if TYPE_CHECKING:
    from collections.abc import Callable

PASSWORD = "correct horse battery"
MOMENT = 2  # seconds
CODE = re.compile(r"^([0-9]{4}-[0-9]{4})$", re.MULTILINE)


@pytest.fixture(autouse=True)
def clean_process() -> None:
    """What a process remembers must not pass from one test to the next."""
    cache.clear()
    ring.forget()
    snapshot.revoked.clear()
    readers.notebook.clear()
    mail.outbox = []


@functools.cache
def hashed(password: str) -> str:
    """One hash serves all who have the same password: each costs 20 ms."""
    return make_password(password)


@pytest.fixture
def make_person(db: None) -> Callable[..., User]:
    """Makes people with a verified address: make_person("a@example.org", …)."""

    def make(
        email: str = "maya@example.org",
        password: str | None = PASSWORD,
        *,
        verified: bool = True,
        **fields: Any,
    ) -> User:
        user = User.objects.create_user(email, **fields)
        if password:
            user.password = hashed(password)
            user.save(update_fields=["password"])
        EmailAddress.objects.create(
            user=user, email=user.email, primary=True, verified=verified
        )
        return user

    return make


@dataclass
class Authenticator:
    """A person's authenticator app."""

    secret: str

    def code(self, steps: int = 0) -> str:
        """The code now, or some 30 s steps from now.

        One of the step before is not asked for in the last moment of this one: it
        would be too old when it is read.
        """
        left = 30 - time.time() % 30
        if steps < 0 and left < MOMENT:
            time.sleep(left)
        counter = int(time.time()) // 30 + steps
        return str(format_hotp_value(hotp_value(self.secret, counter)))


def enrol_totp(user: User) -> Authenticator:
    """Give a person TOTP and recovery codes, as the pages do."""
    secret = generate_totp_secret()
    TOTP.activate(user, secret)
    RecoveryCodes.activate(user)
    return Authenticator(secret)


class Api:
    """Speaks JSON to the API as a program does: no cookies are kept."""

    def __init__(self, **defaults: Any) -> None:
        self.defaults = defaults

    def client(self) -> Client:
        """A fresh client."""
        return Client(SERVER_NAME="localhost", **self.defaults)

    def post(self, path: str, body: Any = None, **headers: str) -> Any:
        """POST a body; headers as keyword arguments (x_session_token=…)."""
        return self.client().post(
            path,
            body if isinstance(body, (bytes, str)) else json.dumps(body or {}),
            content_type="application/json",
            headers={name.replace("_", "-"): value for name, value in headers.items()},
        )

    def get(
        self,
        path: str,
        access: str | None = None,
        scheme: str = "Bearer",
        session: str | None = None,
    ) -> Any:
        """GET, with an access token or a session token when given."""
        headers = {"authorization": f"{scheme} {access}"} if access else {}
        if session:
            headers["x-session-token"] = session
        return self.client().get(path, headers=headers)

    def sign_in(self, email: str = "maya@example.org", password: str = PASSWORD) -> Any:
        """POST /api/token/."""
        return self.post("/api/token/", {"email": email, "password": password})

    def tokens(self, email: str = "maya@example.org") -> dict[str, Any]:
        """A pair for a person without a second factor."""
        response = self.sign_in(email)
        assert response.status_code == 200, response.content
        return dict(response.json())

    def refresh(self, refresh: str, **more: str) -> Any:
        """POST /api/token/refresh/; `more` are other members of its body."""
        return self.post("/api/token/refresh/", {"refresh": refresh, **more})


@pytest.fixture
def api() -> Api:
    """The API as a program sees it."""
    return Api()


@pytest.fixture
def browser(db: None) -> Client:
    """A browser without JavaScript: keeps cookies, follows nothing by itself."""
    return Client(SERVER_NAME="localhost")


def sign_in_by_form(
    browser: Client,
    email: str = "maya@example.org",
    password: str = PASSWORD,
    **more: Any,
) -> Any:
    """POST the login form."""
    return browser.post(
        "/accounts/login/", {"login": email, "password": password, **more}
    )


def second_step(browser: Client, code: str, *, trust: bool = False) -> Any:
    """POST a code, then the answer to whether this browser is trusted."""
    answer = browser.post("/accounts/2fa/authenticate/", {"code": code})
    if answer.status_code != 302 or answer["Location"] != "/accounts/2fa/trust/":
        return answer
    action = "trust" if trust else "skip"
    return browser.post("/accounts/2fa/trust/", {"action": action})


def deliver_mail() -> list[Any]:
    """Let the worker empty the outbox; returns what was sent so far."""
    Worker(
        queue_names=["default"],
        interval=0,
        batch=True,
        backend_name="default",
        startup_delay=False,
        max_tasks=None,
        worker_id="test",
        excluded_queue_names=[],
    ).run()
    return mail.outbox


def code_in(message: Any) -> str:
    """The code in a mail."""
    found = CODE.search(message.body)
    assert found, message.body
    return found.group(1)


def later(**delta: float) -> Any:
    """A context in which that much time has passed: later(minutes=6)."""
    return time_machine.travel(timezone.now() + timedelta(**delta), tick=True)


def exchange(browser: Client) -> Any:
    """POST /api/token/session/ as a page's script does."""
    return browser.post("/api/token/session/", content_type="application/json")


def session_token(browser: Client) -> str:
    """The session token of an app that a browser's session was handed to."""
    renewed = Api().refresh(exchange(browser).json()["refresh"])
    return str(renewed.json()["session_token"])


@pytest.fixture
def owner(make_person: Callable[..., User], browser: Client) -> Client:
    """The browser of a superuser who signed in with a second factor."""
    user = make_person("owner@example.org", is_staff=True, is_superuser=True)
    app = enrol_totp(user)
    sign_in_by_form(browser, "owner@example.org")
    second_step(browser, app.code())
    return browser
