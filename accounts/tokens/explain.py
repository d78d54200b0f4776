"""Why was this token refused? In one sentence, for administrators and developers.

Takes a token, its `jti`, or a family's `sid`. Nothing of the token is kept or repeated:
only claims whose signature is ours are spoken of, and names of what is wrong.
"""

from __future__ import annotations

import base64
import json
import re
import time
from typing import TYPE_CHECKING, Any

from django.conf import settings
from jwt.exceptions import PyJWTError

from accounts.tokens import audiences
from accounts.tokens import claims as rules
from accounts.tokens.backend import Parts, check_signature, read
from accounts.tokens.explain_sign_in import (
    Because,
    ended,
    of_family,
    of_jti,
    owner,
    sentence,
    still_current,
)
from accounts.tokens.models import Family, SigningKey
from accounts.tokens.revocation_list import TYP as LIST_TYP
from accounts.tokens.ring import ring
from accounts.tokens.words import moment, shortened, span

if TYPE_CHECKING:
    from accounts.tokens.keys import Key

KINDS = {
    rules.ACCESS_TYP: "access",
    rules.REFRESH_TYP: "refresh",
    rules.SESSION_TYP: "session",
}
#: Where the kinds that are for us alone are taken.
PLACES = {"refresh": "/api/token/refresh/", "session": "/_allauth/app/"}
JTI = re.compile(r"[0-9a-f]{32}")
SID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")


def explain(text: str, audience: str = "") -> str:
    """One sentence on a token, a `jti` or a `sid`.

    `audience` is the service that refused it; without one, the place here that takes
    tokens of its kind.
    """
    text = text.strip()
    if text[:7].lower() == "bearer ":
        text = text[7:].strip()
    try:
        if SID.fullmatch(text):
            return of_family(Family.objects.filter(pk=text).first())
        if JTI.fullmatch(text):
            return of_jti(text)
        return _of_token(text, audience)
    except Because as because:
        return str(because)


def _of_token(text: str, audience: str) -> str:
    parts = _read(text)
    kind = _kind(parts)
    wanted = _wanted(kind, audience)
    key = _key(parts, kind)
    _proven(text.encode(), parts, key)
    body = _body(parts)
    _for_us(body, kind, wanted)
    if body["iat"] > ring().signs_until(kind, key.kid):
        return "It was issued after its signing key was retired."
    family = Family.objects.filter(pk=body["sid"]).select_related("user").first()
    over = ended(family, kind)
    late = int(time.time()) - body["exp"]
    if late >= 0:
        return sentence(f"It expired {span(late)} ago", over)
    if over:
        return sentence("It is refused", over)
    early = body["iat"] - int(time.time())
    if early > 1:
        return f"It was issued {span(early)} in the future: the clocks differ."
    if kind == "refresh" and family:
        still_current(family, body["jti"])
    until = span(-late)
    return f"It is good: {_article(kind)} token of {owner(family)}, for {until} more."


def _read(text: str) -> Parts:
    if not text:
        raise Because("Nothing was given.")
    if len(text) > rules.MAX_TOKEN_LENGTH:
        most = rules.MAX_TOKEN_LENGTH
        raise Because(f"It has {len(text)} characters; more than {most} are refused.")
    count = text.count(".") + 1
    if count != 3:
        several = "one part" if count == 1 else f"{count} parts"
        raise Because(f"It is no token: a JWT has three parts, this has {several}.")
    try:
        return read(text.encode("ascii"))
    except (ValueError, RecursionError):
        raise Because(_malformed(text)) from None


def _malformed(text: str) -> str:
    """A second, tolerant look, only to say what the strict one minded."""
    head = text.partition(".")[0]
    try:
        header = json.loads(base64.urlsafe_b64decode(head + "=" * (-len(head) % 4)))
        names = set(header) - {"alg", "kid", "typ"}
    except (ValueError, TypeError, RecursionError):
        return "It is malformed: its header cannot be read."
    if names:
        several = ", ".join(sorted(shortened(name) for name in names))
        return f"Its header holds {several}; only alg, kid and typ may stand there."
    return (
        "It is malformed: base64url that is cut, padded or not canonical, or JSON that "
        "says something twice."
    )


def _kind(parts: Parts) -> str:
    typ = parts.header.get("typ")
    if typ == LIST_TYP:
        raise Because("It is a list of revocations, not a token.")
    kind = KINDS.get(typ) if isinstance(typ, str) else None
    if kind is None:
        ours = " or ".join(KINDS)
        raise Because(f"Its type is {shortened(typ)}; tokens of ours are {ours}.")
    return kind


def _key(parts: Parts, kind: str) -> Key:
    kid, alg = parts.header.get("kid"), parts.header.get("alg")
    key = ring().verifies(kind).get(kid) if isinstance(kid, str) else None
    if key is None:
        raise Because(_unknown_key(kid))
    if alg != key.algorithm:
        raise Because(f"It says {shortened(alg)}, but its key signs {key.algorithm}.")
    return key


def _unknown_key(kid: Any) -> str:
    row = None
    if isinstance(kid, str) and kid.isascii() and "\0" not in kid:
        row = SigningKey.objects.filter(kid=kid[:64]).first()
    if row and row.retired_at and row.removed_at is None:
        when = moment(row.retired_at)
        return (
            f"Its signing key {row} was retired {when}: it signs only what has expired."
        )
    if row is None or row.removed_at is None:
        elsewhere = "it was signed elsewhere, or forged"
        return f"No key here is called {shortened(kid)}: {elsewhere}."
    if row.retired_at is None:
        return f"Its signing key {row} was taken out {moment(row.removed_at)}."
    retired, removed = moment(row.retired_at), moment(row.removed_at)
    return f"Its signing key {row} was retired {retired} and removed {removed}."


def _proven(raw: bytes, parts: Parts, key: Key) -> None:
    try:
        check_signature(raw, key)
    except PyJWTError:
        because = "Its signature does not hold: it was changed, cut or forged."
        raise Because(because) from None


def _body(parts: Parts) -> dict[str, Any]:
    try:
        body = json.loads(parts.payload)
    except (ValueError, RecursionError):
        body = None
    if not isinstance(body, dict):
        raise Because("Its claims are no JSON object.")
    return body


def _wanted(kind: str, audience: str) -> str:
    """The audience that a token of this kind must have where it was refused."""
    ours = {"refresh": settings.JWT_ISSUER, "session": audiences.account()}
    if kind not in ours:
        return audience or audiences.own()
    if audience not in {"", ours[kind]}:
        raise Because(f"It is {_article(kind)} token: only {PLACES[kind]} takes it.")
    return ours[kind]


def _for_us(body: dict[str, Any], kind: str, wanted: str) -> None:
    """What rules.check() minds, its time aside."""
    iss, aud, says = body.get("iss"), body.get("aud"), body.get("token_type")
    if iss != settings.JWT_ISSUER:
        raise Because(f"Its issuer is {shortened(iss)}, not {settings.JWT_ISSUER}.")
    if aud != wanted:
        raise Because(f"Its audience is {shortened(aud)}, not {shortened(wanted)}.")
    if says != kind:
        raise Because(f"It says that it is {shortened(says)}, its type {kind}.")
    nbf = body.get("nbf")
    if type(nbf) is int and nbf > time.time():
        early = span(nbf - int(time.time()))
        raise Because(f"It is not valid for another {early}.")
    try:
        rules.check(
            body,
            now=body["iat"],
            issuer=settings.JWT_ISSUER,
            audiences=(wanted,),
            kind=kind,
        )
    except rules.Expired:
        raise Because("It expired before it was issued.") from None
    except (KeyError, ValueError, TypeError):
        raise Because("A claim is missing or of a wrong type.") from None


def _article(kind: str) -> str:
    return f"an {kind}" if kind == "access" else f"a {kind}"
