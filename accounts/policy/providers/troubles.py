"""Why a sign-in by a provider did not work, as far as a person can act on it."""

from __future__ import annotations

import logging
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from allauth.core.exceptions import ImmediateHttpResponse
from allauth.socialaccount.providers.base.constants import AuthError
from django.shortcuts import render
from requests import RequestException, Timeout

if TYPE_CHECKING:
    from django.http import HttpRequest

logger = logging.getLogger(__name__)
STATUS = {
    "stale": HTTPStatus.BAD_REQUEST,
    "refused": HTTPStatus.UNAUTHORIZED,
    "away": HTTPStatus.BAD_GATEWAY,
    "slow": HTTPStatus.GATEWAY_TIMEOUT,
}
#: What a provider says of itself when it cannot do it now (RFC 6749, 4.1.2.1).
AWAY = {"server_error", "temporarily_unavailable"}


def trouble(
    request: HttpRequest, exception: Exception | None, context: dict[str, Any]
) -> str:
    """A word of STATUS."""
    if isinstance(exception, Timeout):
        return "slow"
    if isinstance(exception, RequestException) or request.GET.get("error") in AWAY:
        return "away"
    # The callback of a sign-in that this browser did not begin, or began long ago.
    if exception is None and not context.get("state"):
        return "stale"
    return "refused"


def explain(
    request: HttpRequest,
    provider: Any,
    error: str,
    exception: Exception | None,
    context: dict[str, Any],
) -> None:
    """Answer with the page that says what to do: raises ImmediateHttpResponse.

    Not for a person who only stopped, nor for a client of the headless API: allauth
    sends both on. Never tells what the provider wrote, which may hold secrets.
    """
    if error == AuthError.CANCELLED:
        return
    word = trouble(request, exception, context)
    logger.warning(
        "provider_trouble provider=%s trouble=%s error=%s cause=%s",
        getattr(provider, "sub_id", ""),
        word,
        type(exception).__name__,
        type(getattr(exception, "__cause__", None)).__name__,
    )
    if (context.get("state") or {}).get("headless"):
        return
    page = {"trouble": word, "provider": provider}
    raise ImmediateHttpResponse(
        render(
            request,
            "socialaccount/authentication_error.html",
            page,
            status=STATUS[word],
        )
    )
