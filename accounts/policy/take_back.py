"""Taking an account back: what "this was not me" ends, shown first and then done."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from allauth.account.forms import default_token_generator
from allauth.account.internal.flows.password_reset import request_password_reset
from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from allauth.socialaccount.models import SocialAccount
from django.db import transaction
from django.utils.text import capfirst

from accounts.audit.history import method_name
from accounts.audit.models import Action
from accounts.audit.record import record
from accounts.policy import ended
from accounts.policy.closing import delete_person, is_closing
from accounts.policy.devices import signed_in
from accounts.policy.not_me import TAKEN_BACK, person, squatters
from accounts.policy.reauthentication import address_of
from accounts.policy.sessions import end_sessions
from accounts.policy.social_adapter import provider_names

if TYPE_CHECKING:
    from datetime import datetime

    from allauth.usersessions.models import UserSession
    from django.db.models import QuerySet
    from django.http import HttpRequest

    from accounts.models import User
    from accounts.policy.not_me import Claim


@dataclass(frozen=True, slots=True)
class Plan:
    """What the press would do, for the page before it."""

    since: datetime
    sessions: list[UserSession]
    factors: list[str]
    connections: list[str]
    stays: list[str]
    gives_back: str
    keeps_account: bool
    has_password: bool


def plan(user: User, claim: Claim) -> Plan:
    """Read only: scanners of mail open links too."""
    factors = Authenticator.objects.filter(user=user).order_by("pk")
    accounts = SocialAccount.objects.filter(user=user).order_by("pk")
    return Plan(
        since=claim.began,
        sessions=[one.row for one in signed_in(user)],
        factors=_factors(factors.filter(created_at__gte=claim.began)),
        connections=provider_names(accounts.filter(date_joined__gte=claim.began)),
        stays=[
            *_factors(factors.filter(created_at__lt=claim.began)),
            *provider_names(accounts.filter(date_joined__lt=claim.began)),
        ],
        gives_back=claim.email if _was_replaced(user, claim) else "",
        keeps_account=is_closing(user),
        has_password=user.has_usable_password(),
    )


def take_back(request: HttpRequest, claim: Claim) -> User | None:
    """End and remove all of it, and mail the way back in; None when it is too late.

    In one transaction and under the person's lock: of many presses one acts.
    """
    with transaction.atomic():
        user = person(claim, lock=True)
        if user is None:
            return None
        # Also ends the trust in browsers, and with the sessions every token.
        end_sessions(user, "not_me", ended.Reason.NOT_ME)
        factors, connections = _remove_since(user, claim)
        replaced = _was_replaced(user, claim)
        if replaced:
            _give_back_address(user, claim)
        kept = is_closing(user)
        if kept:
            user.is_active, user.closes_at = True, None
        user.set_unusable_password()
        user.save(update_fields=["email", "password", "is_active", "closes_at"])
        record(
            Action.NOT_ME,
            request=request,
            user=user,
            since=claim.since,
            address="put back" if replaced else "as it was",
            kept_from_closing=kept,
            factors=factors,
            connections=connections,
        )
        _mail_the_way_in(request, user)
    return user


def _factors(found: QuerySet[Authenticator]) -> list[str]:
    return [
        " ".join([capfirst(method_name(one.type)), one.data.get("name", "")]).strip()
        for one in found
    ]


def _was_replaced(user: User, claim: Claim) -> bool:
    mine = EmailAddress.objects.filter(user=user, email=claim.email)
    return not mine.filter(primary=True, verified=True).exists()


def _remove_since(user: User, claim: Claim) -> tuple[int, int]:
    factors = Authenticator.objects.filter(user=user, created_at__gte=claim.began)
    accounts = SocialAccount.objects.filter(user=user, date_joined__gte=claim.began)
    counts = factors.count(), accounts.count()
    factors.delete()
    accounts.delete()
    return counts


def _give_back_address(user: User, claim: Claim) -> None:
    """Every other address goes: whoever put one there could put more."""
    for squatter in squatters(claim):
        delete_person(squatter, "address given back")
    EmailAddress.objects.filter(user=user).delete()
    EmailAddress.objects.create(
        user=user, email=claim.email, primary=True, verified=True
    )
    user.email = claim.email


def _mail_the_way_in(request: HttpRequest, user: User) -> None:
    """The link for a new password, allauth's own; a second step still holds."""
    email = address_of(user)
    if email:
        setattr(request, TAKEN_BACK, True)
        request_password_reset(request, email, [user], default_token_generator)
