"""What OpenAPI says of each call: bodies, answers, errors."""

from __future__ import annotations

from typing import Any

from drf_spectacular.extensions import OpenApiAuthenticationExtension

from accounts.api import serializers as bodies

Operation = dict[str, Any]


class BearerScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]
    """How Swagger UI and generated clients send the token."""

    target_class = "accounts.tokens.authentication.BearerAuthentication"
    name = "bearer"

    def get_security_definition(self, auto_schema: Any) -> dict[str, str]:
        """An HTTP bearer scheme."""
        return {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"}


class SessionScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]
    """The browser session, for /api/token/session/ alone."""

    target_class = "accounts.api.base.PolicySessionAuthentication"
    name = "session"

    def get_security_definition(self, auto_schema: Any) -> dict[str, str]:
        """A cookie."""
        from django.conf import settings

        name = settings.SESSION_COOKIE_NAME
        return {"type": "apiKey", "in": "cookie", "name": name}


def operation(
    success: Any, *statuses: int, request: Any = None, pending: bool = False
) -> Operation:
    """An operation with a success body and a problem for each status."""
    problem = bodies.ProblemSerializer
    media = "application/problem+json"
    responses: dict[Any, Any] = {200: success}
    for status in sorted({*statuses, 405, 503}):
        body = bodies.PendingSerializer if pending and status == 401 else problem
        responses[(status, media)] = body
    return {"request": request, "responses": responses}


OBJECT = {"type": "object", "additionalProperties": False}
BODY = (400, 413, 415, 429)
TOKEN = operation(
    bodies.PairSerializer,
    *BODY,
    401,
    request=bodies.CredentialsSerializer,
    pending=True,
)
TOKEN_MFA = operation(
    bodies.PairSerializer,
    *BODY,
    401,
    request=bodies.SecondFactorSerializer,
    pending=True,
)
TOKEN_REFRESH = operation(
    bodies.PairSerializer, *BODY, 401, request=bodies.RefreshSerializer
)
TOKEN_VERIFY = operation(OBJECT, *BODY, 401, request=bodies.VerifySerializer)
TOKEN_REVOKE = operation(OBJECT, *BODY, request=bodies.RefreshSerializer)
TOKEN_SESSION = operation(bodies.PairSerializer, 401, 403, 429)
ME = operation(bodies.MeSerializer, 401)
PROTECTED_ROUTE = operation(bodies.HelloSerializer, 401)
