"""The current password in a form, checked like every other password."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from allauth.account.adapter import get_adapter

if TYPE_CHECKING:
    from accounts.models import User


class CheckedPassword:
    """A mixin for forms that take the current password.

    allauth's ask the person's row directly, so that wrong guesses would be neither
    counted nor recorded.
    """

    user: User
    cleaned_data: dict[str, Any]

    def clean_oldpassword(self) -> str:
        """Of allauth's form. Raises ValidationError."""
        return self._checked("oldpassword")

    def clean_current_password(self) -> str:
        """Of its headless input. Raises ValidationError."""
        return self._checked("current_password")

    def _checked(self, field: str) -> str:
        # An empty value is left to the field's `required`. Over the limit, pages answer
        # 429 and calls get allauth's error.
        typed: str = self.cleaned_data.get(field) or ""
        if typed and not get_adapter().reauthenticate(self.user, typed):
            raise get_adapter().validation_error("enter_current_password")
        return typed
