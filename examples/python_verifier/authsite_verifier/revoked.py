"""The issuer's list of what was revoked: read strictly, merged, never taken back."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from authsite_verifier import strict
from authsite_verifier.errors import InvalidToken
from authsite_verifier.jws import Jws, check_signature, check_typ, parse

if TYPE_CHECKING:
    from authsite_verifier.jwk import Key

TYP = "revocations+jwt"
MAX_BYTES = 4 * 1024 * 1024
#: Seconds by which the issuer's clock may differ from ours.
TOLERANCE = 60


@dataclass(frozen=True, slots=True)
class RevocationList:
    """One list as it was signed; times are seconds since the epoch."""

    expires_at: int
    window: int
    sids: dict[str, int]
    kids: dict[str, int]


@dataclass(frozen=True, slots=True)
class Revoked:
    """What is held: sign-ins (`sid`) and keys (`kid`), each until it can be forgotten.

    Never changed, only replaced, so that any thread may read it without a lock.
    """

    sids: dict[str, int] = field(default_factory=dict)
    kids: dict[str, int] = field(default_factory=dict)

    def merged(self, fresh: RevocationList, now: float) -> Revoked:
        """With a list's entries: an older list, from some cache, takes nothing back."""
        keep = fresh.window + TOLERANCE

        def union(held: dict[str, int], news: dict[str, int]) -> dict[str, int]:
            both = dict(held)
            for name, at in news.items():
                both[name] = max(at + keep, both.get(name, 0))
            return {name: until for name, until in both.items() if until >= now}

        return Revoked(union(self.sids, fresh.sids), union(self.kids, fresh.kids))


def parse_list(data: bytes) -> Jws:
    """Take a list apart, before any key is looked at. Raises InvalidToken."""
    try:
        jws = parse(data.decode("ascii"), MAX_BYTES)
    except UnicodeDecodeError:
        raise InvalidToken("The list is malformed") from None
    check_typ(jws, (TYP,), "This is not a list of revocations")
    return jws


def read_list(jws: Jws, key: Key, issuer: str, now: float) -> RevocationList:
    """A list that this issuer's key signed and whose time is not over.

    Raises InvalidToken. A list may not name the key that signed it as taken out.
    """
    check_signature(jws, key)
    try:
        claims = strict.json_object(jws.payload)
    except ValueError:
        raise InvalidToken("The list is malformed") from None
    if type(claims.get("iss")) is not str or claims["iss"] != issuer:
        raise InvalidToken("The list is of another issuer")
    numbers = [claims.get(name) for name in ("iat", "exp", "window")]
    times = (claims.get("sids"), claims.get("kids"))
    if not all(map(strict.is_whole, numbers)) or not all(map(_is_times, times)):
        raise InvalidToken("The list is malformed")
    if claims["exp"] <= now - TOLERANCE:
        raise InvalidToken("The list is out of date")
    if jws.kid in claims["kids"]:
        raise InvalidToken("The list's key was taken out")
    return RevocationList(
        claims["exp"], claims["window"], claims["sids"], claims["kids"]
    )


def _is_times(value: Any) -> bool:
    return type(value) is dict and all(map(strict.is_whole, value.values()))
