"""What `doctor` says of providers: their callback URLs, and whether they answer."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from allauth.socialaccount.adapter import get_adapter
from allauth.socialaccount.providers.oauth2.client import OAuth2Error
from django.conf import settings
from django.urls import reverse
from requests import RequestException

from accounts.policy.providers.careful import fetch

if TYPE_CHECKING:
    from collections.abc import Callable

#: For whoever has none yet.
USUAL = ("google", "github")


class Silent(Exception):
    """A provider does not answer as it should: what, and the line that mends it."""

    def __init__(self, what: str, mend: str) -> None:
        super().__init__(what)
        self.what, self.mend = what, mend


def callback_urls() -> str:
    """What to enter at each provider; the usual ones' while there is none."""
    paths = [provider.get_callback_url() for provider in configured()]
    told = [settings.SITE_URL + path for path in paths]
    if told:
        return ", ".join(told)
    usual = [settings.SITE_URL + reverse(f"{name}_callback") for name in USUAL]
    return "no provider is set up; for one, enter " + " or ".join(usual)


def configured() -> list[Any]:
    """The providers with a button."""
    return list(get_adapter().list_providers(None))


def looks() -> dict[str, Callable[[], str]]:
    """A look at each of them, under the name that its button has."""
    return {
        provider.name: partial(LOOKS[provider.id], provider)
        for provider in configured()
    }


def _google(provider: Any) -> str:
    found = provider.get_settings()
    issuer = found["ID_TOKEN_ISSUER"]
    document = _fetch(
        f"{issuer}/.well-known/openid-configuration",
        "let this machine reach Google, or take GOOGLE_BASE_URL out",
    )
    ours = {
        "issuer": issuer,
        "authorization_endpoint": found["AUTHORIZE_URL"],
        "token_endpoint": found["ACCESS_TOKEN_URL"],
        "jwks_uri": found["JWKS_URL"],
    }
    moved = [name for name, url in ours.items() if document.get(name) != url]
    if moved:
        raise Silent(f"it has moved: {', '.join(moved)}", "update Authsite")
    return issuer


def _github(provider: Any) -> str:
    url = provider.get_settings()["API_URL"]
    _fetch(url, "let this machine reach GitHub, or set GITHUB_BASE_URL right")
    return str(url)


def _oidc(provider: Any) -> str:
    adapter = provider.get_oauth2_adapter(None)
    mend = "set OIDC_SERVER_URL to the issuer that the provider names"
    try:
        page = adapter.openid_config["authorization_endpoint"]
    except (OAuth2Error, RequestException) as error:
        what = f"its discovery document cannot be used ({_words(error)})"
        raise Silent(what, mend) from error
    parts = urlsplit(page)
    origin = f"{parts.scheme}://{parts.netloc}"
    allowed = settings.CONTENT_SECURITY_POLICY["DIRECTIVES"]["form-action"]
    if origin not in allowed:
        what = f"its sign-in page is at {origin}, where browsers will not go"
        raise Silent(what, f"set OIDC_FORM_ORIGINS={origin}")
    return str(adapter.issuer)


def _fetch(url: str, mend: str) -> dict[str, Any]:
    try:
        document: dict[str, Any] = fetch(url)
    except RequestException as error:
        raise Silent(f"{url} does not answer ({_words(error)})", mend) from error
    return document


def _words(error: Exception) -> str:
    return str(error) if isinstance(error, OAuth2Error) else type(error).__name__


LOOKS = {"google": _google, "github": _github, "openid_connect": _oidc}
