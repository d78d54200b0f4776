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
from django.db.models import Q
from django.utils import timezone
from jwt.exceptions import PyJWTError

from accounts.policy import sessions
from accounts.tokens import claims as rules
from accounts.tokens.backend import Parts, check_signature, read
from accounts.tokens.families import within_grace
from accounts.tokens.models import Family, SigningKey
from accounts.tokens.revocation_list import TYP as LIST_TYP
from accounts.tokens.ring import ring
from accounts.tokens.words import moment, shortened, span

if TYPE_CHECKING:
    from accounts.tokens.keys import Key

KINDS = {rules.ACCESS_TYP: "access", rules.REFRESH_TYP: "refresh"}
JTI = re.compile(r"[0-9a-f]{32}")
SID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")


class _Because(Exception):
    """The sentence."""


def explain(text: str, audience: str = "") -> str:
    """One sentence on a token, a `jti` or a `sid`.

    `audience` is the service that refused it; settings.JWT_AUDIENCE by default.
    """
    text = text.strip()
    if text[:7].lower() == "bearer ":
        text = text[7:].strip()
    try:
        if SID.fullmatch(text):
            return _of_family(Family.objects.filter(pk=text).first())
        if JTI.fullmatch(text):
            return _of_jti(text)
        return _of_token(text, audience or settings.JWT_AUDIENCE)
    except _Because as because:
        return str(because)


def _of_token(text: str, audience: str) -> str:
    parts = _read(text)
    kind = _kind(parts)
    _proven(text.encode(), parts, _key(parts, kind))
    body = _body(parts)
    _for_us(body, kind, audience)
    family = Family.objects.filter(pk=body["sid"]).select_related("user").first()
    ended = _ended(family, kind)
    late = int(time.time()) - body["exp"]
    if late >= 0:
        return _sentence(f"It expired {span(late)} ago", ended)
    if ended:
        return _sentence("It is refused", ended)
    early = body["iat"] - int(time.time())
    if early > 1:
        return f"It was issued {span(early)} in the future: the clocks differ."
    if kind == "refresh" and family:
        _still_current(family, body["jti"])
    until = span(-late)
    return f"It is good: {_article(kind)} token of {_person(family)}, for {until} more."


def _read(text: str) -> Parts:
    if not text:
        raise _Because("Nothing was given.")
    if len(text) > rules.MAX_TOKEN_LENGTH:
        most = rules.MAX_TOKEN_LENGTH
        raise _Because(f"It has {len(text)} characters; more than {most} are refused.")
    count = text.count(".") + 1
    if count != 3:
        several = "one part" if count == 1 else f"{count} parts"
        raise _Because(f"It is no token: a JWT has three parts, this has {several}.")
    try:
        return read(text.encode("ascii"))
    except (ValueError, RecursionError):
        raise _Because(_malformed(text)) from None


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
        raise _Because("It is a list of revocations, not a token.")
    kind = KINDS.get(typ) if isinstance(typ, str) else None
    if kind is None:
        ours = " or ".join(KINDS)
        raise _Because(f"Its type is {shortened(typ)}; tokens of ours are {ours}.")
    return kind


def _key(parts: Parts, kind: str) -> Key:
    kid, alg = parts.header.get("kid"), parts.header.get("alg")
    key = ring().verifies(kind).get(kid) if isinstance(kid, str) else None
    if key is None:
        raise _Because(_unknown_key(kid))
    if alg != key.algorithm:
        raise _Because(f"It says {shortened(alg)}, but its key signs {key.algorithm}.")
    return key


def _unknown_key(kid: Any) -> str:
    row = None
    if isinstance(kid, str) and kid.isascii() and "\0" not in kid:
        row = SigningKey.objects.filter(kid=kid[:64]).first()
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
        raise _Because(because) from None


def _body(parts: Parts) -> dict[str, Any]:
    try:
        body = json.loads(parts.payload)
    except (ValueError, RecursionError):
        body = None
    if not isinstance(body, dict):
        raise _Because("Its claims are no JSON object.")
    return body


def _for_us(body: dict[str, Any], kind: str, audience: str) -> None:
    """What rules.check() minds, its time aside."""
    wanted = settings.JWT_ISSUER if kind == "refresh" else audience
    iss, aud, says = body.get("iss"), body.get("aud"), body.get("token_type")
    if iss != settings.JWT_ISSUER:
        raise _Because(f"Its issuer is {shortened(iss)}, not {settings.JWT_ISSUER}.")
    if aud != wanted and not (isinstance(aud, list) and wanted in aud):
        raise _Because(f"Its audience is {shortened(aud)}, not {shortened(wanted)}.")
    if says != kind:
        raise _Because(f"It says that it is {shortened(says)}, its type {kind}.")
    nbf = body.get("nbf")
    if type(nbf) is int and nbf > time.time():
        early = span(nbf - int(time.time()))
        raise _Because(f"It is not valid for another {early}.")
    try:
        rules.check(
            body,
            now=body["iat"],
            issuer=settings.JWT_ISSUER,
            audience=wanted,
            kind=kind,
        )
    except rules.Expired:
        raise _Because("It expired before it was issued.") from None
    except (KeyError, ValueError, TypeError):
        raise _Because("A claim is missing or of a wrong type.") from None


def _of_jti(jti: str) -> str:
    found = Family.objects.select_related("user")
    family = found.filter(Q(current_jti=jti) | Q(previous_jti=jti)).first()
    if family is None:
        family = _by_access_jti(jti)
    if family is None:
        return (
            "No sign-in has a token of this id: it was replaced more than once, or "
            "the sign-in is no longer on record."
        )
    if jti == family.previous_jti and not _ended(family):
        _still_current(family, jti)
    return _of_family(family)


def _by_access_jti(jti: str) -> Family | None:
    """Access tokens' ids are derived and not stored: look at the latest first."""
    rows = Family.objects.order_by("-rotated_at").values_list(
        "pk", "current_jti", "previous_jti"
    )
    for pk, *ids in rows.iterator(chunk_size=2000):
        if jti in {rules.access_jti(one) for one in ids if one}:
            return Family.objects.select_related("user").get(pk=pk)
    return None


def _of_family(family: Family | None) -> str:
    ended = _ended(family)
    if ended:
        return _sentence("It is refused", ended)
    left = (
        span(int((family.expires_at - timezone.now()).total_seconds()))
        if family
        else ""
    )
    return f"Its sign-in, of {_person(family)}, is good for {left} more."


def _ended(family: Family | None, kind: str = "refresh") -> str:
    """Why a sign-in is over; empty while it is not.

    An access token does not ask for the session: whatever ends one revokes the family,
    but for its end by idling.
    """
    if family is None:
        return "its sign-in is not on record here"
    if family.revoked_at:
        why = family.get_revoked_reason_display()
        return f"its sign-in was revoked {moment(family.revoked_at)}: {why}"
    if family.expires_at <= timezone.now():
        return f"its sign-in came to its end {moment(family.expires_at)}"
    if kind == "access":
        return ""
    session = sessions.read_session(family.session_key)
    if session is None or not sessions.belongs_to(session.data, family.person):
        return "the session that it belongs to has ended"
    return ""


def _still_current(family: Family, jti: str) -> None:
    if jti == family.current_jti or within_grace(family, jti):
        return
    when = moment(family.rotated_at)
    raise _Because(
        f"It was replaced by a newer refresh token {when}: using it ends the sign-in."
    )


def _sentence(start: str, ended: str) -> str:
    return f"{start}; {ended}." if ended else f"{start}."


def _person(family: Family | None) -> str:
    return str(family.user) if family and family.user else "a person who was deleted"


def _article(kind: str) -> str:
    return f"an {kind}" if kind == "access" else f"a {kind}"
