"""What an access token says of the person, and of the client that asked for it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import structlog
from allauth.account.models import EmailAddress

from accounts.tokens import claims
from accounts.tokens.marked_groups import marked_groups

if TYPE_CHECKING:
    from accounts.tokens.models import Family

log = structlog.get_logger(__name__)


def person_claims(family: Family) -> dict[str, Any]:
    """`client_id`, `email`, `email_verified` and `groups`, as they are now.

    Groups that do not fit are left out and counted in the log: a token that verifiers
    refuse would be of no use at all.
    """
    user = family.person
    verified = EmailAddress.objects.filter(
        user_id=user.pk, email=user.email, verified=True
    ).exists()
    marked = marked_groups(user)
    kept = claims.fitting(marked, user.email)
    if len(kept) < len(marked):
        left_out = len(marked) - len(kept)
        log.warning(
            "groups_left_out", person=str(user.pk), kept=len(kept), left_out=left_out
        )
    return {
        "client_id": claims.CLIENT_ID,
        "email": user.email,
        "email_verified": verified,
        "groups": kept,
    }
