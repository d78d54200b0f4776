"""The JWKS: how services that share nothing with us verify our tokens (RFC 7517)."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from django.utils.cache import patch_cache_control
from django.views.decorators.http import require_safe

from accounts import etags
from accounts.tokens.readers import remember
from accounts.tokens.ring import ring

if TYPE_CHECKING:
    from django.http import HttpRequest, HttpResponse


@require_safe
def jwks(request: HttpRequest) -> HttpResponse:
    """GET: {"keys": [{kty, kid, use, alg, …}]}; ETag; 304 when it has not changed.

    A service may name itself in X-Service-Name: rotations are then guided by whether
    it has the next key.
    """
    document = ring().jwks()
    remember(request, (key["kid"] for key in document["keys"]))
    body = json.dumps(document, sort_keys=True).encode()
    response = etags.answer(request, body, "application/json")
    patch_cache_control(response, public=True, max_age=300)
    return response


# Through the API's door: no session is looked at, so no Vary: Cookie keeps a shared
# cache from keeping it.
jwks.sessionless = True  # type: ignore[attr-defined]
