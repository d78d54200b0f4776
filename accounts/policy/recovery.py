"""Recovery codes: shown once, and a mail when one is used."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from allauth.account.adapter import get_adapter
from allauth.mfa.models import Authenticator
from django.db import transaction

if TYPE_CHECKING:
    from collections.abc import Iterator
    from uuid import UUID

    from accounts.models import User

#: So many or fewer left: time for new ones.
FEW = 3


@contextmanager
def shown_once(user_pk: UUID | None) -> Iterator[None]:
    """Hold a person's codes while they are shown and marked as shown.

    allauth writes that mark together with which codes were used. Without the lock two
    requests could both see them, and a code used at that moment would come back.
    """
    with transaction.atomic():
        mine = Authenticator.objects.filter(
            user_id=user_pk, type=Authenticator.Type.RECOVERY_CODES
        )
        mine.select_for_update().first()
        yield


def tell_of_use(user: User, codes: Authenticator) -> None:
    """Mail how many are left; it may have been a stranger."""
    codes.refresh_from_db()
    left = len(codes.wrap().get_unused_codes())
    get_adapter().send_notification_mail(
        "mfa/email/recovery_code_used", user, {"left": left, "few": left <= FEW}
    )
