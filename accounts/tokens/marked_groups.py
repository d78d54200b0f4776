"""Groups that are marked for tokens, and people who have more of them than fit."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import groupby
from operator import itemgetter
from typing import TYPE_CHECKING, Any

from django.contrib.auth.models import Group
from django.db.models import Count

from accounts.models import User
from accounts.tokens import claims

if TYPE_CHECKING:
    from collections.abc import Iterator
    from uuid import UUID


@dataclass(frozen=True, slots=True)
class Crowded:
    """How many people have more marked groups than fit, and the email of one."""

    count: int
    example: str


def marked_groups(user: User) -> list[str]:
    """The names of the person's groups that are marked for tokens. One query."""
    names = user.groups.filter(policy__in_tokens=True).values_list("name", flat=True)
    return list(names)


def left_out(user: User) -> list[str]:
    """The names of marked groups that do not fit into this person's tokens."""
    names = sorted(marked_groups(user))
    return names[len(claims.fitting(names, user.email)) :]


def crowded(among: Group | None = None) -> Crowded | None:
    """People whose marked groups do not all fit; `among` the members of one group."""
    found = list(_crowded(among))
    if not found:
        return None
    return Crowded(len(found), User.objects.get(pk=found[0]).email)


def _crowded(among: Group | None) -> Iterator[UUID]:
    marked = Group.objects.filter(policy__in_tokens=True)
    sizes = {
        pk: claims.encoded_size(name) for pk, name in marked.values_list("pk", "name")
    }
    if not sizes:
        return
    members: Any = User.groups.through.objects.filter(group__policy__in_tokens=True)
    # So many always fit: people with no more than that are not read.
    always = claims.MAX_GROUPS_BYTES // max(sizes.values())
    many = members.values("user_id").annotate(found=Count("group_id"))
    many = many.filter(found__gt=always).values("user_id")
    if among is not None:
        many = many.filter(user__in=among.user_set.values("pk"))
    rows = members.filter(user_id__in=many).order_by("user_id")
    pairs = rows.values_list("user_id", "group_id").iterator()
    for user, theirs in groupby(pairs, key=itemgetter(0)):
        if sum(sizes.get(group, 0) for _, group in theirs) > claims.MAX_GROUPS_BYTES:
            yield user
