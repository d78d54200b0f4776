"""System checks of a deployment: `check --deploy`, `manage.py doctor`, `make serve`."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.core.checks import CheckMessage, Error, Tags, Warning, register  # noqa: A004
from django.http.request import validate_host

from accounts.policy.development import is_local
from authsite.origins import bracketed


@register(Tags.security, deploy=True)
def production(app_configs: Any = None, **kwargs: Any) -> list[CheckMessage]:
    """What must never be reachable in production, or could never work there."""
    found: list[CheckMessage] = []
    if settings.DEBUG:
        found.append(
            Error(
                "DEBUG is on.",
                hint="Set DEBUG=false, or remove it from the environment and .env: it "
                "shows every email and error page to anyone. make run is for "
                "development.",
                id="authsite.E010",
            )
        )
    if _is_public_http():
        found.append(
            Error(
                "SITE_URL is http, and not an address of this machine.",
                hint="Set SITE_URL=https://your.domain: cookies and tokens would cross "
                "the network in clear.",
                id="authsite.E011",
            )
        )
    if settings.HTTPS and not settings.TRUSTED_PROXY_COUNT:
        found.append(
            Error(
                "TRUSTED_PROXY_COUNT is 0, but SITE_URL is https.",
                hint="Set TRUSTED_PROXY_COUNT=1, or the number of proxies in front: "
                "make serve speaks http, so without a proxy that terminates TLS every "
                "page redirects to itself.",
                id="authsite.E012",
            )
        )
    return found


@register(Tags.security, deploy=True)
def encrypted(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    """Without https, and what follows from it."""
    found: list[CheckMessage] = []
    if not (settings.HTTPS or _is_public_http()):
        found.append(
            Warning(
                "SITE_URL is not https.",
                hint="Set SITE_URL=https://your.domain before anyone else uses it.",
                id="authsite.W001",
            )
        )
    if not settings.JWT_ISSUER.startswith("https://"):
        found.append(
            Warning(
                "JWT_ISSUER is not https.",
                hint="Leave it to SITE_URL, or set an https URL (RFC 9068 asks it).",
                id="authsite.W002",
            )
        )
    return found


@register(Tags.security, deploy=True)
def limits(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    """Each limit protects something; switching one off should be deliberate."""
    return [
        Warning(
            f"RATE_LIMITS switches {action} off.",
            hint=f"Remove {action}= from RATE_LIMITS, or give it a high limit.",
            id="authsite.W004",
        )
        for action in settings.RATE_LIMITS_OFF
    ]


@register(Tags.security, deploy=True)
def hosts(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    """ALLOWED_HOSTS serves this site, and no other."""
    found: list[CheckMessage] = []
    allowed = settings.ALLOWED_HOSTS
    if "*" in allowed:
        found.append(
            Warning(
                "ALLOWED_HOSTS allows every host.",
                hint="Leave it to SITE_URL, or name the hosts: pages and emails could "
                "carry any host that a client sends.",
                id="authsite.W005",
            )
        )
    if not validate_host(bracketed(settings.SITE_HOST), allowed):
        found.append(
            Warning(
                f"ALLOWED_HOSTS does not serve {settings.SITE_HOST}, the host of "
                "SITE_URL: every page answers 400.",
                hint=f"Add {bracketed(settings.SITE_HOST)} to ALLOWED_HOSTS.",
                id="authsite.W006",
            )
        )
    return found


def _is_public_http() -> bool:
    site = urlsplit(settings.SITE_URL)
    return site.scheme == "http" and not is_local(site.hostname or "")
