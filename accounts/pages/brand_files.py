"""The brand's files: its tokens as a stylesheet, its logo, its icon.

Served by us, so that no page asks a third party. By the short door (`sessionless`):
what depends on no session may be kept by browsers for good.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.contrib.auth.decorators import login_not_required
from django.http import HttpResponse
from django.utils.cache import patch_cache_control
from django.views.decorators.http import require_safe

from accounts import brand, etags

if TYPE_CHECKING:
    from django.http import HttpRequest

YEAR = 31_536_000


@login_not_required
@require_safe
def stylesheet(request: HttpRequest) -> HttpResponse:
    """GET: the tokens that follow BRAND_ACCENT."""
    content = brand.stylesheet().encode()
    return _lasting(request, content, "text/css; charset=utf-8")


@login_not_required
@require_safe
def icon(request: HttpRequest) -> HttpResponse:
    """GET: our mark in the accent."""
    return _lasting(request, brand.icon().encode(), brand.TYPES[".svg"])


@login_not_required
@require_safe
def logo(request: HttpRequest) -> HttpResponse:
    """GET: BRAND_LOGO; 404 without one."""
    found = brand.logo()
    if found is None:
        return HttpResponse(status=404, content_type="text/plain")
    return _lasting(request, found.content, found.type)


def _lasting(request: HttpRequest, content: bytes, kind: str) -> HttpResponse:
    """For good at the address that holds its hash; elsewhere to be asked for again."""
    version = brand.version(content)
    response = etags.answer(request, content, kind)
    if request.GET.get("v") == version:
        patch_cache_control(response, public=True, max_age=YEAR, immutable=True)
    else:
        patch_cache_control(response, no_cache=True)
    return response


for view in (stylesheet, icon, logo):
    view.sessionless = True  # type: ignore[attr-defined]
