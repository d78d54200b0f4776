"""The JWKS: how services that share nothing with us verify our tokens (RFC 7517)."""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING

from django.http import HttpResponse
from django.utils.cache import patch_cache_control
from django.utils.http import parse_etags, quote_etag
from django.views.decorators.http import require_safe

from accounts.tokens.readers import remember
from accounts.tokens.ring import ring

if TYPE_CHECKING:
    from django.http import HttpRequest


@require_safe
def jwks(request: HttpRequest) -> HttpResponse:
    """GET: {"keys": [{kty, kid, use, alg, …}]}; ETag; 304 when it has not changed.

    A service may name itself in X-Service-Name: rotations are then guided by whether
    it has the next key.
    """
    document = ring().jwks()
    remember(request, (key["kid"] for key in document["keys"]))
    body = json.dumps(document, sort_keys=True).encode()
    etag = quote_etag(hashlib.sha256(body).hexdigest()[:32])
    known = parse_etags(request.headers.get("If-None-Match", ""))
    response = (
        HttpResponse(status=304)
        if etag in known or "*" in known
        else HttpResponse(body, content_type="application/json")
    )
    response["ETag"] = etag
    patch_cache_control(response, public=True, max_age=300)
    return response


# Through the API's door: no session is looked at, so no Vary: Cookie keeps a shared
# cache from keeping it.
jwks.sessionless = True  # type: ignore[attr-defined]
