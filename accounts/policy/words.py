"""What forms say when something does not fit: allauth's errors in our words."""

from __future__ import annotations

from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from allauth.socialaccount.adapter import DefaultSocialAccountAdapter
from django.utils.translation import gettext_lazy as _

#: For fields with the name of something.
NAMES = {
    "required": _("Type a name."),
    "max_length": _("This name is too long. Use at most %(limit_value)d characters."),
}
LAST_WAY_IN = _(
    "This is your only way to sign in. Set a password or add another passkey first."
)
ERRORS: dict[str, Any] = {
    **DefaultAccountAdapter.error_messages,
    "account_inactive": _("This account cannot be used. It has been switched off."),
    "invalid_login": _("Enter a correct e-mail address and password."),
    "unknown_email": _("This address is not on your account. Use another one."),
    "email_password_mismatch": _("Enter a correct e-mail address and password."),
    "enter_current_password": _("This is not your current password. Try again."),
    "incorrect_password": _("This is not your password. Try again."),
    "too_many_login_attempts": _(
        "Too many tries. Nothing was changed. Wait a few minutes, then try again."
    ),
    "incorrect_code": _("This code does not fit. Try again, or get a new one."),
    "rate_limited": _("Not done: you asked too often. Wait a minute, then try again."),
    "duplicate_email": _("This address is on your account already. Use another one."),
    "email_taken": _("This address cannot be used here. Use another one."),
    "cannot_remove_primary_email": _(
        "You sign in with this address. Make another one the main one first."
    ),
    "unverified_primary_email": _("Confirm your e-mail address first."),
    "same_as_current": _("This is what you have already. Choose something else."),
    "max_email_addresses": _("You have %d addresses, the most there can be."),
    "invalid_or_expired_key": _("This link is too old or was used. Ask for another."),
    "invalid_password_reset": _("This link is too old or was used. Ask for another."),
}
#: Of connected accounts.
SOCIAL_ERRORS: dict[str, Any] = {
    **DefaultSocialAccountAdapter.error_messages,
    "email_taken": ERRORS["email_taken"],
    "invalid_token": _("The other site's answer does not count. Start again."),
    "no_password": LAST_WAY_IN,
    "no_verified_email": LAST_WAY_IN,
    "disconnect_last": LAST_WAY_IN,
    "connected_other": _(
        "It is connected to another account already. Use another one."
    ),
}
