"""The answer to each error, for any framework (RFC 9457, RFC 6750, RFC 9470)."""

from __future__ import annotations

from dataclasses import dataclass
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from authsite_verifier.errors import (
    AccessError,
    InsufficientAuthentication,
    InvalidToken,
    NotAuthenticated,
    Unavailable,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

CONTENT_TYPE = "application/problem+json"


@dataclass(frozen=True, slots=True)
class Problem:
    """Status, headers (without Content-Type) and body of an answer."""

    status: int
    headers: dict[str, str]
    body: dict[str, Any]


def bearer(authorization: str | None) -> str:
    """The token of an Authorization header (RFC 6750 2.1; the scheme in any case).

    Raises NotAuthenticated when there is none.
    """
    scheme, _, token = (authorization or "").partition(" ")
    token = token.lstrip(" ")
    if scheme.lower() != "bearer" or not token:
        raise NotAuthenticated
    return token


def as_problem(error: AccessError) -> Problem:
    """How to answer when somebody is not let in."""
    members: dict[str, str | int] = {}
    headers = {"WWW-Authenticate": "Bearer"}  # bare: RFC 6750 section 3.1
    if isinstance(error, InvalidToken):
        headers = {"WWW-Authenticate": _challenge("invalid_token", f"{error}", {})}
    elif isinstance(error, InsufficientAuthentication):
        wanted = {"acr_values": error.acr_values, "max_age": error.max_age}
        members = {name: value for name, value in wanted.items() if value is not None}
        headers = {"WWW-Authenticate": _challenge(error.code, f"{error}", members)}
    elif isinstance(error, Unavailable):
        headers = {"Retry-After": str(error.retry_after)}
    return problem(error.status, error.code, f"{error}.", headers, **members)


def problem(
    status: int,
    code: str,
    detail: str,
    headers: Mapping[str, str] | None = None,
    **members: str | int,
) -> Problem:
    """Any other error in the same shape."""
    body = {
        "type": "about:blank",
        "title": HTTPStatus(status).phrase,
        "status": status,
        "detail": detail,
        "code": code,
        **members,
    }
    return Problem(status, dict(headers or {}), body)


def _challenge(error: str, description: str, members: Mapping[str, str | int]) -> str:
    told = {"error": error, "error_description": description, **members}
    return "Bearer " + ", ".join(f'{name}="{value}"' for name, value in told.items())
