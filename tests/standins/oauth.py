"""The code flow as both providers have it (RFC 6749, 4.1; PKCE: RFC 7636)."""

from __future__ import annotations

import base64
import hashlib
import hmac
import time
from typing import Any, ClassVar

from tests.standins import pages
from tests.standins.misfortunes import EVERYWHERE, befallen
from tests.standins.server import Answer, Request, redirect
from tests.standins.store import Asked, Client, Grant, Person, Shelf

CODE_SECONDS = 60
TOKEN_SECONDS = 3600


class Refused(Exception):
    """The token endpoint says no: RFC 6749's word for why."""


class Provider:
    """A provider at a base address, with clients that are registered there."""

    name = ""
    label = ""
    token_prefix = ""
    misfortunes: ClassVar[dict[str, str]] = EVERYWHERE

    def __init__(self, base: str, slow: float) -> None:
        self.base, self.slow = base, slow
        self.clients: dict[str, Client] = {}
        self.asked: Shelf[Asked] = Shelf(600)
        self.codes: Shelf[Grant] = Shelf(CODE_SECONDS)
        self.spent: Shelf[Grant] = Shelf(CODE_SECONDS)
        self.tokens: Shelf[Grant] = Shelf(TOKEN_SECONDS, self.token_prefix)
        self.routes: dict[tuple[str, str], Any] = {("POST", "/consent"): self.consent}

    def add_client(self, client: Client) -> None:
        """Register a site."""
        self.clients[client.client_id] = client

    def handle(self, request: Request) -> Answer:
        """Whatever is asked below the base address."""
        route = self.routes.get((request.method, request.path))
        return route(request) if route else Answer("Nothing here.", 404)

    # The person's side ----------------------------------------------------------
    def authorize(self, request: Request) -> Answer:
        """The consent page; an error page when the request is not a client's."""
        query = request.query
        client = self.clients.get(query.get("client_id", ""))
        if client is None:
            return pages.trouble(self.label, "invalid_client", 401)
        redirect_uri = query.get("redirect_uri", "")
        if redirect_uri not in client.redirect_uris:
            return self.wrong_redirect_uri(client, query.get("state", ""))
        state = query.get("state", "")
        method = query.get("code_challenge_method", "")
        challenge = query.get("code_challenge", "")
        if query.get("response_type") != "code" or (challenge and method != "S256"):
            back = {"error": "invalid_request", "state": state}
            return redirect(redirect_uri, back)
        asked = Asked(
            client, redirect_uri, state, query.get("scope", ""),
            query.get("nonce", ""), challenge,
        )  # fmt: skip
        return pages.consent(self, self.asked.put(asked), asked)

    def wrong_redirect_uri(self, client: Client, state: str) -> Answer:
        """Never back to an address that is not registered."""
        return pages.trouble(self.label, "redirect_uri_mismatch", 400)

    def consent(self, request: Request) -> Answer:
        """What the person chose: back to the site, with a code or an error."""
        asked = self.asked.take(request.form.get("ticket", ""))
        if asked is None:
            return pages.trouble(self.label, "This page is too old.", 400)
        misfortune = request.form.get("misfortune", "")
        state = f"{asked.state}x" if misfortune == "wrong_state" else asked.state
        if misfortune == "denied":
            return redirect(asked.redirect_uri, {**self.denied(), "state": state})
        person = befallen(chosen(request.form), misfortune)
        code = self.codes.put(Grant(asked, person, misfortune))
        more = self.with_code(asked)
        return redirect(asked.redirect_uri, {"code": code, "state": state, **more})

    def denied(self) -> dict[str, str]:
        """RFC 6749, 4.1.2.1."""
        return {"error": "access_denied"}

    def with_code(self, asked: Asked) -> dict[str, str]:
        """What else goes back with a code."""
        return {}

    # The site's side ------------------------------------------------------------
    def redeem(self, request: Request) -> tuple[Grant, str]:
        """A code for an access token. Raises Refused."""
        form = request.form
        client_id, secret = request.client
        client = self.clients.get(client_id)
        if client is None or not hmac.compare_digest(
            secret.encode(), client.secret.encode()
        ):
            raise Refused("invalid_client")
        code = form.get("code", "")
        grant = self.codes.take(code)
        if grant is None:
            used = self.spent.get(code)
            if used:  # whoever got a token for it loses it (RFC 6749, 4.1.2)
                self.tokens.drop(used)
            raise Refused("invalid_grant")
        self.spent.put(grant, code)
        asked = grant.asked
        if asked.client is not client or grant.misfortune == "expired":
            raise Refused("invalid_grant")
        if form.get("redirect_uri", "") != asked.redirect_uri:
            raise Refused("redirect_uri_mismatch")
        if asked.challenge and s256(form.get("code_verifier", "")) != asked.challenge:
            raise Refused("invalid_grant")
        if grant.misfortune == "slow":
            time.sleep(self.slow)
        return grant, self.tokens.put(grant)

    def broken(self, grant: Grant) -> Answer | None:
        """An answer in place of the right one, when misfortune has it so."""
        if grant.misfortune == "error_500":
            return Answer("Something went wrong.", 500)
        if grant.misfortune == "garbage":
            return Answer('{"access_token": 5, "id_token": ["no"]', 200)
        return None


def chosen(form: dict[str, str]) -> Person:
    """The person of a form; a subject is made of the address when none is typed."""
    known = next((p for p in pages.PEOPLE if p.sub == form.get("person")), None)
    if known:
        return known
    email = form.get("email", "").strip()
    digits = int(hashlib.sha256(email.encode()).hexdigest(), 16) % 10**12
    sub = form.get("sub", "").strip()
    return Person(
        sub=sub if sub.isdecimal() else str(10**12 + digits),
        name=form.get("name", "").strip(),
        email=email,
    )


def s256(verifier: str) -> str:
    """The challenge that belongs to a verifier."""
    digest = hashlib.sha256(verifier.encode()).digest()
    return base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
