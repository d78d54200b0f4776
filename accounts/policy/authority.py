"""Nobody acts on someone who may do more than themselves."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.contrib.auth.models import Permission
from django.db.models import Q

if TYPE_CHECKING:
    from accounts.models import User


def permissions_of(user: User) -> set[int]:
    """Primary keys of the person's permissions, their groups' included.

    Also of someone who is deactivated, for whom Django's get_all_permissions() is
    empty: reactivating them gives these back.
    """
    mine = Q(user=user.pk) | Q(group__user=user.pk)
    return set(Permission.objects.filter(mine).values_list("pk", flat=True))


def may_act_on(actor: User, person: User) -> bool:
    """Whether the person has no permission that the actor lacks.

    A superuser has all. Whether people may act on themselves is the caller's rule.
    """
    if actor.is_superuser:
        return True
    if person.is_superuser:
        return False
    return permissions_of(person) <= permissions_of(actor)
