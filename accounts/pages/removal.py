"""Pages for someone who lost their device and their codes.

Open to people whose sign-in waits for the second step, too; nobody is signed in here.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.core.exceptions import ValidationError
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import (
    require_http_methods,
    require_POST,
    require_safe,
)

from accounts.pages.links import behind_link, dead, limited, see_other
from accounts.pages.removal_forms import CodeForm, StartForm
from accounts.policy import removal
from accounts.policy.removal_code import Code, asker_of, send_again

if TYPE_CHECKING:
    from django.http import HttpRequest, HttpResponse

    from accounts.models import User
    from accounts.policy.removal_code import Asker

DEAD = "mfa/removal/dead.html"


@login_not_required
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def lost(request: HttpRequest) -> HttpResponse:
    """GET 2fa/lost/: what it means, or when it takes effect. POST: email a code."""
    asker = asker_of(request)
    if asker is None:
        return _elsewhere(request)
    found = removal.open_of(asker.user)
    if found is not None:
        context = {"asker": asker, "removal": found}
        return render(request, "mfa/removal/waiting.html", context)
    form = StartForm(request.POST if request.method == "POST" else None, asker=asker)
    if request.method == "POST" and form.is_valid():
        return see_other("mfa_lost_code")
    context = {"asker": asker, "form": form}
    return render(request, "mfa/removal/start.html", context)


@login_not_required
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def code(request: HttpRequest) -> HttpResponse:
    """GET and POST 2fa/lost/code/: the code; a right one opens the request."""
    asker = asker_of(request)
    if asker is None:
        return _elsewhere(request)
    process = Code.resume(asker)
    if process is None:
        return redirect("mfa_lost")
    if request.POST.get("action") == "resend":
        return _sent_again(request, asker)
    form = CodeForm(request.POST if request.method == "POST" else None, process=process)
    if request.method == "POST" and form.is_valid():
        removal.ask(request, asker.user)
        return see_other("mfa_lost")
    context = {"asker": asker, "form": form}
    return render(request, "mfa/removal/code.html", context)


@never_cache
@require_POST
def cancel(request: HttpRequest) -> HttpResponse:
    """POST 2fa/lost/cancel/: any session may, without confirming who it is."""
    person = cast("User", request.user)
    if removal.cancel(person, removal.By.SESSION, request=request):
        text = _("Cancelled. Your second steps stay as they are.")
        messages.success(request, text)
    else:
        messages.info(request, _("This request had ended already."))
    return see_other("mfa_index")


@behind_link
@require_http_methods(["GET", "HEAD", "POST"])
def from_email(request: HttpRequest, token: str) -> HttpResponse:
    """GET and POST 2fa/lost/cancel/TOKEN/: whoever got the email may."""
    if request.method != "POST":
        found = removal.by_link(token)
        if found is None:
            return dead(request, DEAD)
        return render(request, "mfa/removal/cancel.html", {"removal": found})
    too_many = limited(request, "mail_link")
    if too_many:
        return too_many
    if not removal.cancel_by_link(request, token):
        return dead(request, DEAD)
    return see_other("mfa_lost_cancelled")


@behind_link
@require_safe
def cancelled(request: HttpRequest) -> HttpResponse:
    """What now; the same for everyone."""
    return render(request, "mfa/removal/cancelled.html")


def _elsewhere(request: HttpRequest) -> HttpResponse:
    here = request.user.is_authenticated
    return redirect("mfa_index" if here else "account_login")


def _sent_again(request: HttpRequest, asker: Asker) -> HttpResponse:
    try:
        send_again(asker)
    except ValidationError as error:
        messages.warning(request, error.messages[0])
    else:
        messages.success(request, _("We sent you a new code."))
    return see_other("mfa_lost_code")
