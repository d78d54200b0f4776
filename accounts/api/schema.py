"""What OpenAPI says of each call: bodies, answers, errors."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

from drf_spectacular.extensions import OpenApiAuthenticationExtension

from accounts.api import serializers as bodies

Operation = dict[str, Any]


# The library's __init_subclass__ has no types.
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
    summary: str, success: Any, *statuses: int, request: Any = None, **more: Any
) -> Operation:
    """An operation with a success body and a problem for each status."""
    media = "application/problem+json"
    responses: dict[Any, Any] = {200: success}
    for status in sorted({*statuses, 405, 503}):
        pending = status == HTTPStatus.UNAUTHORIZED and more.get("pending")
        body = bodies.PendingSerializer if pending else bodies.ProblemSerializer
        responses[(status, media)] = body
    return {
        "summary": summary,
        "description": more.get("description", ""),
        "request": request,
        "responses": responses,
    }


OBJECT = {"type": "object", "additionalProperties": False}
BODY = (400, 413, 415, 429)
TOKEN = operation(
    "Sign in",
    bodies.PairSerializer,
    *BODY,
    401,
    request=bodies.CredentialsSerializer,
    pending=True,
    description="With e-mail address and password. 401 `mfa_required` or "
    "`email_unverified` carries a `pending_token` to go on with; 401 "
    "`no_active_account` says no more than that it did not work.",
)
TOKEN_MFA = operation(
    "Finish a sign-in with a second step",
    bodies.PairSerializer,
    *BODY,
    401,
    request=bodies.SecondFactorSerializer,
    pending=True,
    description="`code` is from the authenticator app, or a recovery code.",
)
TOKEN_REFRESH = operation(
    "Get the next pair",
    bodies.PairSerializer,
    *BODY,
    401,
    request=bodies.RefreshSerializer,
    description="The old refresh token is replaced. Sent again within ten seconds it "
    "gets the same answer; later, the sign-in is ended.",
)
TOKEN_VERIFY = operation(
    "Ask whether a token is good",
    OBJECT,
    *BODY,
    401,
    request=bodies.VerifySerializer,
    description="Of either kind; 401 also for one that was revoked.",
)
TOKEN_REVOKE = operation(
    "End a sign-in",
    OBJECT,
    *BODY,
    request=bodies.RefreshSerializer,
    description="Always 200: a token that is not valid needs no end (RFC 7009).",
)
TOKEN_SESSION = operation(
    "Get a pair from the browser's session",
    bodies.PairSerializer,
    401,
    403,
    429,
    description="Needs the session's cookie and its CSRF token in `X-CSRFToken`.",
)
ME = operation(
    "Who the token speaks of",
    bodies.MeSerializer,
    401,
    description="And how they signed in: `amr` and `acr` by RFC 8176 and RFC 9068.",
)
PROTECTED_ROUTE = operation(
    "The smallest protected call",
    bodies.HelloSerializer,
    401,
)
RECENT_PROOF = operation(
    "The same, for a recent proof with two factors",
    bodies.HelloSerializer,
    401,
)
REVOCATIONS = operation(
    "What was revoked lately",
    str,
)
