"""The ways in which somebody can sign in, and the rule that one must be left."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from allauth.account import app_settings as account_settings
from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from allauth.socialaccount.adapter import get_adapter
from allauth.socialaccount.models import SocialAccount

from accounts.models import User
from accounts.policy.webauthn import keys_of

if TYPE_CHECKING:
    from collections.abc import Collection

    from django.contrib.auth.models import AnonymousUser


def ways_in(user: User, *, without: Collection[Any] = ()) -> list[str]:
    """Such as ["password", "passkey", "google"]; what is in `without` is left out.

    `without` holds Authenticators or SocialAccounts that are about to go. A code by
    mail counts where that is a sign-in of its own, to a verified address. A password
    reset by mail does not: it makes a new way in, and repairs what was lost.
    """
    going = {(type(one), one.pk) for one in without}
    found = ["password"] if user.has_usable_password() else []
    if any((Authenticator, key.pk) not in going for key in _passkeys(user)):
        found.append("passkey")
    offered = {app.provider_id or app.provider for app in get_adapter().list_apps(None)}
    found += [
        str(account.provider)
        for account in SocialAccount.objects.filter(user=user).order_by("pk")
        if account.provider in offered and (SocialAccount, account.pk) not in going
    ]
    if account_settings.LOGIN_BY_CODE_ENABLED and _is_verified(user):
        found.append("code")
    return list(dict.fromkeys(found))


def would_lock_out(user: User, going: Collection[Any]) -> bool:
    """Whether these are the last way in, so that they must stay."""
    return bool(ways_in(user)) and not ways_in(user, without=going)


def lock(user: User | AnonymousUser) -> None:
    """Hold everybody else who would take a way in away, to the transaction's end."""
    if user.pk is not None:
        User.objects.select_for_update().get(pk=user.pk)


def _passkeys(user: User) -> list[Authenticator]:
    return [key for key in keys_of(user) if key.wrap().is_passwordless is not False]


def _is_verified(user: User) -> bool:
    return bool(EmailAddress.objects.filter(user=user, verified=True).exists())
