"""Browsers that a person trusts: for 14 days they are not asked for a second step.

A convenience at the sign-in page of one browser, and no proof: no program, no admin,
no token's `acr` and no change of a factor is satisfied by it. The trust lies in a
signed cookie, next to a fingerprint of the person's password and factors, so that it
ends when one of them changes.
"""

from __future__ import annotations

import time
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from allauth.mfa import app_settings
from allauth.mfa.adapter import get_adapter
from allauth.mfa.internal.flows.trust import (
    IssuedTrust,
    create_config_fingerprint,
    decode_trust_cookie,
    encode_trust_cookie,
)
from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.utils import is_mfa_enabled
from django.db import transaction

if TYPE_CHECKING:
    from django.http import HttpRequest, HttpResponse

    from accounts.models import User

#: People in one browser's cookie; a cookie has 4 KB.
MOST = 10


def ignore_cookie(request: HttpRequest) -> None:
    """For programs: they ask for tokens, and the cookie is a browser's."""
    request.COOKIES.pop(app_settings.TRUST_COOKIE_NAME, None)


def trusted_since(request: HttpRequest, user: User) -> int:
    """When this person said that they trust this browser, as it stands now; else 0."""
    issued = decode_trust_cookie(request)
    if not issued:
        return 0
    fingerprint = create_config_fingerprint(user)
    return next((one.at for one in issued if one.fingerprint == fingerprint), 0)


def trusted_until(request: HttpRequest, user: User) -> datetime | None:
    """When that ends, for a page to show."""
    since = trusted_since(request, user)
    if not since:
        return None
    began = datetime.fromtimestamp(since, tz=UTC)
    return began + app_settings.TRUST_COOKIE_AGE


def remember(request: HttpRequest, user: User, response: HttpResponse) -> None:
    """Trust this browser from now on, when it has signed this person in.

    A sign-in that the last stage refused, because the password changed or the account
    was disabled meanwhile, must not leave trust behind.
    """
    if not request.user.is_authenticated or request.user.pk != user.pk:
        return
    mine = IssuedTrust(create_config_fingerprint(request.user), int(time.time()))
    _write(response, [mine, *_others(request, request.user)][:MOST])


def forget_here(request: HttpRequest, user: User, response: HttpResponse) -> None:
    """Trust this browser no more; other people's trust in it stays."""
    _write(response, _others(request, user))


def forget_everywhere(user: User) -> None:
    """End the trust in every browser of a person; their codes stay as they are.

    The fingerprint holds the recovery codes' seed as it is stored. The same seed,
    sealed again, reads differently.
    """
    if not is_mfa_enabled(user):
        return
    with transaction.atomic():
        RecoveryCodes.activate(user)
        codes = Authenticator.objects.select_for_update().get(
            user=user, type=Authenticator.Type.RECOVERY_CODES
        )
        adapter = get_adapter()
        codes.data["seed"] = adapter.encrypt(adapter.decrypt(codes.data["seed"]))
        codes.save(update_fields=["data"])


def _others(request: HttpRequest, user: User) -> list[IssuedTrust]:
    mine = create_config_fingerprint(user)
    return [one for one in decode_trust_cookie(request) if one.fingerprint != mine]


def _write(response: HttpResponse, issued: list[IssuedTrust]) -> None:
    place = {
        "path": app_settings.TRUST_COOKIE_PATH,
        "domain": app_settings.TRUST_COOKIE_DOMAIN,
        "samesite": app_settings.TRUST_COOKIE_SAMESITE,
    }
    if not issued:
        response.delete_cookie(app_settings.TRUST_COOKIE_NAME, **place)
        return
    response.set_cookie(
        app_settings.TRUST_COOKIE_NAME,
        encode_trust_cookie(issued),
        max_age=app_settings.TRUST_COOKIE_AGE,
        secure=app_settings.TRUST_COOKIE_SECURE,
        httponly=app_settings.TRUST_COOKIE_HTTPONLY,
        **place,
    )
