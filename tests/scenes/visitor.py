"""A browser without a screen, to bring people to where their scenes begin."""

from __future__ import annotations

from typing import Any

from allauth.account.models import EmailAddress
from django.conf import settings
from django.test import Client

from accounts.models import User
from tests.fixtures import PASSWORD, hashed, sign_in_by_form
from tests.passkeys import SoftKey, enrol

MAC = (
    "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/537.36 "
    "(KHTML, like Gecko) Chrome/141.0.0.0 Safari/537.36"
)
PHONE = (
    "Mozilla/5.0 (iPhone; CPU iPhone OS 18_1 like Mac OS X) AppleWebKit/605.1.15 "
    "(KHTML, like Gecko) Version/18.1 Mobile/15E148 Safari/604.1"
)
HANDLER = Client().handler
FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"


def visitor(agent: str = MAC, address: str = "203.0.113.7") -> Client:
    """Somebody who has not signed in, from an address that is for examples."""
    headers = {"user-agent": agent, "host": f"{settings.SITE_HOST}:{settings.PORT}"}
    client = Client(REMOTE_ADDR=address, headers=headers)
    # Each would look through all static files when it is made.
    client.handler = HANDLER
    return client


def cookies(client: Client) -> dict[str, str]:
    """What a browser needs to go on in this one's place."""
    return {name: morsel.value for name, morsel in client.cookies.items()}


def person(email: str, password: str | None = PASSWORD, **fields: Any) -> User:
    """A person with a verified address."""
    user = User.objects.create_user(email, **fields)
    if password:
        user.password = hashed(password)
        user.save()
    EmailAddress.objects.create(
        user=user, email=user.email, primary=True, verified=True
    )
    return user


def signed_in(email: str, agent: str = MAC, address: str = "203.0.113.7") -> Client:
    """Somebody who gave their right password, wherever that leads them."""
    client = visitor(agent, address)
    answer = sign_in_by_form(client, email)
    assert answer.status_code == 302, answer.content.decode()[-2000:]
    return client


def with_key(client: Client, name: str, *, alone: bool = True) -> None:
    """Give whoever is signed in a passkey, or a security key that is not alone."""
    answer = enrol(
        client, SoftKey(origin=settings.SITE_URL, rk=alone), name, alone=alone
    )
    assert answer.status_code == 302, answer.content.decode()[-2000:]
    client.get("/accounts/2fa/webauthn/")  # where it is said that this was done
