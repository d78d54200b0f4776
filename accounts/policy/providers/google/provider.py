"""Google: an id_token, its signature and nonce checked."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from allauth.socialaccount import app_settings
from allauth.socialaccount.providers.google.provider import (
    GoogleProvider as AllauthProvider,
)

from accounts.policy.providers.careful import CarefulAdapter
from accounts.policy.providers.id_token import IdTokenProvider, verified_claims

if TYPE_CHECKING:
    from django.http import HttpRequest


def _setting(name: str) -> str:
    return str(app_settings.PROVIDERS["google"][name])


class GoogleAdapter(CarefulAdapter):
    """The callback. Addresses are read when needed: tests change them."""

    provider_id = "google"
    access_token_url = property(lambda self: _setting("ACCESS_TOKEN_URL"))
    authorize_url = property(lambda self: _setting("AUTHORIZE_URL"))
    issuer = property(lambda self: _setting("ID_TOKEN_ISSUER"))

    def person(
        self, app: Any, access_token: str, response: dict[str, Any]
    ) -> dict[str, Any]:
        """The claims of the id_token."""
        return verified_claims(
            response["id_token"],
            keys_url=_setting("JWKS_URL"),
            issuer=self.issuer,
            client_id=app.client_id,
            nonce=self.nonce,
        )


class GoogleProvider(IdTokenProvider, AllauthProvider):
    """allauth's, with one check for callback and apps."""

    oauth2_adapter_class = GoogleAdapter

    def token_claims(self, request: HttpRequest, token: str) -> dict[str, Any]:
        """The claims of a token that an app sent."""
        return verified_claims(
            token,
            keys_url=_setting("JWKS_URL"),
            issuer=_setting("ID_TOKEN_ISSUER"),
            client_id=self.app.client_id,
        )
