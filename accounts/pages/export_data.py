"""The export file: everything kept about a person, and nothing that opens anything.

docs/account.md is its description; VERSION changes when a name does.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from allauth.socialaccount.models import SocialAccount
from allauth.usersessions.models import UserSession
from django.conf import settings
from django.core.serializers.json import DjangoJSONEncoder
from django.utils import timezone

from accounts.audit.history import events_of, is_by_another
from accounts.tokens.revoke import families_of

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from accounts.audit.models import Event
    from accounts.models import User

VERSION = 1
CHUNK = 500
#: Of what a provider said at the last sign-in; whatever else it said is not repeated.
SAID = (
    *("name", "given_name", "family_name", "login", "email", "email_verified"),
    *("picture", "avatar_url", "locale", "hd"),
)


def pieces(whole: dict[str, Any], user: User) -> Iterator[str]:
    """The document and its person's events, in parts that make one JSON object."""
    yield _json(whole).removesuffix("}") + ', "events": ['
    comma = ""
    for page in _pages(user):
        yield comma + ",\n".join(_json(_event(event, user)) for event in page)
        comma = ",\n"
    yield "]}\n"


def _pages(user: User) -> Iterator[list[Event]]:
    """All events, CHUNK at a time.

    By key and not by a cursor: that would hold a database connection for as long as
    the client takes to read.
    """
    found: Any = events_of(user)
    page = list(found[:CHUNK])
    while page:
        yield page
        page = list(found.filter(pk__lt=page[-1].pk)[:CHUNK])


def document(user: User) -> dict[str, Any]:
    """All but the events."""
    return {
        "schema": "authsite-export",
        "version": VERSION,
        "site": settings.SITE_URL,
        "made_at": timezone.now(),
        "person": _person(user),
        "addresses": list(
            EmailAddress.objects.filter(user=user)
            .order_by("pk")
            .values("email", "verified", "primary")
        ),
        "sessions": list(
            UserSession.objects.filter(user=user)
            .order_by("pk")
            .values("user_agent", "ip", "created_at", "last_seen_at")
        ),
        "apps": families_of(user),
        "factors": [_factor(one) for one in _own(Authenticator, user)],
        "connections": [_connection(one) for one in _own(SocialAccount, user)],
    }


def _own(model: Any, user: User) -> Any:
    return model.objects.filter(user=user).order_by("pk")


def _person(user: User) -> dict[str, Any]:
    return {
        "id": user.pk,
        "email": user.email,
        "name": user.name,
        "language": user.language,
        "joined_at": user.date_joined,
        "last_sign_in_at": user.last_login,
        "has_password": user.has_usable_password(),
        "is_staff": user.is_staff,
        "groups": list(user.groups.order_by("name").values_list("name", flat=True)),
    }


def _factor(one: Any) -> dict[str, Any]:
    return {
        "kind": one.type,
        "name": one.data.get("name", ""),
        "created_at": one.created_at,
        "last_used_at": one.last_used_at,
    }


def _connection(one: Any) -> dict[str, Any]:
    said = one.extra_data.get("userinfo") or one.extra_data
    return {
        "provider": one.provider,
        "id_there": one.uid,
        "said": {name: said[name] for name in SAID if name in said},
        "connected_at": one.date_joined,
        "last_sign_in_at": one.last_login,
    }


def _event(event: Event, user: User) -> dict[str, datetime | str | bool | int | None]:
    return {
        "at": event.at,
        "action": event.action,
        "outcome": event.outcome,
        "times": event.data.get("times", 1),
        "with": event.method,
        "ip": None if is_by_another(event) else event.ip,
        "user_agent": "" if is_by_another(event) else event.user_agent,
        "by_yourself": event.actor_id == user.pk,
    }


def _json(value: Any) -> str:
    return json.dumps(value, cls=DjangoJSONEncoder, ensure_ascii=False)
