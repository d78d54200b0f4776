"""A person of the real site who proves themselves once more."""

from __future__ import annotations

from typing import Any

import httpx

from tests.fixtures import Authenticator


def prove_again(site: Any, email: str, pair: dict[str, str]) -> dict[str, str]:
    """The next pair of a person who turned a second step on and has just proven it.

    Over the headless API, with a session token, and by a refresh.
    """
    secret = site.run(
        "import json\n"
        "from accounts.models import User\n"
        "from tests.fixtures import enrol_totp\n"
        f"print(json.dumps(enrol_totp(User.objects.get(email={email!r})).secret))\n"
    )
    done = httpx.post(
        f"{site.url}/_allauth/app/v1/auth/2fa/reauthenticate",
        json={"code": Authenticator(secret).code()},
        headers={"X-Session-Token": pair["session_token"]},
    )
    assert done.status_code == 200, done.text
    body = {"refresh": pair["refresh"]}
    return dict(httpx.post(f"{site.url}/api/token/refresh/", json=body).json())
