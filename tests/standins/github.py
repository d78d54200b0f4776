"""GitHub's wire: OAuth without OpenID Connect, as an Enterprise Server has it."""

from __future__ import annotations

from typing import Any

from tests.standins.oauth import Provider, Refused
from tests.standins.server import Answer, Request, as_form, as_json, redirect
from tests.standins.store import Client

#: GitHub's own words.
WORDS = {
    "invalid_client": (
        "incorrect_client_credentials",
        "The client_id and/or client_secret passed are incorrect.",
    ),
    "invalid_grant": (
        "bad_verification_code",
        "The code passed is incorrect or expired.",
    ),
    "redirect_uri_mismatch": (
        "redirect_uri_mismatch",
        "The redirect_uri MUST match the registered callback URL for this application.",
    ),
}


class GitHub(Provider):
    """Consent, token, user and their addresses."""

    name = "github"
    label = "GitHub"
    token_prefix = "gho_"

    def __init__(self, base: str, slow: float) -> None:
        super().__init__(base, slow)
        self.routes |= {
            ("GET", "/login/oauth/authorize"): self.authorize,
            ("POST", "/login/oauth/access_token"): self.token,
            ("GET", "/api/v3"): lambda request: as_json({"current_user_url": "/user"}),
            ("GET", "/api/v3/user"): self.user,
            ("GET", "/api/v3/user/emails"): self.emails,
        }

    def denied(self) -> dict[str, str]:
        """With the description that GitHub gives."""
        words = "The user has denied your application access."
        return {"error": "access_denied", "error_description": words}

    def wrong_redirect_uri(self, client: Client, state: str) -> Answer:
        """GitHub goes back to the registered address with an error."""
        error, words = WORDS["redirect_uri_mismatch"]
        back = {"error": error, "error_description": words, "state": state}
        return redirect(client.redirect_uris[0], back)

    def token(self, request: Request) -> Answer:
        """200 in any case; JSON for whoever accepts it, else a form."""
        wants_json = "json" in request.headers.get("Accept", "")
        shape = as_json if wants_json else as_form
        try:
            grant, token = self.redeem(request)
        except Refused as refused:
            error, words = WORDS[str(refused)]
            return shape({"error": error, "error_description": words})
        scope = grant.asked.scope.replace(" ", ",")
        answer = {"access_token": token, "scope": scope, "token_type": "bearer"}
        return self.broken(grant) or shape(answer)

    def user(self, request: Request) -> Answer:
        """GET /user. The public address is often empty, as here."""
        grant = self.tokens.get(request.bearer)
        if grant is None:
            return unauthorised()
        login = grant.person.email.partition("@")[0] or f"user{grant.person.sub}"
        return as_json(
            {
                "login": login,
                "id": int(grant.person.sub),
                "name": grant.person.name or None,
                "email": None,
                "html_url": f"{self.base}/{login}",
                "type": "User",
                "two_factor_authentication": True,
            }
        )

    def emails(self, request: Request) -> Answer:
        """GET /user/emails; 404 without the scope for it."""
        grant = self.tokens.get(request.bearer)
        if grant is None:
            return unauthorised()
        if "user:email" not in grant.asked.scope.split():
            return as_json({"message": "Not Found"}, 404)
        found: list[dict[str, Any]] = []
        if grant.person.email:
            found.append(
                {
                    "email": grant.person.email,
                    "primary": True,
                    "verified": grant.person.verified,
                    "visibility": "private",
                }
            )
        return as_json(found)


def unauthorised() -> Answer:
    """For a token that is not, or no longer, one."""
    return as_json({"message": "Bad credentials"}, 401)
