"""System checks: what must be right before anyone signs in, and how to fix it.

Errors stop every command and the server. For deployments: checks_deployed.py.
"""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error, Tags, register

from accounts import brand, colours
from accounts.tokens import claims

SECRET_BYTES = 32
MAKE_SECRET = "python -c 'import secrets; print(secrets.token_urlsafe(48))'"  # noqa: S105


@register(Tags.security)
def secrets(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    """AUTH_SECRET is the root of every key: it must not be guessable."""
    named = [
        ("AUTH_SECRET", settings.SECRET_KEY),
        *(("AUTH_SECRET_FALLBACKS", old) for old in settings.SECRET_KEY_FALLBACKS),
    ]
    shared = settings.JWT_SHARED_SECRET
    if shared in {value for _, value in named}:
        return [
            Error(
                "JWT_SHARED_SECRET is an AUTH_SECRET.",
                hint="Every service that verifies tokens would hold the key to "
                f"sessions and signing keys. Make one with: {MAKE_SECRET}",
                id="authsite.E007",
            )
        ]
    if shared:
        named.append(("JWT_SHARED_SECRET", shared))
    return [
        Error(
            f"{name} has fewer than {SECRET_BYTES} bytes.",
            hint=f"Make one with: {MAKE_SECRET}",
            id="authsite.E001",
        )
        for name, value in named
        if len(value.encode()) < SECRET_BYTES
    ]


@register(Tags.security)
def one_way_in(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    """Settings and code that would open a door beside the pipeline."""
    # Imported late: the mail worker needs none of the views that they look at.
    from authsite import checks_doors, checks_sign_in

    found = (*checks_sign_in.CHECKS, *checks_doors.CHECKS)
    return [message for check in found for message in check()]


@register(Tags.security)
def sessions_and_transactions(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    """Settings that would let tokens outlive what they depend on."""
    found: list[CheckMessage] = []
    if not settings.SESSION_ENGINE.endswith(".backends.db"):
        found.append(
            Error(
                "SESSION_ENGINE is not the database.",
                hint="Tokens live and die with a session's row: use "
                "django.contrib.sessions.backends.db.",
                id="authsite.E003",
            )
        )
    if settings.DATABASES["default"].get("ATOMIC_REQUESTS") or settings.ATOMIC_REQUESTS:
        found.append(
            Error(
                "ATOMIC_REQUESTS is on.",
                hint="A refused refresh must commit its revocation: leave it off.",
                id="authsite.E004",
            )
        )
    return found


@register(Tags.caches)
def shared_cache(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    """Limits count in the cache: with several processes it must be one cache."""
    local = settings.CACHES["default"]["BACKEND"].endswith("LocMemCache")
    if settings.DEBUG or not local or settings.WEB_CONCURRENCY == 1:
        return []
    return [
        Error(
            "There are several processes but no shared cache.",
            hint="Set CACHE_URL=redis://host:6379/0, or WEB_CONCURRENCY=1.",
            id="authsite.E006",
        )
    ]


@register(Tags.security)
def parties_of_tokens(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    """Issuer and audience stand in every token, which must stay short enough."""
    found: list[CheckMessage] = []
    longest = max(settings.JWT_AUDIENCES, key=lambda one: len(claims.encoded(one)))
    several = len(settings.JWT_AUDIENCES) > 1
    for name, value, most in (
        ("JWT_ISSUER", settings.JWT_ISSUER, claims.MAX_ISSUER_BYTES),
        (
            "JWT_AUDIENCES" if several else "JWT_AUDIENCE",
            longest,
            claims.MAX_AUDIENCE_BYTES,
        ),
    ):
        if len(claims.encoded(value)) - len('""') > most:
            found.append(
                Error(
                    f"{name} has more than {most} bytes.",
                    hint=f"Set a shorter {name}: verifiers refuse tokens of more than "
                    f"{claims.MAX_TOKEN_LENGTH} characters.",
                    id="authsite.E013",
                )
            )
    return found


@register()
def brand_colours(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    """An accent must be read by everybody, wherever pages use it (WCAG 1.4.3)."""
    found: list[CheckMessage] = []
    for name, accent, scheme in (
        ("BRAND_ACCENT", settings.BRAND_ACCENT, colours.LIGHT),
        ("BRAND_ACCENT_DARK", settings.BRAND_ACCENT_DARK, colours.DARK),
    ):
        if not accent:
            continue
        ratios = colours.pairs(colours.tokens(accent, scheme), scheme)
        pair = min(ratios, key=lambda each: ratios[each])
        if ratios[pair] < colours.TEXT:
            found.append(
                Error(
                    f"{name}={accent} is hard to read in the {scheme.name} scheme: "
                    f"{pair} has a contrast of {ratios[pair]:.2f}, not {colours.TEXT}.",
                    hint=f"The nearest that passes: "
                    f"{name}={colours.nearest(accent, scheme)}",
                    id="authsite.E008",
                )
            )
    return found


@register()
def brand_logo(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    """BRAND_LOGO is a picture, and small enough for the first page."""
    try:
        brand.logo()
    except (brand.BadLogo, OSError) as error:
        return [
            Error(
                f"BRAND_LOGO {error}.",
                hint="Name an .svg with a viewBox or a .png, of at most "
                f"{brand.LOGO_BYTES // 1024} KB.",
                id="authsite.E009",
            )
        ]
    return []
