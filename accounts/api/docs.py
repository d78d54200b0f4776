"""The OpenAPI document and its page, which works under the site's CSP, with no CDN."""

from __future__ import annotations

from threading import Lock
from typing import TYPE_CHECKING, Any, ClassVar, cast

from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest
from django.utils.cache import patch_cache_control
from django.utils.decorators import method_decorator
from drf_spectacular.generators import SchemaGenerator
from drf_spectacular.renderers import (
    OpenApiJsonRenderer,
    OpenApiJsonRenderer2,
    OpenApiYamlRenderer,
    OpenApiYamlRenderer2,
)
from drf_spectacular.views import SpectacularSwaggerSplitView
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.views import APIView

from accounts import etags
from accounts.api.negotiation import JSONRenderer

if TYPE_CHECKING:
    from django.http import HttpResponse
    from rest_framework.renderers import BaseRenderer
    from rest_framework.response import Response

MAX_AGE = 300  # seconds
_building = Lock()
_built: dict[type[BaseRenderer], bytes] = {}


class ErrorsAsProblems:
    """Errors of views that answer in YAML or HTML: problem+json like the rest."""

    def finalize_response(
        self, request: Request, response: Response, *args: Any, **kwargs: Any
    ) -> Response:
        """As DRF's; an error is rendered as JSON."""
        final = super().finalize_response(request, response, *args, **kwargs)  # type: ignore[misc]
        if getattr(final, "exception", False):
            final.accepted_renderer = JSONRenderer()
            final.accepted_media_type = JSONRenderer.media_type
        return cast("Response", final)


class SchemaView(ErrorsAsProblems, APIView):
    """GET /api/schema/: OpenAPI 3.1, in YAML or JSON as Accept asks."""

    sessionless: ClassVar[bool] = True
    schema = None
    authentication_classes = ()
    permission_classes = (AllowAny,)
    renderer_classes = (
        OpenApiYamlRenderer,
        OpenApiYamlRenderer2,
        OpenApiJsonRenderer,
        OpenApiJsonRenderer2,
    )

    def get(self, request: Request) -> HttpResponse:
        """200, or 304 when the client has it already."""
        kind = type(request.accepted_renderer)
        response = etags.answer(request, document(kind), str(kind.media_type))
        name = f'inline; filename="openapi.{kind.format}"'
        response.headers["Content-Disposition"] = name
        patch_cache_control(response, public=True, max_age=MAX_AGE)
        return response


def document(renderer: type[BaseRenderer]) -> bytes:
    """The document in this form, built once: it depends on settings alone.

    Building takes as long as several sign-in pages, and anyone may ask for it.
    """
    with _building:
        if renderer not in _built:
            _built[renderer] = _build(renderer)
        return _built[renderer]


def _build(renderer: type[BaseRenderer]) -> bytes:
    generator: Any = SchemaGenerator
    # Any request: with none at all it would be the document of no site.
    nobodys = Request(HttpRequest())
    found = generator().get_schema(request=nobodys, public=True)
    content = renderer().render(found, renderer.media_type, renderer_context={})
    return content if isinstance(content, bytes) else content.encode()


@method_decorator(login_not_required, name="dispatch")
class DocsView(ErrorsAsProblems, SpectacularSwaggerSplitView):
    """GET /api/docs/: the same, to read and to try."""

    sessionless = False
    url_name = "api:schema"
    template_name = "api/docs.html"
