"""Google's wire: OpenID Connect."""

from __future__ import annotations

import base64
import hashlib
import time
from typing import Any, ClassVar

from tests.standins.keys import Ring
from tests.standins.misfortunes import EVERYWHERE, WITH_ID_TOKEN
from tests.standins.oauth import Provider, Refused
from tests.standins.server import Answer, Request, as_json
from tests.standins.store import Asked, Grant

AUTHORIZE = "/o/oauth2/v2/auth"
JWKS = "/oauth2/v3/certs"
STATUS = {"invalid_client": 401}


class Google(Provider):
    """Discovery, consent, token, userinfo, keys."""

    name = "google"
    label = "Google"
    token_prefix = "ya29."
    misfortunes: ClassVar[dict[str, str]] = {**EVERYWHERE, **WITH_ID_TOKEN}

    def __init__(self, base: str, slow: float) -> None:
        super().__init__(base, slow)
        self.ring = Ring()
        self.routes |= {
            ("GET", "/.well-known/openid-configuration"): self.discovery,
            ("GET", AUTHORIZE): self.authorize,
            ("POST", "/token"): self.token,
            ("GET", "/v1/userinfo"): self.userinfo,
            ("GET", JWKS): lambda request: as_json(self.ring.jwks()),
        }

    def discovery(self, request: Request) -> Answer:
        """OpenID Connect Discovery 1.0."""
        return as_json(
            {
                "issuer": self.base,
                "authorization_endpoint": self.base + AUTHORIZE,
                "token_endpoint": f"{self.base}/token",
                "userinfo_endpoint": f"{self.base}/v1/userinfo",
                "jwks_uri": self.base + JWKS,
                "response_types_supported": ["code"],
                "subject_types_supported": ["public"],
                "id_token_signing_alg_values_supported": ["RS256"],
                "scopes_supported": ["openid", "email", "profile"],
                "token_endpoint_auth_methods_supported": [
                    "client_secret_post",
                    "client_secret_basic",
                ],
                "code_challenge_methods_supported": ["S256"],
            }
        )

    def with_code(self, asked: Asked) -> dict[str, str]:
        """As Google does; `iss` is RFC 9207's."""
        return {"iss": self.base, "scope": asked.scope, "prompt": "consent"}

    def token(self, request: Request) -> Answer:
        """Access token and id_token, or an error in Google's shape."""
        try:
            grant, token = self.redeem(request)
        except Refused as refused:
            error = {"error": str(refused), "error_description": "Bad Request"}
            return as_json(error, STATUS.get(str(refused), 400))
        answer = {
            "access_token": token,
            "expires_in": 3599,
            "scope": grant.asked.scope,
            "token_type": "Bearer",
        }
        if "openid" in grant.asked.scope.split():
            answer["id_token"] = self.ring.sign(
                {**self.claims(grant), "at_hash": at_hash(token)}, grant.misfortune
            )
        return self.broken(grant) or as_json(answer)

    def claims(self, grant: Grant) -> dict[str, Any]:
        """Those of an id_token, right or as misfortune has them."""
        now, misfortune = int(time.time()), grant.misfortune
        client_id = grant.asked.client.client_id
        claims = {
            "iss": self.base,
            "azp": client_id,
            "aud": client_id,
            "iat": now,
            "exp": now + 3600,
            **self.profile(grant),
        }
        if grant.asked.nonce:
            claims["nonce"] = grant.asked.nonce
        changes: dict[str, dict[str, Any]] = {
            "wrong_nonce": {"nonce": "0" * 64},
            "foreign_issuer": {"iss": "https://accounts.example.org"},
            "wrong_audience": {"aud": "another-app", "azp": "another-app"},
            "expired_id_token": {"iat": now - 7200, "exp": now - 3600},
            "text_for_true": {"email_verified": "false"},
        }
        return claims | changes.get(misfortune, {})

    def profile(self, grant: Grant) -> dict[str, Any]:
        """What scopes let the site see."""
        person, scopes = grant.person, grant.asked.scope.split()
        found: dict[str, Any] = {"sub": person.sub}
        if "profile" in scopes:
            first, _, last = person.name.partition(" ")
            found |= {"name": person.name, "given_name": first, "family_name": last}
        if "email" in scopes and person.email:
            found |= {"email": person.email, "email_verified": person.verified}
        return found

    def userinfo(self, request: Request) -> Answer:
        """The person of an access token."""
        grant = self.tokens.get(request.bearer)
        if grant is None:
            return as_json({"error": "invalid_request"}, 401)
        told = self.profile(grant)
        if grant.misfortune == "other_userinfo":
            told["sub"] = "666"
        return as_json(told)


def at_hash(token: str) -> str:
    """OpenID Connect Core, 3.1.3.6: the access token that came with it."""
    half = hashlib.sha256(token.encode()).digest()[:16]
    return base64.urlsafe_b64encode(half).rstrip(b"=").decode()
