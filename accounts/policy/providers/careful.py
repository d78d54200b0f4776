"""What holds for every provider: whatever it answers, it is checked, never a 500."""

from __future__ import annotations

import contextlib
import functools
import hashlib
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from allauth.socialaccount.adapter import get_adapter
from allauth.socialaccount.providers.base.constants import AuthAction
from allauth.socialaccount.providers.oauth2.client import OAuth2Error
from allauth.socialaccount.providers.oauth2.provider import OAuth2Provider
from allauth.socialaccount.providers.oauth2.utils import generate_code_challenge
from allauth.socialaccount.providers.oauth2.views import OAuth2Adapter
from django.core.exceptions import ImproperlyConfigured

from accounts.policy.addresses import is_look_alike
from accounts.policy.limits import limit_provider

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from django.http import HttpRequest, HttpResponse
    from requests import Response

#: What code that reads an answer raises when the answer has another shape.
MALFORMED = (AttributeError, ImproperlyConfigured, LookupError, TypeError, ValueError)


@contextlib.contextmanager
def well_formed() -> Iterator[None]:
    """Read an answer. Raises OAuth2Error when it is not what it should be."""
    try:
        yield
    except MALFORMED as error:
        msg = "The provider's answer cannot be read."
        raise OAuth2Error(msg) from error


def nonce_of(code_verifier: str) -> str:
    """The nonce that goes with a code verifier, and so with one browser's sign-in.

    Derived, since a callback is handed nothing else of the state that began it.
    """
    return hashlib.sha256(f"nonce {code_verifier}".encode()).hexdigest()


def limited(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """A view that calls out to a provider, under the limit of such calls."""

    @functools.wraps(view)
    def answer(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        return limit_provider(request) or view(request, *args, **kwargs)

    return answer


class CarefulProvider(OAuth2Provider):
    """PKCE always; nothing of what is asked for can be chosen by a link."""

    def get_pkce_params(self) -> dict[str, Any]:
        """S256, whatever the settings say."""
        return dict(generate_code_challenge())

    def get_scope_from_request(self, request: HttpRequest) -> list[str]:
        """The scope of the settings; allauth would add what the URL names."""
        return list(self.get_scope())

    def get_auth_params_from_request(
        self, request: HttpRequest, action: str
    ) -> dict[str, Any]:
        """The same for other parameters, which could even replace our own."""
        params: dict[str, Any] = self.get_auth_params()
        if action == AuthAction.REAUTHENTICATE:
            params["prompt"] = "select_account"
        return params


class CarefulAdapter(OAuth2Adapter):
    """Checks the issuer before the code is sent anywhere; reads answers with care."""

    #: RFC 9207: whose answer the callback must be, where the provider has a name.
    issuer = ""
    issuer_is_always_sent = False
    nonce = ""

    def check_issuer(self, request: HttpRequest) -> None:
        """Raises OAuth2Error when another provider answered in this one's place."""
        told = request.GET.get("iss")
        if told is None and not self.issuer_is_always_sent:
            return
        if self.issuer and told != self.issuer:
            msg = "The answer came from another issuer."
            raise OAuth2Error(msg)

    def get_access_token_data(
        self,
        request: HttpRequest,
        app: Any,
        client: Any,
        pkce_code_verifier: str | None = None,
    ) -> Any:
        """As allauth's; remembers which nonce the id_token must carry."""
        with well_formed():
            self.check_issuer(request)
            if not pkce_code_verifier:
                msg = "This sign-in began without PKCE."
                raise OAuth2Error(msg)
            self.nonce = nonce_of(pkce_code_verifier)
            return super().get_access_token_data(
                request, app, client, pkce_code_verifier=pkce_code_verifier
            )

    def parse_token(self, data: Any) -> Any:
        """As allauth's."""
        with well_formed():
            return super().parse_token(data)

    def complete_login(
        self, request: HttpRequest, app: Any, token: Any, **kwargs: Any
    ) -> Any:
        """Who it is."""
        with well_formed():
            data = self.person(app, token.token, kwargs["response"])
            return self.get_provider().sociallogin_from_response(request, data)

    def person(
        self, app: Any, access_token: str, response: dict[str, Any]
    ) -> dict[str, Any]:
        """What the provider says of the person. Raises OAuth2Error and MALFORMED."""
        raise NotImplementedError


def fetch(url: str, access_token: str = "") -> Any:
    """A JSON document of the provider. Raises requests' RequestException."""
    headers = {"Accept": "application/json"}
    if access_token:
        headers["Authorization"] = f"Bearer {access_token}"
    with get_adapter().get_requests_session() as session:
        response = session.get(url, headers=headers)
        response.raise_for_status()
        return response.json()


def refuse_server_error(response: Response, *args: Any, **kwargs: Any) -> None:
    """A hook of requests. Raises its HTTPError for 5xx."""
    if response.status_code >= HTTPStatus.INTERNAL_SERVER_ERROR:
        response.raise_for_status()


def address(email: Any) -> str:
    """An address as the provider wrote it; "" for none and for a look-alike.

    To be asked before allauth sees it, which would turn a look-alike into the other.
    """
    return "" if not email or is_look_alike(email) else str(email)


def pick(data: dict[str, Any], names: tuple[str, ...]) -> dict[str, Any]:
    """What we keep of an answer: no more than what pages show."""
    return {name: data[name] for name in names if name in data}
