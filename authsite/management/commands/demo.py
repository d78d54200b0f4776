"""`manage.py demo`: people to try everything with. Refused outside DEBUG."""

from __future__ import annotations

import json
import secrets
from typing import TYPE_CHECKING, Any

from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from django.conf import settings
from django.contrib.auth.models import Group, Permission
from django.core.management.base import BaseCommand, CommandError
from django.db import transaction
from django.urls import reverse

from accounts.models import User
from accounts.policy.social_adapter import demo_providers

if TYPE_CHECKING:
    from django.core.management.base import CommandParser

PEOPLE = (
    ("person@example.com", "Maya Lindqvist", "person"),
    ("staff@example.com", "Sam Okafor", "staff"),
    ("owner@example.com", "Olga Ivanova", "owner"),
)


class Command(BaseCommand):
    """Makes or renews the demo people, each with a fresh random password."""

    help = "Make or renew demo people with fresh passwords (DEBUG only)."

    def add_arguments(self, parser: CommandParser) -> None:
        """--json for programs."""
        parser.add_argument("--json", action="store_true", help="print JSON")

    def handle(self, *args: Any, **options: Any) -> None:
        """Print url and people. Raises CommandError outside DEBUG."""
        if not settings.DEBUG:
            msg = "demo people are for DEBUG=true: their passwords are printed"
            raise CommandError(msg)
        with transaction.atomic():
            people = [renew(*person) for person in PEOPLE]
        if options["json"]:
            told = {"url": settings.SITE_URL, "people": people, **places()}
            told["standins"] = demo_providers()
            self.stdout.write(json.dumps(told, indent=2))
        else:
            self.stdout.write(story(people))


def renew(email: str, name: str, role: str) -> dict[str, str]:
    """The demo person of this role, active, verified, without a second factor."""
    password = secrets.token_urlsafe(12)
    user = User.objects.filter(email=email).first() or User(email=email)
    user.name, user.is_active, user.closes_at = name, True, None
    user.is_staff, user.is_superuser = role != "person", role == "owner"
    user.set_password(password)
    user.save()
    user.groups.set([support()] if role == "staff" else [])
    Authenticator.objects.filter(user=user).delete()
    EmailAddress.objects.update_or_create(
        email=email, user=user, defaults={"verified": True, "primary": True}
    )
    return {"email": email, "password": password, "role": role}


def support() -> Group:
    """A group that may look at people and events, and help people."""
    group, _ = Group.objects.get_or_create(name="Support")
    names = ("view_user", "change_user", "view_event", "view_family", "change_family")
    rights = Permission.objects.filter(
        content_type__app_label__in=("accounts", "audit", "tokens"), codename__in=names
    )
    group.permissions.set(rights)
    return group


def places() -> dict[str, str]:
    """Where a newcomer goes on from here."""
    return {
        "sign_in": settings.SITE_URL + reverse("account_login"),
        "admin": settings.SITE_URL + reverse("admin:index"),
        "token": settings.SITE_URL + reverse("api:token"),
        "jwks": settings.SITE_URL + reverse("jwks"),
        "api_docs": settings.SITE_URL + reverse("api:docs"),
        "mailbox": settings.SITE_URL + reverse("mailbox"),
    }


def story(people: list[dict[str, str]]) -> str:
    """The same for people: addresses, passwords, and a line to try the API."""
    found = places()
    rows = [f"  {p['role']:8}{p['email']:22}{p['password']}" for p in people]
    body = json.dumps({"email": people[0]["email"], "password": people[0]["password"]})
    names = " and ".join(demo_providers())
    stood_in = [f"  {names} are stand-ins on this machine: demo"] if names else []
    return "\n".join(
        [
            f"Authsite  {settings.SITE_URL}",
            "",
            *rows,
            "",
            f"  sign in   {found['sign_in']}",
            f"  admin     {found['admin']}",
            f"  mail      {found['mailbox']}",
            f"  API       {found['api_docs']}",
            *stood_in,
            "",
            f"  curl -s {found['token']} -H 'Content-Type: application/json' \\",
            f"    -d '{body}'",
        ]
    )
