"""A service that trusts Authsite's access tokens and knows of it only two URLs."""

from __future__ import annotations

import os
from contextlib import asynccontextmanager
from http import HTTPStatus
from typing import TYPE_CHECKING, Annotated, Any

from authsite_verifier import (
    CONTENT_TYPE,
    AccessError,
    NotAuthenticated,
    Problem,
    Settings,
    Verifier,
    as_problem,
    problem,
)
from fastapi import Depends, FastAPI, Request, Response
from fastapi.responses import JSONResponse
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer
from starlette.exceptions import HTTPException

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

Sent = Annotated[
    HTTPAuthorizationCredentials | None, Depends(HTTPBearer(auto_error=False))
]


def signed_in(request: Request, sent: Sent) -> dict[str, Any]:
    """The claims of the caller's access token; every protected route depends on it.

    A plain function: it runs in the thread pool, where it may wait. Raises AccessError.
    """
    if sent is None:
        raise NotAuthenticated
    verifier: Verifier = request.app.state.verifier
    return verifier.verify(sent.credentials)


Claims = Annotated[dict[str, Any], Depends(signed_in)]


class Recent:
    """Depend on an instance: who proved themselves lately, and how (RFC 9470)."""

    def __init__(self, *, max_age: int | None = None, acr: str | None = None) -> None:
        self.max_age, self.acr = max_age, acr

    def __call__(self, request: Request, claims: Claims) -> dict[str, Any]:
        """The claims. Raises AccessError."""
        verifier: Verifier = request.app.state.verifier
        verifier.require_recent(claims, max_age=self.max_age, acr=self.acr)
        return claims


RecentClaims = Annotated[dict[str, Any], Depends(Recent(max_age=300, acr="aal2"))]


def protected_route(claims: Claims, answer: Response) -> dict[str, str]:
    """Greet the person that the token speaks of."""
    answer.headers["Cache-Control"] = "no-store"
    return {"message": f"Hello {claims['email']}"}


def recent_route(claims: RecentClaims, answer: Response) -> dict[str, str]:
    """The same for a proof within 300 s, with a second factor."""
    return protected_route(claims, answer)


async def healthz() -> dict[str, str]:
    """Say that the process lives, whatever the state of the issuer."""
    return {"status": "ok"}


def create_app() -> FastAPI:
    """The application, configured by the environment. Raises BadSetting."""
    verifier = Verifier(Settings.read(os.environ, name="fastapi-service"))

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        verifier.start()
        yield
        verifier.stop()

    app = FastAPI(title="A second service", lifespan=lifespan)
    app.state.verifier = verifier
    app.get("/protected-route")(protected_route)
    app.get("/protected-route/recent")(recent_route)
    app.get("/healthz")(healthz)
    app.exception_handler(AccessError)(not_let_in)
    app.exception_handler(HTTPException)(refused)
    return app


def as_response(found: Problem) -> JSONResponse:
    """A problem as FastAPI sends it."""
    return JSONResponse(
        found.body, found.status, found.headers, media_type=CONTENT_TYPE
    )


async def not_let_in(_: Request, error: Exception) -> JSONResponse:
    """401 or 503, with the challenge that fits."""
    assert isinstance(error, AccessError)
    return as_response(as_problem(error))


async def refused(_: Request, error: Exception) -> JSONResponse:
    """Unknown paths and methods, in the same shape."""
    assert isinstance(error, HTTPException)
    phrase = HTTPStatus(error.status_code).phrase
    code = phrase.lower().replace(" ", "_")
    return as_response(problem(error.status_code, code, f"{phrase}.", error.headers))
