"""The page of connected accounts: allauth's, one change at a time."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from allauth.socialaccount.adapter import get_adapter
from allauth.socialaccount.forms import DisconnectForm as AllauthDisconnectForm
from allauth.socialaccount.views import connections as allauth_connections
from django.db import transaction

from accounts.policy.ways_in import lock

if TYPE_CHECKING:
    from django.http import HttpRequest, HttpResponseBase


class DisconnectForm(AllauthDisconnectForm):
    """One's connected accounts, and which of them is to go."""

    def clean(self) -> dict[str, Any] | None:
        """By our rule alone: allauth's wants a password, though a passkey does."""
        found: dict[str, Any] | None = super(AllauthDisconnectForm, self).clean()
        account = found and found.get("account")
        if account:
            get_adapter().validate_disconnect(account, self.accounts)
        return found


def connections(request: HttpRequest) -> HttpResponseBase:
    """GET and POST 3rdparty/. Two at once must not take both last ways in away."""
    if request.method != "POST":
        return allauth_connections(request)
    with transaction.atomic():
        lock(request.user)
        return allauth_connections(request)
