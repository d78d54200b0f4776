"""The OpenAPI document and its page, which works under the site's CSP, with no CDN."""

from __future__ import annotations

from django.contrib.auth.decorators import login_not_required
from django.utils.decorators import method_decorator
from drf_spectacular.views import SpectacularAPIView, SpectacularSwaggerSplitView


@method_decorator(login_not_required, name="dispatch")
class SchemaView(SpectacularAPIView):
    """GET /api/schema/: OpenAPI 3.1."""

    sessionless = False


@method_decorator(login_not_required, name="dispatch")
class DocsView(SpectacularSwaggerSplitView):
    """GET /api/docs/: the same, to read and to try."""

    sessionless = False
    url_name = "api:schema"
    template_name = "api/docs.html"
