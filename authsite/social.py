"""Sign-in by providers: the part of the settings that their variables decide."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

from authsite.env import env, wrong

PROVIDERS = "accounts.policy.providers"
#: The id in paths and rows. Fixed, so that OIDC_NAME can change.
OIDC_ID = "oidc"
PAIR = ("CLIENT_ID", "CLIENT_SECRET")


def google(client_id: str, secret: str, base: str = "") -> dict[str, Any]:
    """Allauth's settings for Google; a base is a stand-in's."""
    issuer = base or "https://accounts.google.com"
    return {
        "APPS": _apps(client_id, secret, demo=bool(base)),
        "SCOPE": ["openid", "profile", "email"],
        "provider_class": f"{PROVIDERS}.google.provider.GoogleProvider",
        "ID_TOKEN_ISSUER": issuer,
        "AUTHORIZE_URL": f"{issuer}/o/oauth2/v2/auth",
        "ACCESS_TOKEN_URL": f"{base or 'https://oauth2.googleapis.com'}/token",
        "JWKS_URL": f"{base or 'https://www.googleapis.com'}/oauth2/v3/certs",
    }


def github(client_id: str, secret: str, base: str = "") -> dict[str, Any]:
    """The same for GitHub; a base is an Enterprise Server's, over http a stand-in's."""
    return {
        "APPS": _apps(client_id, secret, demo=base.startswith("http:")),
        "SCOPE": ["read:user", "user:email"],
        "provider_class": f"{PROVIDERS}.github.provider.GitHubProvider",
        "GITHUB_URL": base or "https://github.com",
        "API_URL": f"{base}/api/v3" if base else "https://api.github.com",
    }


def oidc(name: str, server_url: str, client_id: str, secret: str) -> dict[str, Any]:
    """The same for one provider that speaks OpenID Connect."""
    [app] = _apps(client_id, secret) or [{}]
    app |= {"provider_id": OIDC_ID, "name": name}
    app["settings"] = {"server_url": server_url}
    return {
        "APPS": [app] if client_id else [],
        "provider_class": f"{PROVIDERS}.openid_connect.provider.OpenIDConnectProvider",
    }


def _apps(client_id: str, secret: str, *, demo: bool = False) -> list[dict[str, Any]]:
    # An entry without an id would still draw the button.
    app = {"client_id": client_id, "secret": secret, "settings": {"demo": demo}}
    return [app] if client_id else []


def providers_from_environment(
    *, debug: bool
) -> tuple[dict[str, dict[str, Any]], list[str]]:
    """SOCIALACCOUNT_PROVIDERS, and the origins that sign-in forms may lead to.

    Raises ImproperlyConfigured for what is half-configured or unsafe.
    """
    google_id, google_secret = _together("GOOGLE", PAIR)
    google_base = _base("GOOGLE_BASE_URL", google_id)
    if google_base and not debug:
        raise wrong("GOOGLE_BASE_URL", "is for stand-ins, in DEBUG alone: remove it")
    github_id, github_secret = _together("GITHUB", PAIR)
    github_base = _base("GITHUB_BASE_URL", github_id)
    oidc_name, server_url, oidc_id, oidc_secret = _together(
        "OIDC", ("NAME", "SERVER_URL", *PAIR)
    )
    if server_url:
        server_url = env.url("OIDC_SERVER_URL")
    for name, url in (
        ("GITHUB_BASE_URL", github_base),
        ("OIDC_SERVER_URL", server_url),
    ):
        if url and not debug and not url.startswith("https:"):
            raise wrong(name, "must be https outside DEBUG")
    found = {
        "google": google(google_id, google_secret, google_base),
        "github": github(github_id, github_secret, github_base),
        "openid_connect": oidc(oidc_name, server_url, oidc_id, oidc_secret),
    }
    pages = (
        (google_id, found["google"]["AUTHORIZE_URL"]),
        (github_id, found["github"]["GITHUB_URL"]),
        (oidc_id, server_url),
    )
    origins = [_origin(url) for is_there, url in pages if is_there]
    return found, [*origins, *env.origins("OIDC_FORM_ORIGINS")]


def _together(prefix: str, names: tuple[str, ...]) -> list[str]:
    """The values of all of them, or of none."""
    values = {f"{prefix}_{name}": env.text(f"{prefix}_{name}") for name in names}
    missing = [name for name, value in values.items() if not value]
    if missing and len(missing) < len(values):
        there = ", ".join(name for name in values if name not in missing)
        raise wrong(missing[0], f"is missing: set it together with {there}")
    return list(values.values())


def _base(name: str, client_id: str) -> str:
    url = env.url(name)
    if url and not client_id:
        client = name.replace("BASE_URL", "CLIENT_ID")
        raise wrong(name, f"does nothing without {client}: set both or none")
    return url


def _origin(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"
