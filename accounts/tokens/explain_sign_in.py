"""The part of accounts.tokens.explain that knows sign-ins: is one over, and why."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.db.models import Q
from django.utils import timezone

from accounts.policy import sessions
from accounts.tokens import audiences, claims
from accounts.tokens.families import within_grace
from accounts.tokens.models import Family
from accounts.tokens.words import moment, span

if TYPE_CHECKING:
    from collections.abc import Iterator


class Because(Exception):
    """The sentence."""


def of_jti(jti: str) -> str:
    """On the sign-in that has, or just had, a token of this id."""
    found = Family.objects.select_related("user")
    family = found.filter(Q(current_jti=jti) | Q(previous_jti=jti)).first()
    if family is None:
        family = _by_derived_jti(jti)
    if family is None:
        return (
            "No sign-in has a token of this id: it was replaced more than once, or "
            "the sign-in is no longer on record."
        )
    if jti == family.previous_jti and not ended(family):
        still_current(family, jti)
    return of_family(family)


def _by_derived_jti(jti: str) -> Family | None:
    """Other tokens' ids are derived and not stored: look at the latest first."""
    rows = Family.objects.order_by("-rotated_at").values_list(
        "pk", "current_jti", "previous_jti"
    )
    for pk, *ids in rows.iterator(chunk_size=2000):
        if any(jti in _derived(one) for one in ids if one):
            return Family.objects.select_related("user").get(pk=pk)
    return None


def _derived(refresh_jti: str) -> Iterator[str]:
    yield claims.session_jti(refresh_jti)
    for audience in audiences.services():
        yield claims.access_jti(refresh_jti, audience)


def of_family(family: Family | None) -> str:
    """On a sign-in as a whole."""
    over = ended(family)
    if over:
        return sentence("It is refused", over)
    left = (
        span(int((family.expires_at - timezone.now()).total_seconds()))
        if family
        else ""
    )
    return f"Its sign-in, of {owner(family)}, is good for {left} more."


def ended(family: Family | None, kind: str = "refresh") -> str:
    """Why a sign-in is over; empty while it is not.

    `kind` is the kind of token. An access token does not ask for the session: whatever
    ends one revokes the family, but for its end by idling.
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


def still_current(family: Family, jti: str) -> None:
    """Raises Because for a refresh token that was replaced."""
    if jti == family.current_jti or within_grace(family, jti):
        return
    when = moment(family.rotated_at)
    raise Because(
        f"It was replaced by a newer refresh token {when}: using it ends the sign-in."
    )


def sentence(start: str, over: str) -> str:
    """With why the sign-in is over, if it is."""
    return f"{start}; {over}." if over else f"{start}."


def owner(family: Family | None) -> str:
    """Whose sign-in it is, in words."""
    return str(family.user) if family and family.user else "a person who was deleted"
