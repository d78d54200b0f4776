"""Minting: a family is opened from a session that the sign-in pipeline made."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from allauth.account.adapter import get_adapter
from allauth.account.internal.flows.login import get_authentication_records
from django.conf import settings
from django.db import transaction

from accounts.policy import enrolment, sessions
from accounts.policy.session_locks import lock_sign_in
from accounts.tokens import audiences, claims
from accounts.tokens.classes import (
    FamilyToken,
    RefreshToken,
    ServiceToken,
    SessionToken,
)
from accounts.tokens.errors import NoPolicySession, TokenRevoked
from accounts.tokens.models import Family
from accounts.tokens.person_claims import person_claims
from accounts.tokens.revoke import Reason, revoke_families
from accounts.tokens.ring import forget, ring

if TYPE_CHECKING:
    from django.http import HttpRequest

    from accounts.models import User
    from accounts.policy.sessions import StoredSession


#: Tabs and apps that take tokens from one session. All of them stand on the list of
#: revocations once it ends, so there must be an end to how many.
FAMILIES_PER_SESSION = 10


@dataclass(frozen=True, slots=True)
class TokenPair:
    """What a client gets. `expires_in` is the access token's life in seconds.

    `session` is the session token, which lives as long.
    """

    access: str
    refresh: str
    session: str
    expires_in: int


def open_family(request: HttpRequest) -> TokenPair:
    """Start a family for the signed-in session of this request.

    The access token is for the audience that the request asked for. Raises
    NoPolicySession when the session lacks the pipeline's authentication records, as
    one made by django.contrib.auth.login() does, or has ended meanwhile;
    EnrolmentRequired for a person who
    must set up a second factor first.
    """
    user, session = request.user, request.session
    records = get_authentication_records(request, user)
    if not (user.is_authenticated and records and sessions.is_of_pipeline(session)):
        raise NoPolicySession
    if enrolment.must_enrol(user):
        enrolment.refused(request, user)
        raise enrolment.EnrolmentRequired
    if not session.session_key:
        session.save()
    with transaction.atomic():
        held = lock_sign_in(user.pk, session.session_key or "")
        if held is None:  # ended since this request began
            raise NoPolicySession
        family = _family(request, *held, session_proof(records))
        _end_oldest(family, request)
    return pair(family, audiences.asked(request))


def _family(
    request: HttpRequest, user: User, session: StoredSession, proof: dict[str, Any]
) -> Family:
    now = datetime.now(tz=UTC)
    return Family.objects.create(
        user=user,
        session_key=session.key,
        session_sid=session.data[sessions.SID],
        current_jti=uuid4().hex,
        kid=ring().signing.kid,
        ip=get_adapter().get_client_ip(request),
        user_agent=request.headers.get("User-Agent", "")[:400],
        created_at=now,
        rotated_at=now,
        expires_at=sessions.tokens_end(session.data, session.ends),
        **proof,
    )


def _end_oldest(family: Family, request: HttpRequest) -> None:
    """A script that exchanges its session without end keeps the last few alone."""
    live = Family.objects.filter(
        session_sid=family.session_sid, revoked_at__isnull=True
    ).order_by("-created_at")
    for pk in live.values_list("pk", flat=True)[FAMILIES_PER_SESSION:]:
        revoke_families(
            family=pk, user=family.user, reason=Reason.TOO_MANY, request=request
        )


def session_proof(records: list[dict[str, Any]]) -> dict[str, Any]:
    """amr, acr and auth_time of a session, as a family keeps them."""
    records = claims.last_event(records)
    return {
        "amr": claims.methods(records),
        "acr": claims.assurance(records),
        "auth_time": datetime.fromtimestamp(claims.authenticated_at(records), tz=UTC),
    }


def pair(family: Family, audience: str) -> TokenPair:
    """The family's current tokens: the same row and audience give the same bytes.

    Raises TokenRevoked when the key that its row names was taken out meanwhile.
    """
    if family.kid not in ring().keys:
        forget()  # another process may have signed with a key that is new to us
        if family.kid not in ring().keys:
            msg = "Its key was taken out"
            raise TokenRevoked(msg, Reason.KEY_REPLACED)
    issued = family.rotated_at.replace(microsecond=0)
    refresh = RefreshToken()
    refresh.payload = {
        **_common(family, refresh, family.current_jti, issued),
        "aud": settings.JWT_ISSUER,
    }
    session = SessionToken()
    session.payload = {
        **_common(family, session, claims.session_jti(family.current_jti), issued),
        "aud": audiences.account(),
    }
    access = ServiceToken()
    jti = claims.access_jti(family.current_jti, audience)
    access.payload = {
        **_common(family, access, jti, issued),
        "aud": audience,
        **person_claims(family),
        "amr": family.amr,
        "acr": family.acr,
        "auth_time": int(family.auth_time.timestamp()),
    }
    return TokenPair(
        access=access.signed(family.kid),
        refresh=refresh.signed(family.kid),
        session=session.signed(family.kid),
        expires_in=int(settings.JWT_ACCESS_LIFETIME.total_seconds()),
    )


def _common(
    family: Family, token: FamilyToken, jti: str, issued: datetime
) -> dict[str, Any]:
    ends = min(issued + token.lifetime, family.expires_at)
    return {
        "token_type": token.token_type,
        "sub": str(family.user_id),
        "sid": str(family.pk),
        "jti": jti,
        "iat": int(issued.timestamp()),
        "exp": int(ends.timestamp()),
    }
