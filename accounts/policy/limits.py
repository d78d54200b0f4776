"""Limits: which key they are counted under, how long to wait, devices we know."""

from __future__ import annotations

import math
import secrets
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING
from uuid import UUID

from allauth.account.internal.stagekit import LOGIN_SESSION_KEY
from allauth.core import context as current
from allauth.core.exceptions import ImmediateHttpResponse
from allauth.core.internal import ratelimit
from django.conf import settings
from django.contrib.auth import SESSION_KEY
from django.core import signing
from django.core.cache import cache
from django.core.exceptions import ValidationError

from accounts.audit.models import Action, Outcome
from accounts.audit.repeats import record_repeated
from accounts.crypto import keyed_hash, keyed_hash_matches
from accounts.models import normalise_email

if TYPE_CHECKING:
    from collections.abc import Iterator

    from django.contrib.sessions.backends.base import SessionBase
    from django.http import HttpRequest, HttpResponse

    from accounts.models import User

APP = "allauth.account"
#: Limits that allauth keeps elsewhere.
APPS = {"webauthn_login": "allauth.mfa"}
#: Other reasons for which a code is refused.
NOT_LIMITS = ("incorrect_code", "unverified_email")
PURPOSE = "known device"
COOKIE_AGE = 180 * 24 * 3600
PEOPLE_PER_DEVICE = 5


def attempts_key(request: HttpRequest, email: str) -> str:
    """What failed sign-ins are counted under: the address, never the Host.

    A browser that has signed this person in before counts on its own, so that a
    stranger who guesses cannot lock the owner out (OWASP's device cookie).
    """
    email = normalise_email(email)
    device = known_device(request, email)
    return f"{email}|{device}" if device else email


def limit_options(request: HttpRequest) -> HttpResponse | None:
    """429 for whoever fetches challenges without end: each makes a session."""
    found: HttpResponse | None = ratelimit.consume_or_429(
        request, app=APP, action="passkey_options", limit_get=True
    )
    return found


def limit_provider(request: HttpRequest) -> HttpResponse | None:
    """429 for too many requests that call out to a provider.

    Counts each POST, and each GET to where a provider sends people back.
    """
    match = request.resolver_match
    comes_back = match is not None and is_way_back(match.url_name or "")
    found: HttpResponse | None = ratelimit.consume_or_429(
        request, app=APP, action="provider", limit_get=comes_back
    )
    return found


def is_way_back(page: str) -> bool:
    """Whether a provider sent the browser here: this address works only once."""
    return page.endswith("_callback")


def known_device(request: HttpRequest, email: str) -> str:
    """The device's id when its cookie is ours and names this address, else ""."""
    device, people = _read_cookie(request)
    named = any(keyed_hash_matches(email, digest, PURPOSE) for digest in people)
    return device if named else ""


def remember_device(request: HttpRequest, response: HttpResponse, user: User) -> None:
    """Let this browser count its failed sign-ins on its own from now on."""
    device, people = _read_cookie(request)
    digest = keyed_hash(normalise_email(user.email), PURPOSE)
    people = [digest, *(p for p in people if p != digest)][:PEOPLE_PER_DEVICE]
    response.set_cookie(
        settings.DEVICE_COOKIE_NAME,
        signing.dumps([device or secrets.token_urlsafe(12), people], salt=PURPOSE),
        max_age=COOKIE_AGE,
        secure=settings.SESSION_COOKIE_SECURE,
        httponly=True,
        samesite="Lax",
    )


def _read_cookie(request: HttpRequest) -> tuple[str, list[str]]:
    raw = request.COOKIES.get(settings.DEVICE_COOKIE_NAME, "")
    try:
        device, people = signing.loads(raw, salt=PURPOSE, max_age=COOKIE_AGE)
    except (signing.BadSignature, ValueError, TypeError):
        return "", []
    return device, people


def retry_after(request: HttpRequest, actions: tuple[str, ...], key: str = "") -> int:
    """Seconds until these actions are open again: for Retry-After (RFC 9110 10.2.3).

    At least 1.
    """
    waits = [seconds_left(request, action, key) for action in actions]
    return max(1, math.ceil(max(waits)))


def seconds_left(
    request: HttpRequest, action: str, key: str = "", *, per: str = ""
) -> float:
    """Until this action is open again; 0 when it is. `per`: of one kind of limit alone.

    Reads the hit times that allauth keeps.
    """
    app, now, wait = APPS.get(action, APP), time.time(), 0.0
    for rate in ratelimit.get_rates(app=app, action=action):
        if per not in {"", rate.per}:
            continue
        if rate.per == "user" and not request.user.is_authenticated:
            continue
        name = ratelimit.get_cache_key(
            request, app=app, action=action, rate=rate, key=key
        )
        hits = [at for at in cache.get(name, []) if at > now - rate.duration]
        if len(hits) >= rate.amount:
            wait = max(wait, hits[-1] + rate.duration - now)
    return wait


def second_step_key(session: SessionBase) -> str:
    """What wrong codes are counted under for whoever's sign-in is pending; else ""."""
    pending = session.get(LOGIN_SESSION_KEY) or {}
    pk = pending.get("user_pk") or session.get(SESSION_KEY)
    return f"mfa-auth-user-{UUID(str(pk))}" if pk else ""


@contextmanager
def address_count_kept(request: HttpRequest) -> Iterator[None]:
    """Around a second step: a right one forgives its person alone.

    allauth clears the counter of the client's address too, so that whoever owns an
    account with a second step could go on guessing other people's passwords.
    """
    names = {
        ratelimit.get_cache_key(
            request, app=APP, action="login_failed", rate=rate
        ): rate.duration
        for rate in ratelimit.get_rates(app=APP, action="login_failed")
        if rate.per == "ip"
    }
    before = cache.get_many(names)
    yield
    for name, hits in before.items():
        cache.set(name, hits, names[name])


class KeepAddressCount:
    """A mixin for forms with the code of a second step: see address_count_kept."""

    def clean_code(self) -> str:
        """As allauth's. Raises ValidationError."""
        try:
            with address_count_kept(current.request):
                code: str = super().clean_code()  # type: ignore[misc] # of the form
        except (ValidationError, ImmediateHttpResponse) as error:
            if getattr(error, "code", "") not in NOT_LIMITS:
                self._record_limited(current.request)
            raise
        return code

    def _record_limited(self, request: HttpRequest) -> None:
        user = self.user  # type: ignore[attr-defined] # of the form
        record_repeated(
            Action.SIGN_IN_LIMITED,
            request=request,
            user=user,
            outcome=Outcome.LIMITED,
            method="mfa",
        )
