"""Access tokens, verified: once by simplejwt and its backend, then remembered.

Remembered is, by the ring itself, that form and signature of these very bytes held.
Dates, kind, issuer, audience and revocation are looked at again at every request.
"""

from __future__ import annotations

import hashlib
import time
from base64 import urlsafe_b64decode
from typing import Any

import orjson
from django.conf import settings
from rest_framework_simplejwt.exceptions import ExpiredTokenError, TokenError

from accounts.tokens import claims as rules
from accounts.tokens.backend import read
from accounts.tokens.classes import AccessToken, ServiceToken
from accounts.tokens.errors import TokenRevoked
from accounts.tokens.families import check_live, is_current, read_refresh, read_session
from accounts.tokens.ring import ring
from accounts.tokens.snapshot import revoked


def verify_access(
    raw: str, *, immediate: bool = False, kind: type[AccessToken] = AccessToken
) -> dict[str, Any]:
    """The claims of a valid access token that is not revoked.

    For our own API, or with ServiceToken as `kind` for any audience of ours. No query
    but the snapshot's one a second; with `immediate` one for this token, which knows
    of a revocation as soon as it is committed, and believes no more than the row says.
    Raises ExpiredTokenError, TokenRevoked, another TokenError, or snapshot.Stale when
    it cannot be known.
    """
    try:
        data = raw.encode("ascii")
    except UnicodeEncodeError:
        msg = "Token is invalid"
        raise TokenError(msg) from None
    # First, since it may tell of a key that was taken out: the ring is then read anew.
    revoked.renew()
    proven, digest = ring().proven, hashlib.sha256(data).digest()
    if proven.holds(digest):
        claims = _checked(data, kind)
    else:
        claims = kind(raw).payload  # type: ignore[arg-type]
        proven.add(digest)  # of this ring or an older one, never of a newer
    if claims["sid"] in revoked:
        msg = "Token was revoked"
        raise TokenRevoked(msg)
    if immediate:
        check_live(claims)
    return claims


def _checked(data: bytes, kind: type[AccessToken]) -> dict[str, Any]:
    payload = data.split(b".", 2)[1]
    try:
        return rules.check(
            orjson.loads(urlsafe_b64decode(payload + b"==")),
            now=time.time(),
            issuer=settings.JWT_ISSUER,
            audiences=kind.accepted(),
            kind=kind.token_type,
        )
    except rules.Expired:
        msg = "Token is expired"
        raise ExpiredTokenError(msg) from None
    except ValueError:
        msg = "Token is invalid"
        raise TokenError(msg) from None


def verify_any(raw: str) -> None:
    """Whether a token of any kind is valid now: an answer, and no key to anything.

    An access token may be for any audience of ours. Raises as verify_access() does.
    """
    typ = _typ(raw)
    if typ == rules.REFRESH_TYP:
        family, jti = read_refresh(raw)
        if not is_current(family, jti):
            msg = "Token was replaced"
            raise TokenRevoked(msg)
    elif typ == rules.SESSION_TYP:
        read_session(raw)
    else:
        verify_access(raw, kind=ServiceToken)


def _typ(raw: str) -> Any:
    """What kind a token says it is, to choose by whose rules it is read."""
    try:
        return read(raw.encode("ascii")).header.get("typ")
    except (ValueError, RecursionError):
        msg = "Token is invalid"
        raise TokenError(msg) from None
