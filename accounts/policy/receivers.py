"""What must happen to sessions when people, keys or rows change."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from allauth.account.adapter import get_adapter
from allauth.account.signals import (
    authentication_step_completed,
    email_changed,
    email_confirmed,
    password_changed,
    password_reset,
    password_set,
)
from allauth.core import context as current
from allauth.mfa.models import Authenticator
from allauth.mfa.signals import (
    authenticator_added,
    authenticator_removed,
    authenticator_reset,
    authenticator_used,
)
from allauth.usersessions.models import UserSession
from django.db.models.signals import post_delete, post_save
from django.dispatch import receiver

from accounts.models import User
from accounts.policy import confirmation, not_me, removal, trust
from accounts.policy.pre_registered import first_proof
from accounts.policy.recovery import tell_of_use
from accounts.policy.sessions import end_sessions, session_store
from accounts.policy.signals import sessions_ended
from accounts.policy.unconfirmed import unmark

if TYPE_CHECKING:
    from allauth.account.models import EmailAddress
    from django.http import HttpRequest


@receiver(post_delete, sender=UserSession)
def end_with_its_row(instance: UserSession, **kwargs: Any) -> None:
    """A session whose row is gone could be neither seen nor ended by its owner."""
    session_store().delete(instance.session_key)


@receiver(post_save, sender=User)
def end_when_disabled(instance: User, created: bool, **kwargs: Any) -> None:
    """Whoever is disabled, by whatever hand, is signed out everywhere."""
    if not created and not instance.is_active:
        end_sessions(instance, "deactivated")


@receiver(sessions_ended)
def trust_no_browser_either(user: User, **kwargs: Any) -> None:
    """Who is signed out everywhere proves themselves anew everywhere."""
    trust.forget_everywhere(user)
    # After it: the order in which everyone locks factors and requests.
    removal.cancel(user, removal.By.SIGNED_OUT, request=current.request)


@receiver(authenticator_used)
@receiver(authenticator_added)
@receiver(authenticator_removed)
@receiver(authenticator_reset)
def keep_factors_that_can_be_used(
    request: HttpRequest, user: User, **kwargs: Any
) -> None:
    """Someone who uses or changes a factor needs none removed."""
    removal.cancel(user, removal.By.FACTOR, request=request)


@receiver(password_changed)
@receiver(password_set)
@receiver(password_reset)
def keep_factors_of_new_password(
    request: HttpRequest, user: User, **kwargs: Any
) -> None:
    """A request rests on the password that was given for it."""
    removal.cancel(user, removal.By.PASSWORD, request=request)


@receiver(authenticator_used)
def tell_of_used_codes(user: User, authenticator: Authenticator, **kwargs: Any) -> None:
    """A code out of ten is gone, maybe by a stranger's hand."""
    if authenticator.type == Authenticator.Type.RECOVERY_CODES:
        tell_of_use(user, authenticator)


@receiver(email_confirmed)
def leave_nothing_of_strangers(
    request: HttpRequest, email_address: EmailAddress, **kwargs: Any
) -> None:
    """The first proof of an address makes the account its owner's alone."""
    first_proof(request, email_address.user, email_address)
    unmark(email_address.user)


@receiver(email_changed)
def remember_left_address(
    from_email_address: EmailAddress | None, **kwargs: Any
) -> None:
    """The mail to a proven address that was left, which follows, carries a link."""
    if from_email_address is not None and from_email_address.verified:
        setattr(current.request, not_me.LEFT, from_email_address.email)


@receiver(email_changed)
def tell_the_new_address(
    user: User,
    from_email_address: EmailAddress | None,
    to_email_address: EmailAddress,
    **kwargs: Any,
) -> None:
    """The old one, which must know, is told by allauth; here the new one is."""
    if from_email_address is None:
        return  # of a sign-up
    get_adapter().send_notification_mail(
        "account/email/email_changed_here",
        user,
        {
            "from_email": from_email_address.email,
            "to_email": to_email_address.email,
        },
        email=to_email_address.email,
    )


@receiver(authentication_step_completed)
def complete_event(
    request: HttpRequest, user: User, method: str, **kwargs: Any
) -> None:
    """A step of a sign-in or confirmation was recorded."""
    if method == "mfa":
        confirmation.complete_event(request, user)


@receiver(authenticator_added)
def prove_by_new_passkey(
    request: HttpRequest, user: User, authenticator: Authenticator, **kwargs: Any
) -> None:
    """At sign-up only: anyone who is signed in has confirmed that it's them."""
    confirmation.note_new_factor(request, authenticator)
    if not request.user.is_authenticated:
        get_adapter().prove_by_new_passkey(request, user, authenticator)
