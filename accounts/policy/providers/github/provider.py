"""GitHub: no id_token, so the person is asked for with the access token, over TLS."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

from allauth.account.models import EmailAddress
from allauth.socialaccount import app_settings
from allauth.socialaccount.providers.github.provider import (
    GitHubProvider as AllauthProvider,
)
from requests import HTTPError

from accounts.policy.providers.careful import (
    CarefulAdapter,
    CarefulProvider,
    address,
    fetch,
    pick,
)

PROFILE = ("id", "login", "name", "email", "avatar_url", "html_url")


def _web() -> str:
    return str(app_settings.PROVIDERS["github"]["GITHUB_URL"])


def _api() -> str:
    return str(app_settings.PROVIDERS["github"]["API_URL"])


class GitHubAdapter(CarefulAdapter):
    """The callback."""

    provider_id = "github"
    access_token_url = property(lambda self: f"{_web()}/login/oauth/access_token")
    authorize_url = property(lambda self: f"{_web()}/login/oauth/authorize")

    def person(
        self, app: Any, access_token: str, response: dict[str, Any]
    ) -> dict[str, Any]:
        """The profile with all addresses. Raises RequestException."""
        profile = fetch(f"{_api()}/user", access_token)
        try:
            emails = fetch(f"{_api()}/user/emails", access_token)
        except HTTPError as error:
            # Documented to happen, when the person let us see no address.
            if getattr(error.response, "status_code", 0) != HTTPStatus.NOT_FOUND:
                raise
            emails = []
        return {**profile, "emails": emails}


class GitHubProvider(CarefulProvider, AllauthProvider):
    """allauth's, keeping less."""

    oauth2_adapter_class = GitHubAdapter

    def extract_uid(self, data: dict[str, Any]) -> str:
        """The number: a login can be given up and taken by somebody else."""
        if type(data["id"]) is not int:
            raise TypeError
        return str(data["id"])

    def extract_extra_data(self, data: dict[str, Any]) -> dict[str, Any]:
        """The profile; GitHub sends plans and counts of private repositories too."""
        return pick(data, PROFILE)

    def extract_common_fields(self, data: dict[str, Any]) -> dict[str, Any]:
        """Address and name."""
        return {"email": address(data.get("email")), "name": data.get("name")}

    def extract_email_addresses(self, data: dict[str, Any]) -> list[EmailAddress]:
        """All addresses, with what GitHub says of each."""
        return [
            EmailAddress(
                email=address(item["email"]),
                primary=item["primary"] is True,
                verified=item["verified"] is True,
            )
            for item in data["emails"]
        ]
