"""Verifies the access tokens of Authsite in any Python service.

    verifier = Verifier(Settings.read(os.environ))
    claims = verifier.verify(bearer(request.headers.get("Authorization")))

All that is public stands here. Errors are AccessErrors: `as_problem` says how to
answer them.
"""

from authsite_verifier.claims import require_recent
from authsite_verifier.clock import Clock
from authsite_verifier.errors import (
    AccessError,
    BadSetting,
    InsufficientAuthentication,
    InvalidToken,
    NotAuthenticated,
    RevokedToken,
    Unavailable,
)
from authsite_verifier.problem import CONTENT_TYPE, Problem, as_problem, bearer, problem
from authsite_verifier.settings import Settings
from authsite_verifier.verifier import Verifier

__all__ = [
    "CONTENT_TYPE",
    "AccessError",
    "BadSetting",
    "Clock",
    "InsufficientAuthentication",
    "InvalidToken",
    "NotAuthenticated",
    "Problem",
    "RevokedToken",
    "Settings",
    "Unavailable",
    "Verifier",
    "as_problem",
    "bearer",
    "problem",
    "require_recent",
]
