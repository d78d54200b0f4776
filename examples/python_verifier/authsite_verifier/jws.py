"""A compact JWS (RFC 7515 section 7.1): taken apart first, believed after."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import jwt

from authsite_verifier import strict
from authsite_verifier.errors import InvalidToken
from authsite_verifier.jwk import ALGORITHMS, MAX_KID

if TYPE_CHECKING:
    from authsite_verifier.jwk import Key

MAX_TOKEN_LENGTH = 4096
#: All that a header may hold. An allow-list keeps out `jku`, `x5u`, `jwk` and `x5c` (a
#: token must not bring or name its own key), `crit` and `b64` in one line.
HEADER = {"alg", "kid", "typ"}

_jws = jwt.PyJWS(algorithms=list(ALGORITHMS))


@dataclass(frozen=True, slots=True)
class Jws:
    """Well-formed, but not yet believed."""

    text: bytes
    alg: str
    kid: str
    header: dict[str, Any]
    payload: bytes


def parse(token: str, longest: int = MAX_TOKEN_LENGTH) -> Jws:
    """Take a token apart, before any key is looked at. Raises InvalidToken."""
    if len(token) > longest:
        raise InvalidToken("The token is too long")
    try:
        text = token.encode("ascii")
        head, body, signature = text.split(b".")
        header = strict.json_object(strict.base64url(head))
        payload = strict.base64url(body)
        strict.base64url(signature)
    except ValueError:
        raise InvalidToken("The token is malformed") from None
    if not header.keys() <= HEADER:
        raise InvalidToken("The token's header holds what it may not")
    alg, kid = header.get("alg"), header.get("kid")
    if type(alg) is not str or alg not in ALGORITHMS:
        raise InvalidToken("The token's algorithm is not accepted")
    if type(kid) is not str or not strict.is_text(kid, MAX_KID):
        raise InvalidToken("The token names no key")
    return Jws(text, alg, kid, header, payload)


def check_typ(token: Jws, types: tuple[str, ...], wrong: str) -> None:
    """Raises InvalidToken with the text `wrong` for another kind (RFC 8725 3.11)."""
    typ = token.header.get("typ")
    if type(typ) is not str or typ not in types:
        raise InvalidToken(wrong)


def check_signature(token: Jws, key: Key) -> None:
    """Raises InvalidToken unless this key, by its own algorithm, signed the token."""
    if token.alg != key.algorithm:
        raise InvalidToken("The token's algorithm is not its key's")
    try:
        _jws.decode(token.text, key.public, algorithms=[key.algorithm])
    except (jwt.PyJWTError, ValueError):
        raise InvalidToken("The signature does not fit") from None
