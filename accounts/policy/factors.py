"""Second factors, seen from outside allauth's flows."""

from __future__ import annotations

from typing import TYPE_CHECKING

from allauth.account.adapter import get_adapter
from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from django.db import transaction

from accounts.crypto import sealed_anew
from accounts.policy.mfa_adapter import PURPOSE
from accounts.policy.removal import settle
from accounts.policy.sessions import end_sessions

if TYPE_CHECKING:
    from accounts.models import User

#: The members of an authenticator's data that the adapter encrypts.
SEALED = ("secret", "seed")


def seal_factors_anew() -> int:
    """Bring every secret under the present AUTH_SECRET; returns how many were not.

    One short transaction for each: a code that is used meanwhile is not lost.
    """
    changed = 0
    for pk in Authenticator.objects.values_list("pk", flat=True).iterator():
        with transaction.atomic():
            row = Authenticator.objects.select_for_update().filter(pk=pk).first()
            if row is None:
                continue  # removed meanwhile
            fresh = {
                name: sealed_anew(row.data[name].encode(), PURPOSE).decode()
                for name in SEALED
                if name in row.data
            }
            if fresh.items() <= row.data.items():
                continue
            row.data |= fresh
            row.save(update_fields=["data"])
            changed += 1
    return changed


def remove_factors(user: User) -> None:
    """For whoever lost them all: take them away, end every session, tell the person.

    In one transaction, so that a mail is never about what did not happen.
    """
    with transaction.atomic():
        Authenticator.objects.filter(user=user).delete()
        settle(user)
        end_sessions(user, "admin")
        for email in EmailAddress.objects.filter(user=user, verified=True):
            get_adapter().send_mail(
                "mfa/email/factors_removed", email.email, {"user": user}
            )
