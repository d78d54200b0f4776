"""Second factors, seen from outside allauth's flows."""

from __future__ import annotations

from allauth.mfa.models import Authenticator
from django.db import transaction

from accounts.crypto import sealed_anew
from accounts.policy.mfa_adapter import PURPOSE

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
