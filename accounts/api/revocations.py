"""The list of revocations as a call, for other services."""

from __future__ import annotations

from typing import TYPE_CHECKING

from drf_spectacular.utils import extend_schema

from accounts import etags
from accounts.api import schema
from accounts.api.base import OpenView
from accounts.tokens.revocation_list import CONTENT_TYPE, signed_list

if TYPE_CHECKING:
    from django.http import HttpResponse
    from rest_framework.request import Request


class RevocationsView(OpenView):
    """What other services poll, to refuse what was revoked a second ago."""

    cache_control = "public, max-age=1"

    @extend_schema(**schema.REVOCATIONS)
    def get(self, request: Request) -> HttpResponse:
        """200 a signed list (a JWT); 304 when the one named is still the last."""
        found = signed_list()
        return etags.answer(request, found.body, CONTENT_TYPE, found.etag)
