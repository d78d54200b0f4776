"""Somebody with much of everything, and with long names."""

from __future__ import annotations

from datetime import timedelta

from allauth.mfa.models import Authenticator
from allauth.socialaccount.models import SocialAccount
from django.utils import timezone

from accounts.audit.models import Action, Event, Outcome
from accounts.models import User
from accounts.tokens.models import Family, KeyReader
from accounts.tokens.ring import ring
from tests.fixtures import PASSWORD, enrol_totp, second_step
from tests.scenes.visitor import (
    FIREFOX,
    MAC,
    PHONE,
    cookies,
    person,
    signed_in,
    visitor,
    with_key,
)

EMAIL = (
    "maximiliane.alexandra.wolkenstein-trostburg"
    "@internationale-zusammenarbeit.example.org"
)
NAME = "Maximiliane Alexandra Wolkenstein-Trostburg von und zu Hohenlohe-Langenburg"
KEYS = (
    "Laptop",
    "The security key that hangs beside the door, blue ribbon",
    "Donaudampfschifffahrtselektrizitätenhauptbetriebswerkbau",
)
ACTIONS = [action for action in Action if action.value.startswith("person:")]
METHODS = ("password", "password+totp", "google", "webauthn")


def make() -> dict[str, dict[str, str]]:
    """Their cookies: before the second step, and in a browser that they trust."""
    user = person(EMAIL, name=NAME)
    signed_in(EMAIL, PHONE, "2001:db8:1f:ffff:ffff:ffff:ffff:fffe")
    signed_in(EMAIL, FIREFOX, "198.51.100.23")
    program = visitor("InventorySync/4.2 (+https://example.org)", "192.0.2.200")
    program.post(
        "/api/token/",
        {"email": EMAIL, "password": PASSWORD},
        content_type="application/json",
    )
    app = enrol_totp(user)
    connect(user)
    remember(user)
    client = signed_in(EMAIL)
    second_step(client, app.code(), trust=True)
    client.get("/accounts/2fa/recovery-codes/")  # shown this once
    for name in KEYS:
        with_key(client, name)
    # Signed in from a browser that is not trusted: the second step is asked for.
    return {"rich": cookies(client), "rich, halfway": cookies(signed_in(EMAIL))}


def connect(user: User) -> None:
    """Google and GitHub, the one with a long name."""
    SocialAccount.objects.create(
        user=user, provider="google", uid="1", extra_data={"email": EMAIL}
    )
    SocialAccount.objects.create(
        user=user, provider="github", uid="2", extra_data={"login": "maximiliane"}
    )


def remember(user: User) -> None:
    """All that can happen to a person, over a month; and services that fetch keys."""
    now = timezone.now()
    for number in range(2 * len(ACTIONS)):
        action = ACTIONS[number % len(ACTIONS)]
        bad = action in {Action.SIGN_IN_FAILED, Action.FACTOR_REFUSED}
        Event.objects.create(
            action=action,
            outcome=Outcome.FAILURE if bad else Outcome.SUCCESS,
            user=user,
            method=METHODS[number % len(METHODS)],
            ip=("198.51.100.23", "2001:db8:1f:ffff:ffff:ffff:ffff:fffe")[number % 2],
            user_agent=(MAC, PHONE, FIREFOX)[number % 3],
            at=now - timedelta(hours=11 * (2 * len(ACTIONS) - number)),
        )
    for name in (
        "orders",
        "a-service-whose-name-is-as-long-as-they-may-be-and-then-some",
    ):
        KeyReader.objects.create(name=name[:64], kids=[], fetched_at=now)


def facts() -> dict[str, str]:
    """What the admin's pages about them need."""
    return {
        "kid": ring().signing.kid,
        "family": str(Family.objects.latest("created_at").pk),
        "reader": str(KeyReader.objects.get(name="orders").pk),
        "event": str(Event.objects.latest("pk").pk),
        "passkey": str(
            Authenticator.objects.filter(type="webauthn", data__name=KEYS[1]).get().pk
        ),
    }
