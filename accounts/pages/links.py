"""What the pages behind mailed links, and those that end sessions, have in common."""

from __future__ import annotations

from functools import wraps
from typing import TYPE_CHECKING, Any

from allauth.account.internal.flows.reauthentication import (
    raise_if_reauthentication_required,
)
from allauth.core.internal import ratelimit
from django.contrib.auth.decorators import login_not_required
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache

from accounts.policy.confirmation import is_confirmed
from accounts.policy.limits import APP

if TYPE_CHECKING:
    from collections.abc import Callable

    from django.http import HttpRequest, HttpResponse
    from django.http.response import HttpResponseBase

    View = Callable[..., HttpResponseBase]


def behind_link(view: View) -> View:
    """For a page whose address is a key: open to its holder, told to nobody else.

    No Referer holds the path. Not by "no-referrer", under which a browser hides where
    a form comes from as well, so that it is refused as forged.
    """

    @login_not_required
    @never_cache
    @wraps(view)
    def wrapped(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        response = view(request, *args, **kwargs)
        response["Referrer-Policy"] = "strict-origin"
        return response

    return wrapped


def with_proof(view: View) -> View:
    """Ask for proof again before the page, and once more when it was open for long.

    A press that comes too late leads back to the page: it is read again, then pressed.
    """

    @never_cache
    @wraps(view)
    def wrapped(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if request.method != "POST":
            raise_if_reauthentication_required(request, app=APP)
        elif not is_confirmed(request, request.user):
            return redirect(request.path)
        return view(request, *args, **kwargs)

    return wrapped


def limited(request: HttpRequest, action: str) -> HttpResponse | None:
    """429 for whoever presses too often."""
    found: HttpResponse | None = ratelimit.consume_or_429(
        request, app=APP, action=action
    )
    return found


def dead(request: HttpRequest, template: str) -> HttpResponse:
    """410: a link that no longer works, for whatever reason: none is told."""
    return render(request, template, status=410)


def see_other(name: str) -> HttpResponse:
    """303: the press is done, the next page is only looked at."""
    response = redirect(name)
    response.status_code = 303
    return response
