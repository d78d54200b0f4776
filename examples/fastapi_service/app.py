"""A service that trusts Authsite's access tokens and knows of it only its key URL."""

from __future__ import annotations

import os
from contextlib import asynccontextmanager
from dataclasses import dataclass
from http import HTTPStatus
from typing import TYPE_CHECKING, Annotated, Any

from fastapi import Depends, FastAPI, Request
from fastapi.responses import JSONResponse
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer
from jwks import JwksClient, KeysUnavailable
from starlette.exceptions import HTTPException
from verifier import InvalidToken, Verifier

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Mapping

MAX_LEEWAY = 60


class NotAuthenticated(Exception):
    """No bearer token was sent."""


@dataclass(frozen=True)
class Settings:
    """What the service must be told."""

    issuer: str
    audience: str
    jwks_url: str
    leeway: float

    @classmethod
    def read(cls, environment: Mapping[str, str]) -> Settings:
        """From AUTH_ISSUER, AUTH_AUDIENCE, AUTH_JWKS_URL and AUTH_LEEWAY (seconds).

        Raises SystemExit with the name of a value that is missing or bad.
        """
        for name in ("AUTH_ISSUER", "AUTH_AUDIENCE"):
            if not environment.get(name):
                msg = f"{name} must be set (see README.md)"
                raise SystemExit(msg)
        issuer = environment["AUTH_ISSUER"]
        url = environment.get("AUTH_JWKS_URL")
        leeway = environment.get("AUTH_LEEWAY") or "0"
        if not leeway.isdecimal() or int(leeway) > MAX_LEEWAY:
            msg = f"AUTH_LEEWAY must be a number of seconds from 0 to {MAX_LEEWAY}"
            raise SystemExit(msg)
        return cls(
            issuer=issuer,
            audience=environment["AUTH_AUDIENCE"],
            jwks_url=url or issuer.rstrip("/") + "/.well-known/jwks.json",
            leeway=int(leeway),
        )


async def signed_in(
    request: Request,
    sent: Annotated[
        HTTPAuthorizationCredentials | None, Depends(HTTPBearer(auto_error=False))
    ],
) -> dict[str, Any]:
    """The claims of the caller's access token; every protected route depends on it."""
    if sent is None:
        raise NotAuthenticated
    verifier: Verifier = request.app.state.verifier
    return await verifier.verify(sent.credentials)


Claims = Annotated[dict[str, Any], Depends(signed_in)]


async def protected_route(claims: Claims) -> dict[str, str]:
    """Greet the person that the token speaks of."""
    return {"message": f"Hello {claims['email']}"}


async def healthz() -> dict[str, str]:
    """Say that the process lives, whatever the state of the issuer."""
    return {"status": "ok"}


def create_app() -> FastAPI:
    """The application, configured by the environment."""
    settings = Settings.read(os.environ)

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        keys = JwksClient(settings.jwks_url)
        app.state.verifier = Verifier(
            settings.issuer, settings.audience, keys, settings.leeway
        )
        yield
        await keys.close()

    app = FastAPI(title="A second service", lifespan=lifespan)
    app.get("/protected-route")(protected_route)
    app.get("/healthz")(healthz)
    app.exception_handler(NotAuthenticated)(not_authenticated)
    app.exception_handler(InvalidToken)(invalid_token)
    app.exception_handler(KeysUnavailable)(unavailable)
    app.exception_handler(HTTPException)(refused)
    return app


def problem(
    status: int, code: str, detail: str, headers: Mapping[str, str] | None = None
) -> JSONResponse:
    """An error as RFC 9457 wants it, with the stable `code` that Authsite uses too."""
    body = {
        "type": "about:blank",
        "title": HTTPStatus(status).phrase,
        "status": status,
        "detail": detail,
        "code": code,
    }
    return JSONResponse(body, status, headers, media_type="application/problem+json")


async def not_authenticated(_: Request, __: Exception) -> JSONResponse:
    """A bare challenge: no error code when nothing was sent (RFC 6750 section 3.1)."""
    return problem(
        401,
        "not_authenticated",
        "Send an access token.",
        {"WWW-Authenticate": "Bearer"},
    )


async def invalid_token(_: Request, error: Exception) -> JSONResponse:
    """The texts of InvalidToken are ours, free of quotes and of the token."""
    challenge = f'Bearer error="invalid_token", error_description="{error}"'
    return problem(401, "token_not_valid", f"{error}.", {"WWW-Authenticate": challenge})


async def unavailable(_: Request, error: Exception) -> JSONResponse:
    """Nobody is let in while nobody can be checked."""
    wait = error.retry_after if isinstance(error, KeysUnavailable) else 1
    return problem(
        503,
        "unavailable",
        "Tokens cannot be checked just now.",
        {"Retry-After": str(wait)},
    )


async def refused(_: Request, error: Exception) -> JSONResponse:
    """Unknown paths and methods, in the same shape."""
    status, headers = 500, None
    if isinstance(error, HTTPException):
        status, headers = error.status_code, error.headers
    phrase = HTTPStatus(status).phrase
    return problem(status, phrase.lower().replace(" ", "_"), f"{phrase}.", headers)
