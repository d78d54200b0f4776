"""Saying "this wasn't me": by a mail without signing in, or in one's list with proof.

GET shows what would happen and changes nothing; scanners of mail open links too.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from django.http import Http404
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_safe

from accounts.audit.history import events_of, is_reportable, moments
from accounts.pages.links import behind_link, dead, limited, see_other, with_proof
from accounts.policy import not_me
from accounts.policy.sessions import leave
from accounts.policy.take_back import plan, take_back

if TYPE_CHECKING:
    from django.http import HttpRequest, HttpResponse

    from accounts.audit.models import Event
    from accounts.models import User

PAGE = "pages/not_me.html"
DEAD = "pages/not_me_dead.html"


@behind_link
@require_http_methods(["GET", "HEAD", "POST"])
def from_mail(request: HttpRequest, token: str) -> HttpResponse:
    """GET and POST not-me/TOKEN/: whoever holds the mail may."""
    if request.method == "POST":
        too_many = limited(request, "mail_link")
        if too_many:
            return too_many
    claim = not_me.read(token)
    user = not_me.person(claim) if claim else None
    if claim is None or user is None:
        return dead(request, DEAD)
    if request.method == "POST":
        return _act(request, claim)
    return render(request, PAGE, {"plan": plan(user, claim)})


@with_proof
@require_http_methods(["GET", "HEAD", "POST"])
def from_activity(request: HttpRequest, pk: int) -> HttpResponse:
    """GET and POST activity/not-me/PK/: something in one's own list.

    When the address has changed since, a mail to it would go to a stranger: then the
    page says where the right link is. Raises Http404.
    """
    user = cast("User", request.user)
    event = _own_event(user, pk)
    claim = not_me.of_event(user, event)
    if not claim.email:
        return redirect("account_email")  # without a proven one no mail leads back in
    elsewhere = not_me.address_changed(claim)
    if request.method == "POST" and not elsewhere:
        return _act(request, claim)
    (moment,) = moments([event])
    by_key = "webauthn" in event.method.split("+")
    context: dict[str, Any] = {
        "moment": moment, "elsewhere": elsewhere, "by_key": by_key
    }  # fmt: skip
    if not elsewhere:
        context["plan"] = plan(user, claim)
    return render(request, PAGE, context)


@behind_link
@require_safe
def done(request: HttpRequest) -> HttpResponse:
    """What now; the same for everybody."""
    return render(request, "pages/not_me_done.html")


def _own_event(user: User, pk: int) -> Event:
    event = events_of(user).filter(pk=pk).first()  # type: ignore[attr-defined]
    if event is None or not is_reportable(event):
        raise Http404
    return event


def _act(request: HttpRequest, claim: not_me.Claim) -> HttpResponse:
    user = take_back(request, claim)
    if user is None:
        return dead(request, DEAD)
    leave(request, user)
    return see_other("not_me_done")
