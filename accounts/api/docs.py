"""The OpenAPI document and its page, which works under the site's CSP, with no CDN."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from django.contrib.auth.decorators import login_not_required
from django.utils.decorators import method_decorator
from drf_spectacular.views import SpectacularAPIView, SpectacularSwaggerSplitView

from accounts.api.negotiation import JSONRenderer

if TYPE_CHECKING:
    from rest_framework.request import Request
    from rest_framework.response import Response


class ErrorsAsProblems:
    """Errors of views that answer in YAML or HTML: problem+json like the rest."""

    def finalize_response(
        self, request: Request, response: Response, *args: Any, **kwargs: Any
    ) -> Response:
        """As DRF's; an error is rendered as JSON."""
        final = super().finalize_response(request, response, *args, **kwargs)  # type: ignore[misc]
        if final.exception:
            final.accepted_renderer = JSONRenderer()
            final.accepted_media_type = JSONRenderer.media_type
        return cast("Response", final)


@method_decorator(login_not_required, name="dispatch")
class SchemaView(ErrorsAsProblems, SpectacularAPIView):
    """GET /api/schema/: OpenAPI 3.1."""

    sessionless = False


@method_decorator(login_not_required, name="dispatch")
class DocsView(ErrorsAsProblems, SpectacularSwaggerSplitView):
    """GET /api/docs/: the same, to read and to try."""

    sessionless = False
    url_name = "api:schema"
    template_name = "api/docs.html"
