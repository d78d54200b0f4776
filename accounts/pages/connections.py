"""The page of connected accounts: allauth's, one change at a time."""

from __future__ import annotations

from typing import TYPE_CHECKING

from allauth.socialaccount.views import connections as allauth_connections
from django.db import transaction

from accounts.policy.ways_in import lock

if TYPE_CHECKING:
    from django.http import HttpRequest, HttpResponseBase


def connections(request: HttpRequest) -> HttpResponseBase:
    """GET and POST 3rdparty/. Two at once must not take both last ways in away."""
    if request.method != "POST":
        return allauth_connections(request)
    with transaction.atomic():
        lock(request.user)
        return allauth_connections(request)
