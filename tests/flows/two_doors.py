"""One person on two doors: in a browser, and in an app. And some time later."""

from __future__ import annotations

import datetime as dt
import json
from typing import Any

import time_machine
from django.utils import timezone

from accounts.models import User
from tests.fixtures import Authenticator as App
from tests.fixtures import code_in, deliver_mail, second_step, sign_in_by_form

EMAIL = "maya@example.org"
API = "/_allauth/app/v1"
PROOF_PAGES = ("/accounts/reauthenticate/", "/accounts/2fa/reauthenticate/")
PASSWORDS = ("/accounts/password/set/", "/accounts/password/change/")
STALE = dt.timedelta(minutes=5, seconds=5)


def later(delta=STALE):
    return time_machine.travel(timezone.now() + delta, tick=True)


class Page:
    """The person in a browser."""

    def __init__(self, browser: Any, api: Any) -> None:
        self.browser = browser

    def sign_in(self, user: User, app: App | None) -> None:
        """By password where there is one, else by code; and the second step."""
        if user.has_usable_password():
            sign_in_by_form(self.browser)
        else:
            self.browser.post("/accounts/login/code/", {"email": EMAIL})
            code = code_in(deliver_mail()[-1])
            self.browser.post("/accounts/login/code/confirm/", {"code": code})
        if app:
            second_step(self.browser, app.code(-1))
        assert self.browser.get("/dashboard/").status_code == 200

    def renew(self, before: Page) -> None:
        """The same browser later: nothing to do."""

    def __call__(self, path: str, body: dict[str, str] | None = None) -> Any:
        if body is None:
            return self.browser.get(path)
        return self.browser.post(path, body)

    def asks(self, answer: Any) -> bool:
        """Whether this is the way to a page that asks for proof.

        A form with a password is not kept until then: it leads back to its page first.
        """
        if answer.status_code == 302 and answer["Location"] in PASSWORDS:
            answer = self.browser.get(answer["Location"])
        return answer.status_code == 302 and answer["Location"].startswith(PROOF_PAGES)


class Program:
    """The person in an app."""

    def __init__(self, browser: Any, api: Any) -> None:
        self.api = api

    def sign_in(self, user: User, app: App | None) -> None:
        """The same by calls."""
        if user.has_usable_password():
            done = self.api.sign_in().json()
            token = done.get("pending_token")
        else:
            asked = self.api.post(f"{API}/auth/code/request", {"email": EMAIL})
            token = asked.json()["meta"]["session_token"]
            body = {"code": code_in(deliver_mail()[-1])}
            done = self.api.post(
                f"{API}/auth/code/confirm", body, x_session_token=token
            ).json()
        if app:
            body = {"pending_token": token, "code": app.code(-1)}
            done = self.api.post("/api/token/mfa/", body).json()
        meta = done.get("meta", {})
        self.refresh = done.get("refresh") or meta["refresh_token"]
        self.renew(self)

    def renew(self, before: Program) -> None:
        """The same app later: session tokens live as long as a proof."""
        pair = self.api.refresh(before.refresh).json()
        self.refresh, self.session = pair["refresh"], pair["session_token"]

    def __call__(self, method: str, path: str, body: Any = None) -> Any:
        return self.api.client().generic(
            method,
            f"{API}/{path}",
            json.dumps(body or {}),
            content_type="application/json",
            headers={"x-session-token": self.session},
        )

    def asks(self, answer: Any) -> bool:
        """Whether allauth's answer names flows to prove oneself by."""
        if answer.status_code != 401:
            return False
        body = answer.json()
        assert body["meta"]["is_authenticated"]
        return any("reauthenticate" in one["id"] for one in body["data"]["flows"])
