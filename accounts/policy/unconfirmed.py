"""Accounts of earlier releases whose sign-up was never finished; see the User model.

New ones are not created: accounts.policy.sign_up.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from django.db import transaction
from django.utils import timezone

from accounts.models import User
from accounts.policy.pre_registered import is_remnant

if TYPE_CHECKING:
    from uuid import UUID

KEEP = timedelta(days=7)


def prune_unconfirmed() -> int:
    """Delete those that nobody can miss any more; returns how many."""
    old = User.objects.filter(
        unconfirmed_sign_up=True, date_joined__lt=timezone.now() - KEEP
    )
    return sum(_delete(pk) for pk in list(old.values_list("pk", flat=True)))


def _delete(pk: UUID) -> int:
    with transaction.atomic():
        user = User.objects.select_for_update().filter(pk=pk).first()
        if user is None or not is_remnant(user, user.email):
            return 0
        user.delete()
    return 1


def unmark(user: User) -> None:
    """Its address is confirmed: an account as any other."""
    marked = User.objects.filter(pk=user.pk, unconfirmed_sign_up=True)
    marked.update(unconfirmed_sign_up=False)
