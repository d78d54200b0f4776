"""The way from a token endpoint into allauth's headless pipeline and back.

An API view has no session and no account middleware around it; this gives the request
what the pipeline asks for, lets allauth's own view do the work, and translates its
answer into the contract's.
"""

from __future__ import annotations

import json
from contextlib import contextmanager
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

from allauth.core import context
from allauth.core.exceptions import ImmediateHttpResponse
from allauth.headless.constants import Client
from django.conf import settings
from django.contrib.auth.models import AnonymousUser
from django.urls import reverse
from rest_framework.response import Response

from accounts.api.errors import refusal
from accounts.policy import enrolment
from accounts.policy.headless import LoginView
from accounts.policy.headless_factors import AuthenticateView
from accounts.policy.limits import retry_after
from accounts.policy.sessions import session_store
from accounts.tokens import audiences

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from django.http import HttpRequest, HttpResponseBase

login_view = LoginView.as_api_view(client=Client.APP)
mfa_view = AuthenticateView.as_api_view(client=Client.APP)
NO_ACCOUNT = "No active account found with the given credentials"
SIGN_IN_ACTIONS = ("login", "login_failed", "confirm_email")
INVALID = ("invalid", "required", "max_length")
PENDING = {
    "mfa_authenticate": ("mfa_required", "A second factor is needed."),
    "verify_email": ("email_unverified", "The e-mail address must be verified first."),
}


@contextmanager
def pipeline(request: HttpRequest, audience: str = "") -> Iterator[None]:
    """What allauth's AccountMiddleware and Django's sessions do for a page.

    `audience` is whom the access token is for: one of audiences.services(), or empty
    for our own API.
    """
    audiences.ask(request, audience)
    request.session = session_store()
    request.user = AnonymousUser()
    request.allauth = SimpleNamespace()  # type: ignore[attr-defined]
    with context.request_context(request):
        yield


def call(
    view: Callable[..., HttpResponseBase],
    request: HttpRequest,
    body: dict[str, str],
    session_token: str | None = None,
) -> tuple[int, dict[str, Any]]:
    """Run a headless view on this body; returns its status and JSON."""
    request._body = json.dumps(body).encode()
    for name in ("HTTP_X_SESSION_TOKEN", "HTTP_AUTHORIZATION"):
        request.META.pop(name, None)
    if session_token is not None:
        request.META["HTTP_X_SESSION_TOKEN"] = session_token
    request.__dict__.pop("headers", None)  # cached from META
    try:
        response: Any = view(request)
    except ImmediateHttpResponse as error:
        response = error.response
    content = response.content
    return response.status_code, json.loads(content) if content else {}


def translate(
    request: HttpRequest, status: int, body: dict[str, Any], key: str
) -> Response:
    """Allauth's answer to a sign-in as the contract's.

    `key` is what failures are counted under, for Retry-After.
    """
    meta = body.get("meta", {})
    if status == 200 and meta.get("access_token"):
        return Response(
            {
                "access": meta["access_token"],
                "refresh": meta["refresh_token"],
                "token_type": meta["token_type"],
                "expires_in": meta["expires_in"],
                "session_token": meta["session_token"],
            }
        )
    codes = {error["code"] for error in body.get("errors", [])}
    if status == 429 or "too_many_login_attempts" in codes:
        return _throttled(request, key)
    if status == 403 and enrolment.CODE in codes:
        return enrol_first()
    if status == 401 and (pending := _pending(body)):
        return _further_step(pending, meta.get("session_token", ""))
    if status == 400 and codes <= {"incorrect_code", *INVALID}:
        return _invalid(body)
    return refusal(401, "no_active_account", NO_ACCOUNT)


def enrol_first() -> Response:
    """403 for who must set up a second step before they get tokens."""
    page = settings.SITE_URL + reverse("mfa_index")
    return refusal(403, enrolment.CODE, str(enrolment.DETAIL), enrol_url=page)


def _throttled(request: HttpRequest, key: str) -> Response:
    wait = retry_after(request, SIGN_IN_ACTIONS, key=key)
    detail = f"Too many attempts. Try again in {wait} seconds."
    return refusal(429, "throttled", detail, {"Retry-After": str(wait)})


def _pending(body: dict[str, Any]) -> dict[str, Any]:
    flows = body.get("data", {}).get("flows", [])
    return next((flow for flow in flows if flow.get("is_pending")), {})


def _further_step(flow: dict[str, Any], session_token: str) -> Response:
    code, detail = PENDING.get(flow["id"], (flow["id"], "A further step is needed."))
    members: dict[str, Any] = {"pending_token": session_token}
    if types := flow.get("types"):
        members["factors"] = types
    return refusal(401, code, detail, **members)


def _invalid(body: dict[str, Any]) -> Response:
    if any(error["code"] == "incorrect_code" for error in body["errors"]):
        wrong = "Incorrect code."
        return refusal(400, "invalid", wrong, errors={"code": [wrong]})
    errors: dict[str, list[str]] = {}
    for error in body["errors"]:
        errors.setdefault(error.get("param", "non_field"), []).append(error["message"])
    return refusal(
        400, "invalid", "Some fields are missing or not valid.", errors=errors
    )
