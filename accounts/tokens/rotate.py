"""Refresh: one conditional UPDATE decides who rotates; a replay kills the family."""

from __future__ import annotations

from enum import Enum
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from allauth.account.adapter import get_adapter
from django.conf import settings
from django.db import transaction
from django.db.models import F
from django.utils import timezone

from accounts.audit.models import Action, Outcome
from accounts.audit.record import record
from accounts.policy import enrolment, sessions
from accounts.policy.session_locks import lock_sign_in
from accounts.policy.session_owner import records_of
from accounts.tokens import audiences
from accounts.tokens.errors import Replayed, TokenRevoked
from accounts.tokens.families import read_refresh, within_grace
from accounts.tokens.issue import TokenPair, pair, session_proof
from accounts.tokens.models import Family
from accounts.tokens.revoke import Reason, revoke_families
from accounts.tokens.ring import ring

if TYPE_CHECKING:
    from datetime import datetime

    from django.http import HttpRequest


def rotate(raw: str, request: HttpRequest) -> TokenPair:
    """The next pair of a family, for the audience that the request asks for.

    The previous token within JWT_REUSE_GRACE gives the same successor, byte for byte:
    a lost answer or two tabs sign nobody out and never fork the chain. The audience
    is not remembered: each call names its own, a repeated one too. Any other
    replay revokes the family. Raises TokenError, or its TokenRevoked and Replayed;
    EnrolmentRequired for who must set up a second factor first.
    """
    family, jti = read_refresh(raw)
    with transaction.atomic():
        step = _take(family, jti)
    if step is Step.ENDED:
        _revoke(family, Reason.SESSION_ENDED, request)
        msg = "The session has ended"
        raise TokenRevoked(msg, Reason.SESSION_ENDED)
    if step is Step.ENROL:
        enrolment.refused(request, family.person)
        raise enrolment.EnrolmentRequired
    if step is Step.TAKEN:
        family.refresh_from_db(fields=ROTATED)
        return pair(family, audiences.asked(request))
    family.refresh_from_db()
    if family.revoked_at is not None:  # while this request waited
        msg = "Token was revoked"
        raise TokenRevoked(msg, family.revoked_reason)
    if within_grace(family, jti):
        return pair(family, audiences.asked(request))
    _revoke_replayed(family, request)
    msg = "Token was replayed"
    raise Replayed(msg, Reason.REPLAYED)


ROTATED = (
    "current_jti", "previous_jti", "kid", "generation", "rotated_at",
    "amr", "acr", "auth_time", "expires_at",
)  # fmt: skip


class Step(Enum):
    """How far a rotation came."""

    TAKEN = "taken"
    NOT_CURRENT = "not current"
    ENDED = "ended"
    ENROL = "enrol"


def _take(family: Family, jti: str) -> Step:
    """Rotate, with person and session locked, so that it cannot cross their end."""
    held = lock_sign_in(family.user_id, family.session_key)
    if held is None:
        return Step.ENDED
    family.user, session = held
    # Before anything is written: the same token goes on once they have enrolled.
    by_group: bool = family.factor_by_group  # type: ignore[attr-defined] # annotated
    if enrolment.must_enrol(family.user, by_group=by_group):
        return Step.ENROL
    records = records_of(session.data, family.user)
    ends = sessions.tokens_end(session.data, session.ends)
    if not _advance(family, jti, records, ends):
        return Step.NOT_CURRENT
    sessions.extend(session, settings.JWT_REFRESH_LIFETIME)
    return Step.TAKEN


def _advance(
    family: Family, jti: str, records: list[dict[str, Any]], ends: datetime
) -> bool:
    now = timezone.now()
    changed = Family.objects.filter(
        pk=family.pk, current_jti=jti, revoked_at__isnull=True, expires_at__gt=now
    ).update(
        previous_jti=F("current_jti"),
        current_jti=uuid4().hex,
        kid=ring().signing.kid,
        generation=F("generation") + 1,
        rotated_at=now,
        expires_at=ends,
        # None when somebody else's sign-in has begun in this browser: as before then.
        **(session_proof(records) if records else {}),
    )
    return changed == 1


def _revoke(family: Family, reason: str, request: HttpRequest) -> None:
    revoke_families(
        family=family.pk, user=family.person, reason=reason, request=request
    )


def _revoke_replayed(family: Family, request: HttpRequest) -> None:
    with transaction.atomic():
        if not revoke_families(
            family=family.pk,
            user=family.person,
            reason=Reason.REPLAYED,
            request=request,
        ):
            return  # another process saw the same replay first and has told of it
        record(
            Action.REFRESH_REPLAYED,
            request=request,
            user=family.person,
            outcome=Outcome.FAILURE,
            family=str(family.pk),
        )
        get_adapter().send_notification_mail(
            "tokens/email/refresh_replayed",
            family.person,
            {"device": family.user_agent},
        )
