"""The one check of id_tokens, for the callback and for tokens that apps send.

OpenID Connect Core, 3.1.3.7. allauth checks no signature when the token came over TLS,
knows no nonce, leeway or azp, and accepts a token again that has no jti.
"""

from __future__ import annotations

import hashlib
import hmac
import time
from typing import TYPE_CHECKING, Any

import jwt
from allauth.account.models import EmailAddress
from allauth.socialaccount.adapter import get_adapter
from allauth.socialaccount.providers.oauth2.client import OAuth2Error
from django.core.cache import cache
from requests import RequestException

from accounts.policy.providers.careful import (
    CarefulProvider,
    address,
    fetch,
    nonce_of,
    pick,
    well_formed,
)

if TYPE_CHECKING:
    from django.http import HttpRequest

#: Never HS*, whose key would be the client secret, nor none.
ALGORITHMS = ("RS256", "PS256", "ES256", "EdDSA")
LEEWAY = 30  # seconds that clocks may differ
REQUIRED = ("iss", "sub", "aud", "exp", "iat")
PROFILE = (
    *("iss", "sub", "email", "email_verified", "name", "given_name", "family_name"),
    *("preferred_username", "picture", "locale", "hd"),
)


def verified_claims(
    token: str, *, keys_url: str, issuer: str, client_id: str, nonce: str | None = None
) -> dict[str, Any]:
    """The claims of a token that this issuer signed for us, now, for this sign-in.

    Raises OAuth2Error, and RequestException when the keys cannot be had.
    """
    with well_formed():
        try:
            claims = jwt.decode(
                token,
                key=_key(token, keys_url),
                algorithms=ALGORITHMS,
                issuer=issuer,
                audience=client_id,
                leeway=LEEWAY,
                options={"require": list(REQUIRED)},
            )
        except jwt.PyJWTError as error:
            raise OAuth2Error(type(error).__name__) from error
        _check(claims, client_id, nonce)
    return claims


def _key(token: str, keys_url: str) -> jwt.PyJWK:
    """The key that the header names; without a name the only key there is."""
    header = jwt.get_unverified_header(token)
    if header.get("alg") not in ALGORITHMS:
        raise jwt.InvalidAlgorithmError
    kid = header.get("kid")
    found = [
        key
        for key in fetch(keys_url)["keys"]
        if key.get("use", "sig") == "sig" and (kid is None or key.get("kid") == kid)
    ]
    if len(found) != 1:
        msg = "No single key fits."
        raise OAuth2Error(msg)
    return jwt.PyJWK.from_dict(found[0])


def _check(claims: dict[str, Any], client_id: str, nonce: str | None) -> None:
    if not isinstance(claims["sub"], str) or not claims["sub"]:
        msg = "sub is no name."
        raise OAuth2Error(msg)
    shared = isinstance(claims["aud"], list) and len(claims["aud"]) > 1
    if (shared or "azp" in claims) and claims.get("azp") != client_id:
        msg = "The token was made for another client."
        raise OAuth2Error(msg)
    if nonce is not None and not hmac.compare_digest(
        str(claims.get("nonce", "")).encode(), nonce.encode()
    ):
        msg = "The token belongs to another sign-in."
        raise OAuth2Error(msg)


def refuse_replay(token: str, claims: dict[str, Any]) -> None:
    """Each token signs in once, with a jti or without. Raises OAuth2Error."""
    body = token.rpartition(".")[0]  # an ECDSA signature has a second form
    name = f"id_token:{hashlib.sha256(body.encode()).hexdigest()}"
    if not cache.add(name, "1", claims["exp"] - time.time() + LEEWAY + 1):
        msg = "The token was used already."
        raise OAuth2Error(msg)


class IdTokenProvider(CarefulProvider):
    """A provider that says who somebody is by an id_token."""

    def get_pkce_params(self) -> dict[str, Any]:
        """S256, and the nonce that goes with it."""
        params = super().get_pkce_params()
        return {**params, "nonce": nonce_of(params["code_verifier"])}

    def token_claims(self, request: HttpRequest, token: str) -> dict[str, Any]:
        """The claims of a token that an app sent. Raises as verified_claims."""
        raise NotImplementedError

    def verify_token(self, request: HttpRequest, token: dict[str, Any]) -> Any:
        """The sign-in that an app's token stands for. Raises ValidationError."""
        try:
            with well_formed():
                claims = self.token_claims(request, token["id_token"])
                refuse_replay(token["id_token"], claims)
                return self.sociallogin_from_response(request, claims)
        except (OAuth2Error, RequestException) as error:
            raise get_adapter().validation_error("invalid_token") from error

    def extract_uid(self, data: dict[str, Any]) -> str:
        """`sub`: never a name or an address, which people can change."""
        return str(data["sub"])

    def extract_extra_data(self, data: dict[str, Any]) -> dict[str, Any]:
        """The profile; neither nonce nor hashes."""
        return pick(data, PROFILE)

    def extract_common_fields(self, data: dict[str, Any]) -> dict[str, Any]:
        """Address and name."""
        parts = (data.get("given_name"), data.get("family_name"))
        name = data.get("name") or " ".join(str(part) for part in parts if part)
        return {"email": address(data.get("email")), "name": name}

    def extract_email_addresses(self, data: dict[str, Any]) -> list[EmailAddress]:
        """Verified when the provider says true; the text "false" is not true."""
        email = address(data.get("email"))
        verified = data.get("email_verified") is True
        return [EmailAddress(email=email, verified=verified, primary=True)]
