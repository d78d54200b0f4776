"""Accounts that somebody made with an address that nobody had proven.

Whoever proves the address owns the account; what was set on it before goes, since a
stranger may have set it to wait for the owner ("pre-hijacking").
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from allauth.account.adapter import get_adapter
from allauth.account.internal.flows.login import get_authentication_records
from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from allauth.socialaccount.models import SocialAccount
from django.db import transaction

from accounts.audit.models import Action
from accounts.audit.record import record
from accounts.policy.pending import is_pending
from accounts.policy.sessions import end_sessions

if TYPE_CHECKING:
    from django.http import HttpRequest

    from accounts.models import User


def is_unproven(user: User, except_pk: int | None = None) -> bool:
    """Whether nobody has ever proven an address of this account (or but this one)."""
    proven = EmailAddress.objects.filter(user=user, verified=True)
    return not proven.exclude(pk=except_pk).exists()


def waits_for_its_owner(user: User, email: str) -> bool:
    """Whether the account is worth nothing to anybody but the owner of its address.

    One with rights was made by an administrator, one that was signed in to has a
    history: neither is given away for what a provider says.
    """
    return (
        user.email == email
        and user.is_active
        and user.last_login is None
        and not (user.is_staff or user.is_superuser)
        and not user.groups.exists()
        and not user.user_permissions.exists()
        and is_unproven(user)
    )


def is_remnant(user: User, email: str) -> bool:
    """Whether an earlier release created it at a sign-up that nobody finished.

    Its owner signs up as if it did not exist: the new account replaces it.
    """
    return user.unconfirmed_sign_up and waits_for_its_owner(user, email)


def first_proof(request: HttpRequest, user: User, address: EmailAddress) -> None:
    """Called when an address is proven: the first time, only the proof in hand stays.

    That is what the sign-in under way used: its password, or its provider. An account
    that was signed in to before had a proven address then, so it is its owner's: an
    administrator may have taken the mark away, which must cost them no second step.
    """
    if user.last_login is None and is_unproven(user, except_pk=address.pk):
        records = get_authentication_records(request, user)
        wipe(user, request, address.email, keep=records)


def wipe(
    user: User, request: HttpRequest, email: str, keep: list[dict[str, Any]]
) -> list[str]:
    """Take away every way in that none of these authentication records used.

    Sessions end, a mail tells the owner. Returns what there was: "password",
    "second step", names of providers.
    """
    with transaction.atomic():
        found = [
            *_password(request, user, keep),
            *_factors(user, keep),
            *_providers(user, keep),
        ]
        if not found:
            return []
        end_sessions(user, "admin")
        record(
            Action.PRE_REGISTERED_WIPED,
            request=request,
            user=user,
            what=", ".join(found),
        )
        context = {"user": user, "found": found}
        get_adapter().send_mail("account/email/pre_registered", email, context)
    return found


def _password(
    request: HttpRequest, user: User, keep: list[dict[str, Any]]
) -> list[str]:
    used = {one["method"] for one in keep}
    was_usable = user.has_usable_password()
    if "password" in used:
        return []
    waits = used & {"socialaccount", "mfa"} or (not used and is_pending(request, user))
    if not was_usable and waits:
        return []  # the very sign-in under way began from there being none
    # Also when there was none: a sign-in that waits elsewhere must not go on.
    user.set_unusable_password()
    user.save(update_fields=["password"])
    return ["password"] if was_usable else []


def _factors(user: User, keep: list[dict[str, Any]]) -> list[str]:
    used = {one.get("id") for one in keep if one["method"] == "mfa"}
    mine = Authenticator.objects.filter(user=user).exclude(pk__in=used - {None})
    return ["second step"] if mine.delete()[0] else []


def _providers(user: User, keep: list[dict[str, Any]]) -> list[str]:
    used = {(one.get("provider"), one.get("uid")) for one in keep}
    gone = [
        account
        for account in SocialAccount.objects.filter(user=user)
        if (account.provider, account.uid) not in used
    ]
    for account in gone:
        account.delete()
    return [account.provider for account in gone]
