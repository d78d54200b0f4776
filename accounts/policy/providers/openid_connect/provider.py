"""Any OpenID Connect provider, found by its discovery document."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from allauth.socialaccount.helpers import render_authentication_error
from allauth.socialaccount.providers.oauth2.client import OAuth2Error
from allauth.socialaccount.providers.openid_connect.provider import (
    OpenIDConnectProvider as AllauthProvider,
)
from allauth.socialaccount.providers.openid_connect.views import (
    OpenIDConnectOAuth2Adapter,
)
from requests import RequestException

from accounts.policy.providers.careful import CarefulAdapter, fetch, well_formed
from accounts.policy.providers.id_token import IdTokenProvider, verified_claims

if TYPE_CHECKING:
    from django.http import HttpRequest, HttpResponse

ENDPOINTS = ("authorization_endpoint", "token_endpoint", "jwks_uri")


class OpenIDConnectAdapter(CarefulAdapter, OpenIDConnectOAuth2Adapter):
    """The callback."""

    @property
    def openid_config(self) -> dict[str, Any]:
        """The discovery document, once for each request.

        Raises OAuth2Error when it speaks for another issuer (Discovery 1.0, 4.3), or
        leads from https to http.
        """
        if not hasattr(self, "_document"):
            with well_formed():
                self._document = _checked(
                    fetch(self.get_provider().server_url),
                    self.get_provider().app.settings["server_url"],
                )
        return self._document

    @property
    def issuer(self) -> str:  # type: ignore[override] # known when asked for
        """As the provider calls itself."""
        return str(self.openid_config["issuer"])

    @property
    def issuer_is_always_sent(self) -> bool:  # type: ignore[override]
        """Whether the provider promises `iss` in every answer (RFC 9207)."""
        promised = "authorization_response_iss_parameter_supported"
        return self.openid_config.get(promised) is True

    def get_client(self, request: HttpRequest, app: Any) -> Any:
        """A client that does not know the token endpoint yet.

        allauth asks for it where a provider that does not answer would be a 500.
        """
        callback = self.get_callback_url(request, app)
        return self.client_class(
            request, app.client_id, app.secret, "POST", "", callback
        )

    def get_access_token_data(
        self,
        request: HttpRequest,
        app: Any,
        client: Any,
        pkce_code_verifier: str | None = None,
    ) -> Any:
        """As allauth's."""
        with well_formed():
            client.access_token_url = self.access_token_url
            client.basic_auth = self.basic_auth
        return super().get_access_token_data(request, app, client, pkce_code_verifier)

    def person(
        self, app: Any, access_token: str, response: dict[str, Any]
    ) -> dict[str, Any]:
        """The id_token's claims, and what userinfo adds of the same person."""
        claims = self.claims(app, response["id_token"], self.nonce)
        if "userinfo_endpoint" not in self.openid_config:
            return claims
        told = fetch(self.openid_config["userinfo_endpoint"], access_token)
        if told["sub"] != claims["sub"]:
            msg = "userinfo speaks of somebody else."
            raise OAuth2Error(msg)
        return {**told, **claims}

    def claims(self, app: Any, token: str, nonce: str | None = None) -> dict[str, Any]:
        """Those of an id_token of this provider."""
        return verified_claims(
            token,
            keys_url=self.openid_config["jwks_uri"],
            issuer=self.issuer,
            client_id=app.client_id,
            nonce=nonce,
        )


def _checked(document: dict[str, Any], server_url: str) -> dict[str, Any]:
    if document["issuer"].rstrip("/") != server_url.rstrip("/"):
        msg = "The discovery document speaks for another issuer."
        raise OAuth2Error(msg)
    for name in (*ENDPOINTS, "userinfo_endpoint"):
        url = document.get(name, server_url if name not in ENDPOINTS else "")
        if not url.startswith(server_url.partition("/")[0]):
            msg = f"{name} is not of the same scheme."
            raise OAuth2Error(msg)
    return document


class OpenIDConnectProvider(IdTokenProvider, AllauthProvider):
    """allauth's, with the same check for callback and apps."""

    oauth2_adapter_class = OpenIDConnectAdapter

    def redirect(
        self,
        request: HttpRequest,
        process: str,
        next_url: str | None = None,
        data: Any = None,
        **kwargs: Any,
    ) -> HttpResponse:
        """To the provider; a page that says so when its discovery does not answer."""
        try:
            return super().redirect(request, process, next_url, data, **kwargs)
        except RequestException as error:
            headless = kwargs.get("headless", False)
            state = {"process": process, "next": next_url, "headless": headless}
            return render_authentication_error(
                request, self, exception=error, extra_context={"state": state}
            )

    def token_claims(self, request: HttpRequest, token: str) -> dict[str, Any]:
        """The claims of a token that an app sent."""
        return self.get_oauth2_adapter(request).claims(self.app, token)
