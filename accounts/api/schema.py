"""What OpenAPI says of each call; accounts.api.openapi puts it into the document."""

from __future__ import annotations

from typing import Any

from drf_spectacular.extensions import (
    OpenApiAuthenticationExtension,
    OpenApiSerializerFieldExtension,
)
from drf_spectacular.utils import OpenApiParameter

from accounts.api import examples
from accounts.api import serializers as bodies
from accounts.api.contract import FIELDS, Contract

Operation = dict[str, Any]
#: Where an operation carries its Contract from extend_schema to the last hook.
CONTRACT = "x-contract"


# The library's __init_subclass__ has no types.
class BearerScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]
    """How Swagger UI and generated clients send the token."""

    target_class = "accounts.tokens.authentication.BearerAuthentication"
    name = "bearer"
    match_subclasses = True

    def get_security_definition(self, auto_schema: Any) -> dict[str, str]:
        """An HTTP bearer scheme."""
        return {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"}


class SessionScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]
    """The browser session and its CSRF token, for /api/token/session/ alone."""

    target_class = "accounts.api.base.PolicySessionAuthentication"
    name = ["session", "csrf"]  # noqa: RUF012 - both are needed, says the library's type

    def get_security_definition(self, auto_schema: Any) -> list[dict[str, str]]:
        """A cookie, and a header; the cookie's name is the site's own."""
        return [
            {"type": "apiKey", "in": "cookie", "name": "sessionid"},
            {"type": "apiKey", "in": "header", "name": "X-CSRFToken"},
        ]


class TextField(OpenApiSerializerFieldExtension):  # type: ignore[no-untyped-call]
    """Strings that must hold more than white space."""

    target_class = "accounts.api.serializers.Text"
    match_subclasses = True

    def map_serializer_field(self, auto_schema: Any, direction: str) -> dict[str, Any]:
        """As accounts.api.serializers.Text reads them."""
        field = self.target
        found = {"type": "string", "minLength": 1, "maxLength": field.max_length}
        if isinstance(field, bodies.Address):
            found["format"] = "email"
        elif field.trim_whitespace:
            # What Python takes for white space, and other regular expressions do not.
            found["pattern"] = r"[^\s\u001c-\u001f\u0085]"
        return found


def operation(contract: Contract, summary: str, tag: str, **more: Any) -> Operation:
    """The arguments of extend_schema()."""
    success = more.pop("success")
    return {
        "summary": summary,
        "tags": [tag],
        "request": None,
        "responses": {(200, contract.media_type): success},
        "extensions": {CONTRACT: contract},
        **more,
    }


def _if_none_match(text: str) -> OpenApiParameter:
    return OpenApiParameter(
        "If-None-Match",
        str,
        OpenApiParameter.HEADER,
        description=text,
    )


EMPTY: dict[str, Any] = {"type": "object", "additionalProperties": False}
TOKEN = operation(
    Contract("sign_in", (*FIELDS, *examples.SIGN_IN_CODES), examples.TOKENS,
             asks=examples.SIGN_IN),
    "Sign in", "Signing in",
    success=bodies.TokensSerializer, request=bodies.CredentialsSerializer,
    description="With e-mail address and password. 401 `mfa_required` or "
    "`email_unverified` (an existing person, such as an imported one, must confirm "
    "their address again) carries a `pending_token` to go on with; 401 "
    "`no_active_account` says no more than that it did not work. A sign-up whose "
    "address is not confirmed has no account yet.",
)  # fmt: skip
TOKEN_MFA = operation(
    Contract("finish_sign_in",
             (*FIELDS, "wrong_code", "sign_in_ended", *examples.SIGN_IN_CODES),
             examples.TOKENS, asks=examples.FINISH),
    "Finish a sign-in with a second step", "Signing in",
    success=bodies.TokensSerializer, request=bodies.SecondFactorSerializer,
    description="`code` is from the authenticator app, or a recovery code. A wrong one "
    "is answered 400 and may be tried again.",
)  # fmt: skip
TOKEN_REFRESH = operation(
    Contract("refresh_tokens",
             (*FIELDS, "token_not_valid", "sign_in_revoked", "mfa_enrolment_required"),
             examples.TOKENS, asks=examples.refresh(live=True)),
    "Get the next tokens", "Tokens",
    success=bodies.TokensSerializer, request=bodies.RefreshSerializer,
    description="The old refresh token is replaced. Sent again within ten seconds it "
    "gets the same answer; later, the sign-in is ended. The audience is not "
    "remembered: each call names its own.",
)  # fmt: skip
TOKEN_VERIFY = operation(
    Contract("verify_token", (*FIELDS, "token_not_valid", "token_revoked"), {},
             asks=examples.VERIFY),
    "Ask whether a token is good", "Tokens",
    success=EMPTY, request=bodies.VerifySerializer,
    description="Of any kind, an access token for any of the site's audiences; 401 "
    "also for one that was revoked.",
)  # fmt: skip
TOKEN_REVOKE = operation(
    Contract("revoke_token", FIELDS, {}, asks=examples.refresh(live=False)),
    "End a sign-in", "Tokens",
    success=EMPTY, request=bodies.RevokeSerializer,
    description="Always 200: a token that is not valid needs no end (RFC 7009). "
    "/api/token/revoke/ and /api/token/blacklist/ are the same call.",
)  # fmt: skip
TOKEN_SESSION = operation(
    Contract("exchange_session",
             (*FIELDS, "not_authenticated", "csrf_failed", "no_policy_session",
              "mfa_enrolment_required"),
             examples.PAIR, by_door=False),
    "Get a pair from the browser's session", "Tokens",
    success=bodies.PairSerializer, request=bodies.AudienceSerializer,
    description="Needs the session's cookie and its CSRF token in `X-CSRFToken`. There "
    "is no session token: a page has its session, and `/_allauth/browser/`.",
)  # fmt: skip
BEARER = ("not_authenticated", "token_not_valid", "token_revoked")
ME = operation(
    Contract("get_me", BEARER, examples.ME),
    "Who the token speaks of", "The person",
    success=bodies.MeSerializer,
    description="And how they signed in: `amr` and `acr` by RFC 8176 and RFC 9068.",
)  # fmt: skip
PROTECTED_ROUTE = operation(
    Contract("greet", BEARER, examples.HELLO),
    "The smallest protected call", "The person",
    success=bodies.HelloSerializer,
    description="Any service can answer so: see the examples of the project.",
)  # fmt: skip
RECENT_PROOF = operation(
    Contract("greet_recently_proved",
             (*BEARER, "insufficient_user_authentication"), examples.HELLO),
    "The same, for a recent proof with two factors", "The person",
    success=bodies.HelloSerializer,
    auth=[{"bearer": []}],  # by another class than the calls above
    description="`acr` must be `aal2` and `auth_time` within five minutes. Otherwise "
    "401 `insufficient_user_authentication` says what is wanted (RFC 9470), in "
    "`WWW-Authenticate` and in `acr_values` and `max_age`: let the person prove "
    "themselves again, refresh, and ask again.",
)  # fmt: skip
REVOCATIONS = operation(
    Contract("get_revocations", (), examples.REVOCATIONS,
             media_type="application/jwt", cached="public, max-age=1"),
    "What was revoked lately", "For other services",
    success={
        "type": "string",
        "contentMediaType": "application/jwt",
        # As JSON Schema has it for a JWT: its header, then its claims.
        "contentSchema": {
            "type": "array",
            "minItems": 2,
            "maxItems": 2,
            "items": {
                "anyOf": [
                    {"$ref": "#/components/schemas/RevocationHeader"},
                    {"$ref": "#/components/schemas/RevocationList"},
                ]
            },
        },
    },
    parameters=[_if_none_match("The ETag of the list that you hold.")],
    description="A JWT of the type `revocations+jwt`, signed by a key of the JWK Set. "
    "Services that verify tokens by themselves ask each second, and refuse tokens "
    "whose `sid` or `kid` is in it.",
)  # fmt: skip
#: A plain Django view, which drf-spectacular does not look at.
JWKS: Operation = {
    "summary": "The keys that tokens are verified with",
    "description": "A JWK Set (RFC 7517). Ask again after five minutes, and for a "
    "`kid` that you do not know, but not more often than each ten seconds.",
    "tags": ["For other services"],
    "parameters": [
        {"name": "If-None-Match", "in": "header", "schema": {"type": "string"},
         "description": "The ETag of the set that you hold."},
        {"name": "X-Service-Name", "in": "header", "schema": {"type": "string"},
         "description": "Who asks, up to 64 of A-Z a-z 0-9 . _ -: the administrator "
         "sees which services know a new key."},
    ],
    "responses": {
        "200": {
            "description": "",
            "content": {
                "application/json": {
                    "schema": {"$ref": "#/components/schemas/JWKSet"}
                }
            },
        }
    },
    CONTRACT: Contract("get_keys", (), examples.JWKS, cached="public, max-age=300"),
}  # fmt: skip
