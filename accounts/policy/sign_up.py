"""Sign-ups with one address that arrive together: one of them makes the account."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.contrib.auth import get_user_model
from django.db import IntegrityError, transaction

if TYPE_CHECKING:
    from django.http import HttpRequest


class OneAccountMixin:
    """For allauth's sign-up forms and inputs: a lost race is a taken address.

    The form looked for the address before the other request had committed.
    """

    account_already_exists: bool
    cleaned_data: dict[str, Any]

    def try_save(self, request: HttpRequest) -> Any:
        """The user and no response, or no user and the usual response."""
        try:
            with transaction.atomic():
                return super().try_save(request)  # type: ignore[misc] # of the form
        except IntegrityError:
            email = self.cleaned_data["email"]
            if not get_user_model().objects.filter(email=email).exists():
                raise
            self.account_already_exists = True
            return super().try_save(request)  # type: ignore[misc] # of the form
