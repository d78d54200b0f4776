"""One's own data as a file: what it holds, proof again, then the download."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from django.conf import settings
from django.http import StreamingHttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.text import slugify
from django.views.decorators.http import require_http_methods

from accounts.audit.models import Action
from accounts.audit.record import record
from accounts.pages.export_data import document, pieces
from accounts.pages.links import limited, with_proof

if TYPE_CHECKING:
    from django.http import HttpRequest
    from django.http.response import HttpResponseBase

    from accounts.models import User


@with_proof
@require_http_methods(["GET", "HEAD", "POST"])
def export(request: HttpRequest) -> HttpResponseBase:
    """GET and POST export/."""
    if request.method != "POST":
        return render(request, "pages/export.html")
    too_many = limited(request, "export")
    if too_many:
        return too_many
    user = cast("User", request.user)
    whole = document(user)
    record(Action.EXPORTED, request=request, user=user)
    name = f"{slugify(settings.BRAND_NAME) or 'account'}-{timezone.now():%Y-%m-%d}.json"
    # A person has any number of events: sent as they are read, never all in memory.
    return StreamingHttpResponse(
        pieces(whole, user),
        content_type="application/json",
        headers={"Content-Disposition": f'attachment; filename="{name}"'},
    )
