"""A site of its own, with people whom the examples name, and without limits."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import httpx
import pytest

from tests.services import postgres, server

if TYPE_CHECKING:
    from collections.abc import Iterator

PASSWORD = "correct horse battery"
LIMITS = (
    "login=100000/m/ip;login_failed=100000/m/ip,100000/m/key;"
    "token_refresh=100000/m/ip;token_session=100000/m/user;confirm_email="
)
#: maya needs nothing more, sam's address is not verified, noor has a second factor;
#: prints noor's recovery codes.
PEOPLE = f"""
import json
from allauth.account.models import EmailAddress
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal.auth import TOTP, generate_totp_secret
from accounts.models import User
def person(name, verified=True):
    email = name.lower() + "@example.org"
    user = User.objects.create_user(email, {PASSWORD!r}, name=name)
    EmailAddress.objects.create(
        user=user, email=email, primary=True, verified=verified)
    return user
person("Maya")
person("Sam", verified=False)
noor = person("Noor")
TOTP.activate(noor, generate_totp_secret())
print(json.dumps(RecoveryCodes.activate(noor).get_unused_codes()))
"""


@dataclass
class Contract:
    """The running site, its document, and clients that know their way in."""

    site: server.Site
    document: dict[str, Any]
    recovery_codes: list[str]

    @property
    def url(self) -> str:
        """Where it runs."""
        return self.site.url

    def post(self, path: str, body: Any) -> httpx.Response:
        """POST JSON."""
        return httpx.post(self.url + path, json=body)

    def sign_in(self, name: str) -> dict[str, Any]:
        """What /api/token/ answers this person."""
        body = {"email": f"{name}@example.org", "password": PASSWORD}
        return dict(self.post("/api/token/", body).json())

    def strong(self) -> dict[str, Any]:
        """Noor's pair, of two factors."""
        pending = self.sign_in("noor")["pending_token"]
        body = {"pending_token": pending, "code": self.recovery_codes.pop()}
        return dict(self.post("/api/token/mfa/", body).json())

    def revoked(self) -> dict[str, Any]:
        """A pair whose sign-in was ended."""
        pair = self.sign_in("maya")
        self.post("/api/token/revoke/", {"refresh": pair["refresh"]})
        return pair


@pytest.fixture(scope="session")
def contract() -> Iterator[Contract]:
    """The site and its document."""
    database = postgres.new_database(os.environ["DATABASE_URL"], "authsite_contract")
    limits = {
        "RATE_LIMITS": LIMITS,
        "BRAND_NAME": "Contract",
        "JWT_ACCESS_MINUTES": "60",
    }
    with server.site(database, os.environ["CACHE_URL"], workers=1, **limits) as running:
        codes = running.run(PEOPLE)
        accept = {"Accept": "application/json"}
        document = httpx.get(f"{running.url}/api/schema/", headers=accept).json()
        yield Contract(running, document, codes)
