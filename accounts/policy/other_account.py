"""While someone is signed in, another person's credentials open nothing: 409.

They would end one person's session by another's sign-in. Pages offer to sign out
first, and keep the address that was typed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from allauth.account.utils import get_next_redirect_url
from allauth.core.exceptions import ImmediateHttpResponse
from allauth.core.internal.httpkit import is_headless_request
from allauth.headless.base.response import ConflictResponse
from django.shortcuts import render

if TYPE_CHECKING:
    from django.contrib.sessions.backends.base import SessionBase
    from django.http import HttpRequest, HttpResponse

    from accounts.models import User

TYPED = "policy_typed_address"
LONGEST = 254


def conflict(request: HttpRequest) -> HttpResponse:
    """409: in allauth's shape, or the page that offers to sign out."""
    if is_headless_request(request):
        response: HttpResponse = ConflictResponse(request)
        return response
    context = {
        "typed": request.POST.get("login", request.POST.get("email", ""))[:LONGEST],
        "redirect_to": get_next_redirect_url(request) or "",
    }
    return render(request, "account/other_account.html", context, status=409)


def refuse_other(request: HttpRequest, user: User) -> None:
    """Raises ImmediateHttpResponse (409) while somebody other than `user` is in."""
    if request.user.is_authenticated and request.user.pk != user.pk:
        raise ImmediateHttpResponse(conflict(request))


def keep_typed(session: SessionBase, email: str) -> None:
    """For the sign-in page that comes next."""
    if email:
        session[TYPED] = email[:LONGEST]


def take_typed(session: SessionBase) -> str:
    """The address that was typed before signing out, once."""
    return str(session.pop(TYPED, "")) if TYPED in session else ""
