"""What Django and allauth tell of people, as events."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from allauth.account import signals as account
from allauth.account.internal.flows.login import get_authentication_records
from allauth.core import context
from allauth.mfa import signals as mfa
from allauth.socialaccount import signals as social
from django.contrib.auth.models import Group
from django.contrib.auth.signals import (
    user_logged_in,
    user_logged_out,
    user_login_failed,
)
from django.db.models.signals import m2m_changed
from django.dispatch import receiver

from accounts.audit.models import Action, Outcome
from accounts.audit.record import known, record
from accounts.models import User

if TYPE_CHECKING:
    from uuid import UUID

    from django.http import HttpRequest


@receiver(account.user_signed_up)
def signed_up(request: HttpRequest, user: User, **kwargs: Any) -> None:
    """An account was created."""
    record(Action.SIGN_UP, request=request, user=user)


@receiver(user_logged_in)
def signed_in(request: HttpRequest, user: User, **kwargs: Any) -> None:
    """Sent within AccountAdapter.login(), so in the transaction of the session."""
    record(Action.SIGN_IN, request=request, user=user, method=methods(request, user))


def methods(request: HttpRequest, user: User) -> str:
    """How the session was proven, e.g. "password+totp"."""
    records = get_authentication_records(request, user)
    names = [
        str(item.get("provider") or item.get("type") or item["method"])
        for item in records
    ]
    return "+".join(dict.fromkeys(names))


@receiver(user_login_failed)
def refused(
    credentials: dict[str, Any], request: HttpRequest | None = None, **kwargs: Any
) -> None:
    """A wrong password, an unknown address, a disabled account: all the same event."""
    record(
        Action.SIGN_IN_FAILED,
        request=request,
        user=known(credentials.get("email", "")),
        outcome=Outcome.FAILURE,
        method="password",
        email=credentials.get("email", ""),
    )


@receiver(user_logged_out)
def signed_out(request: HttpRequest, user: User | None, **kwargs: Any) -> None:
    """By the person, or at the absolute end of a session."""
    if user is not None:
        record(Action.SIGN_OUT, request=request, user=user)


@receiver(account.password_changed)
@receiver(account.password_set)
def password_changed(request: HttpRequest, user: User, **kwargs: Any) -> None:
    """Knowing the old one, or the first one."""
    record(Action.PASSWORD_CHANGED, request=request, user=user)


@receiver(account.password_reset)
def password_reset(request: HttpRequest, user: User, **kwargs: Any) -> None:
    """By a link from the mail."""
    record(Action.PASSWORD_RESET, request=request, user=user)


@receiver(account.email_confirmed)
def email_verified(request: HttpRequest, email_address: Any, **kwargs: Any) -> None:
    """By a code from the mail."""
    record(Action.EMAIL_VERIFIED, request=request, user=email_address.user)


@receiver(account.email_changed)
def email_changed(
    request: HttpRequest, user: User, from_email_address: Any, **kwargs: Any
) -> None:
    """The primary address is another one; the first one is no change."""
    if from_email_address is None:
        return
    record(Action.EMAIL_CHANGED, request=request, user=user)


@receiver(account.email_added)
def email_added(request: HttpRequest, user: User, **kwargs: Any) -> None:
    """Not yet verified."""
    record(Action.EMAIL_ADDED, request=request, user=user)


@receiver(account.email_removed)
def email_removed(request: HttpRequest, user: User, **kwargs: Any) -> None:
    """No longer theirs."""
    record(Action.EMAIL_REMOVED, request=request, user=user)


@receiver(mfa.authentication_failed)
def factor_refused(request: HttpRequest, user: User, **kwargs: Any) -> None:
    """A wrong code, in the second step of a sign-in or when proof is asked again."""
    kind = kwargs["authenticator"].type
    record(
        Action.FACTOR_REFUSED,
        request=request,
        user=user,
        outcome=Outcome.FAILURE,
        method=kind,
    )


@receiver(mfa.authenticator_added)
def factor_added(request: HttpRequest, user: User, **kwargs: Any) -> None:
    """TOTP, recovery codes, keys."""
    kind = kwargs["authenticator"].type
    record(Action.FACTOR_ADDED, request=request, user=user, method=kind)


@receiver(mfa.authenticator_removed)
def factor_removed(request: HttpRequest, user: User, **kwargs: Any) -> None:
    """As above."""
    kind = kwargs["authenticator"].type
    record(Action.FACTOR_REMOVED, request=request, user=user, method=kind)


@receiver(mfa.authenticator_reset)
def factor_renewed(request: HttpRequest, user: User, **kwargs: Any) -> None:
    """New recovery codes."""
    kind = kwargs["authenticator"].type
    record(Action.FACTOR_RENEWED, request=request, user=user, method=kind)


@receiver(social.social_account_added)
def connected(request: HttpRequest, sociallogin: Any, **kwargs: Any) -> None:
    """A provider may sign this person in."""
    provider = sociallogin.account.provider
    user = sociallogin.user
    record(Action.CONNECTED, request=request, user=user, method=provider)


@receiver(social.social_account_removed)
def disconnected(request: HttpRequest, socialaccount: Any, **kwargs: Any) -> None:
    """No longer."""
    provider, user = socialaccount.provider, socialaccount.user
    record(Action.DISCONNECTED, request=request, user=user, method=provider)


CHANGED = {"post_add": "added", "post_remove": "removed", "post_clear": "cleared"}


@receiver(m2m_changed, sender=User.groups.through)
def groups_changed(
    instance: User | Group, action: str, pk_set: set[UUID] | None, **kwargs: Any
) -> None:
    """A person is in other groups now: said of the person, from either side."""
    if action not in CHANGED:
        return
    people = pk_set or () if isinstance(instance, Group) else (instance.pk,)
    for pk in people:
        record(
            Action.GROUPS_CHANGED,
            request=context.request,
            user=pk,
            change=CHANGED[action],
        )


@receiver(m2m_changed, sender=Group.permissions.through)
def rights_changed(instance: Any, action: str, **kwargs: Any) -> None:
    """A group carries other rights now."""
    if action in CHANGED:
        record(
            Action.RIGHTS_CHANGED,
            request=context.request,
            group=str(instance),
            change=CHANGED[action],
        )
