"""Whom a token is for: one audience, and refused by everybody else (RFC 9068 5).

`settings.JWT_AUDIENCES` names those that may be asked for, our own API first. The
account API has an audience that nobody can ask for.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.conf import settings

if TYPE_CHECKING:
    from django.http import HttpRequest

_ASKED = "_token_audience"


def services() -> tuple[str, ...]:
    """The audiences that an access token may be asked for."""
    found: tuple[str, ...] = settings.JWT_AUDIENCES
    return found


def own() -> str:
    """Our own API's: the audience when none is asked for."""
    return services()[0]


def account() -> str:
    """The account API's, that is /_allauth/app/: of session tokens alone."""
    return f"{settings.JWT_ISSUER}/account"


def ask(request: HttpRequest, audience: str) -> None:
    """Note which of services() the tokens that this request mints are for."""
    setattr(request, _ASKED, audience)


def asked(request: HttpRequest) -> str:
    """The audience that ask() noted, or our own."""
    audience: str = getattr(request, _ASKED, "") or own()
    return audience
