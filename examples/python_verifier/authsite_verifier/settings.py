"""What a service must be told, from its environment."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from authsite_verifier.errors import BadSetting

if TYPE_CHECKING:
    from collections.abc import Mapping

NAME = re.compile(r"[A-Za-z0-9._-]{1,64}")
LEEWAY = range(61)
MAX_AGE = range(2, 3601)


@dataclass(frozen=True, slots=True)
class Settings:
    """Times in seconds. `revocations_max_age` None switches the list off."""

    issuer: str
    audience: str
    jwks_url: str
    revocations_url: str
    revocations_max_age: int | None = 30
    leeway: int = 0
    name: str = "python-service"

    @classmethod
    def read(
        cls, environment: Mapping[str, str], name: str = "python-service"
    ) -> Settings:
        """From AUTH_ISSUER and so on (README.md); `name` is AUTH_NAME's default.

        Raises BadSetting with the name of what is missing or wrong.
        """
        issuer = _url(environment, "AUTH_ISSUER", "")
        if not environment.get("AUTH_AUDIENCE"):
            msg = "AUTH_AUDIENCE must be set (see README.md)"
            raise BadSetting(msg)
        base = issuer.rstrip("/")
        max_age = environment.get("AUTH_REVOCATIONS_MAX_AGE") or "30"
        given = environment.get("AUTH_NAME") or name
        if not NAME.fullmatch(given):
            msg = "AUTH_NAME must be 1 to 64 letters, digits, dots, dashes or _"
            raise BadSetting(msg)
        return cls(
            issuer=issuer,
            audience=environment["AUTH_AUDIENCE"],
            jwks_url=_url(
                environment, "AUTH_JWKS_URL", f"{base}/.well-known/jwks.json"
            ),
            revocations_url=_url(
                environment, "AUTH_REVOCATIONS_URL", f"{base}/api/revocations/"
            ),
            revocations_max_age=None
            if max_age == "off"
            else _seconds("AUTH_REVOCATIONS_MAX_AGE", max_age, MAX_AGE, " or off"),
            leeway=_seconds(
                "AUTH_LEEWAY", environment.get("AUTH_LEEWAY") or "0", LEEWAY
            ),
            name=given,
        )


def _url(environment: Mapping[str, str], name: str, default: str) -> str:
    value = environment.get(name) or default
    if not value:
        msg = f"{name} must be set (see README.md)"
        raise BadSetting(msg)
    try:
        parts = urlsplit(value)
        right = parts.scheme in {"http", "https"} and bool(parts.hostname)
        _ = parts.port  # raises ValueError when it is none
    except ValueError:
        right = False
    if not right or not value.isprintable() or " " in value:
        msg = f"{name} must be an http:// or https:// address"
        raise BadSetting(msg)
    return value


def _seconds(name: str, value: str, allowed: range, more: str = "") -> int:
    if not re.fullmatch(r"[0-9]{1,4}", value) or int(value) not in allowed:
        msg = (
            f"{name} must be a number of seconds from {allowed[0]} to "
            f"{allowed[-1]}{more}"
        )
        raise BadSetting(msg)
    return int(value)
