"""The last hand on the OpenAPI document: what drf-spectacular does not know of us."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from django.conf import settings

from accounts.api import schema
from accounts.api.schema import CONTRACT

if TYPE_CHECKING:
    from accounts.api.contract import Contract

JWKS_PATH = "/.well-known/jwks.json"
#: /api/token/blacklist/ is /api/token/revoke/ under the name that simplejwt gave it.
ALIASES = {"/api/token/blacklist/": "blacklist_token"}
#: The document that stands in docs/ is of no site in particular.
NO_SITE = "https://id.example.com"
NO_BRAND = "Authsite"

_PROBLEM = {
    "type": "object",
    "description": "Every error (RFC 9457), with DRF's `detail` and a stable `code`.",
    "required": ["type", "title", "status", "detail", "code"],
    "properties": {
        "type": {"type": "string", "const": "about:blank"},
        "title": {"type": "string", "description": "The status in words."},
        "status": {"type": "integer"},
        "detail": {"type": "string", "description": "For people to read."},
        "code": {"type": "string", "description": "For programs to compare."},
    },
}
_FIELD_ERRORS = {
    "type": "object",
    "description": "What is wrong, by the name of the field.",
    "additionalProperties": {"type": "array", "items": {"type": "string"}},
}
_TEXT = {"type": "string"}
_JWK = {
    "type": "object",
    "description": "A public key (RFC 7517). ES256 has crv, x and y; EdDSA crv and x; "
    "RS256 n and e. `kid` is the key's thumbprint (RFC 7638).",
    "required": ["kty", "kid", "use", "alg"],
    "properties": {
        "kty": {"type": "string", "enum": ["EC", "OKP", "RSA"]},
        "kid": _TEXT,
        "use": {"type": "string", "const": "sig"},
        "alg": {"type": "string", "enum": ["ES256", "EdDSA", "RS256"]},
        **dict.fromkeys(("crv", "x", "y", "n", "e"), _TEXT),
    },
}
_JWKS = {
    "type": "object",
    "required": ["keys"],
    "properties": {
        "keys": {"type": "array", "items": {"$ref": "#/components/schemas/JWK"}}
    },
}
_REVOCATION_HEADER = {
    "type": "object",
    "required": ["alg", "kid", "typ"],
    "additionalProperties": False,
    "properties": {
        "alg": {"type": "string", "enum": ["ES256", "EdDSA", "RS256"]},
        "kid": {"type": "string", "description": "A key of the JWK Set."},
        "typ": {"type": "string", "const": "revocations+jwt"},
    },
}
_TIMES = {"type": "object", "additionalProperties": {"type": "integer"}}
_REVOCATION_LIST = {
    "type": "object",
    "description": "The claims of the list. Times are seconds since the epoch.",
    "required": ["iss", "iat", "exp", "window", "sids", "kids"],
    "properties": {
        "iss": _TEXT,
        "iat": {"type": "integer", "description": "Rounded down to 30 s."},
        "exp": {"type": "integer", "description": "Believe the list until then."},
        "window": {
            "type": "integer",
            "description": "How many seconds after its time an entry matters.",
        },
        "sids": {**_TIMES, "description": "Ended sign-ins: `sid` and when."},
        "kids": {**_TIMES, "description": "Keys that were taken out: `kid` and when."},
    },
}


def _header(description: str, **value: Any) -> dict[str, Any]:
    return {"description": description, "required": True, "schema": value}


_HEADERS = {
    "NoStore": _header(
        "Nobody may keep it.", type="string", pattern="^no-store(, private)?$"
    ),
    "RequestID": _header(
        "Names this call in the log. An X-Request-ID of the request (at most 64 "
        "letters, digits and ._:/+=@-) is logged beside it as `client_request_id`.",
        type="string",
        format="uuid",
    ),
    "Challenge": _header(
        "Bare when nothing was sent, else with `error` and `error_description` "
        "(RFC 6750 section 3).",
        type="string",
        pattern='^Bearer realm="api"',
        example='Bearer realm="api", error="invalid_token", '
        'error_description="The token was revoked."',
    ),
    "RetryAfter": _header("Seconds to wait.", type="integer", minimum=1),
    "Allow": _header("The methods that are.", type="string", example="POST, OPTIONS"),
    "ETag": _header("For If-None-Match.", type="string", pattern='^"[0-9a-f]{32}"$'),
}


def finish(
    result: dict[str, Any], generator: Any, request: Any, public: bool
) -> dict[str, Any]:
    """drf-spectacular's postprocessing hook; `request` is None for the command.

    The served document names this site, the one of the command none: its bytes depend
    on the code alone.
    """
    paths: dict[str, Any] = {JWKS_PATH: {"get": schema.JWKS}, **result["paths"]}
    result["paths"] = {path: _completed(path, paths[path]) for path in paths}
    components = result["components"]
    components["headers"] = _HEADERS
    components["schemas"] |= {
        "Problem": _PROBLEM,
        "FieldErrors": _FIELD_ERRORS,
        "JWK": _JWK,
        "JWKSet": _JWKS,
        "RevocationHeader": _REVOCATION_HEADER,
        "RevocationList": _REVOCATION_LIST,
    }
    site, brand = settings.SITE_URL, settings.BRAND_NAME
    cookie = settings.SESSION_COOKIE_NAME
    if request is None:
        site, brand, cookie = NO_SITE, NO_BRAND, "__Host-sessionid"
    result["info"]["title"] = f"{brand} API"
    result["servers"] = [{"url": site}]
    components["securitySchemes"]["session"]["name"] = cookie
    return result


def _completed(path: str, item: dict[str, Any]) -> dict[str, Any]:
    found = {}
    for method, operation in item.items():
        if CONTRACT not in operation:  # somebody else's: as drf-spectacular makes it
            found[method] = operation
            continue
        done = dict(operation)
        cast("Contract", done.pop(CONTRACT)).complete(done)
        done["operationId"] = ALIASES.get(path, done["operationId"])
        # An empty list says "needs nothing" more plainly than an empty requirement.
        done["security"] = [one for one in done.get("security", []) if one]
        found[method] = done
    return found
