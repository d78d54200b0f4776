"""What an access token must say to be believed (RFC 9068 section 4), and step-up."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from authsite_verifier import strict
from authsite_verifier.errors import InsufficientAuthentication, InvalidToken

if TYPE_CHECKING:
    from collections.abc import Callable

TYPES = ("at+jwt", "application/at+jwt")
#: Weakest first.
LEVELS = ("aal1", "aal2")

Claims = dict[str, Any]
Rules = dict[str, "Callable[[object], bool]"]


def _is_flag(value: object) -> bool:
    return type(value) is bool


def _is_level(value: object) -> bool:
    return type(value) is str and value in LEVELS


REQUIRED: Rules = {
    "sub": strict.is_uuid,
    "sid": strict.is_uuid,
    "jti": strict.is_text,
    "email": strict.is_text,
    "email_verified": _is_flag,
    "groups": strict.is_texts,
    "exp": strict.is_whole,
    "iat": strict.is_whole,
}
OPTIONAL: Rules = {
    "client_id": strict.is_text,
    "nbf": strict.is_whole,
    "auth_time": strict.is_whole,
    "amr": strict.is_texts,
    "acr": _is_level,
}


@dataclass(frozen=True, slots=True)
class Expected:
    """Whom to believe (`issuer`), who we are (`audience`); `leeway` in seconds."""

    issuer: str
    audience: str
    leeway: float = 0

    def check(self, claims: Claims, now: float) -> None:
        """All about a signed token's claims but revocation. Raises InvalidToken."""
        if type(claims.get("iss")) is not str or claims["iss"] != self.issuer:
            raise InvalidToken("The token is of another issuer")
        audiences = claims.get("aud")
        if type(audiences) is str:
            audiences = [audiences]
        if not strict.is_texts(audiences) or self.audience not in audiences:
            raise InvalidToken("The token is for another audience")
        if claims.get("token_type") != "access":
            raise InvalidToken("This is not an access token")
        if not all(is_right(claims.get(name)) for name, is_right in REQUIRED.items()):
            raise InvalidToken("A claim is missing or of a wrong type")
        for name in OPTIONAL.keys() & claims.keys():
            if not OPTIONAL[name](claims[name]):
                raise InvalidToken("A claim is of a wrong type")
        self._check_times(claims, now)

    def _check_times(self, claims: Claims, now: float) -> None:
        latest = now + self.leeway
        # A second more for `iat`: two clocks that are right may differ by that.
        if claims["iat"] > latest + 1 or claims.get("nbf", 0) > latest:
            raise InvalidToken("The token is not valid yet")
        if claims["exp"] <= now - self.leeway:
            raise InvalidToken("The token has expired")


def require_recent(
    claims: Claims,
    *,
    max_age: int | None = None,
    acr: str | None = None,
    leeway: float = 0,
    now: float | None = None,
) -> None:
    """Raises InsufficientAuthentication for too old or too weak a proof (RFC 9470).

    `max_age` is how many seconds ago the person may have proved who they are, `acr`
    the least level (`aal1`, `aal2`). Raises ValueError when neither is demanded.
    """
    if (max_age is None and acr is None) or acr not in {None, *LEVELS}:
        msg = "demand max_age, acr (aal1 or aal2), or both"
        raise ValueError(msg)
    given = claims.get("acr")
    # Levels are looked up, never compared as text.
    if acr is not None and (
        given not in LEVELS or LEVELS.index(given) < LEVELS.index(acr)
    ):
        text = "A stronger sign-in is needed"
        raise InsufficientAuthentication(text, acr, max_age)
    if max_age is not None:
        # Whole seconds, as auth_time is.
        proved, at = claims.get("auth_time"), int(time.time() if now is None else now)
        if proved is None or not at - max_age - leeway <= proved <= at + 1 + leeway:
            text = "A more recent sign-in is needed"
            raise InsufficientAuthentication(text, acr, max_age)
