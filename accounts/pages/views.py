"""Home, dashboard, profile, activity. Every page but home wants a signed-in person."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from allauth.account.models import EmailAddress
from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.core.paginator import Paginator
from django.shortcuts import redirect, render
from django.utils.translation import activate
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from accounts.audit.history import events_of, moments, recent_events
from accounts.models import User
from accounts.pages import overview
from accounts.pages.forms import ProfileForm

if TYPE_CHECKING:
    from django.http import HttpRequest, HttpResponse

EVENTS_PER_PAGE = 25


def _person(request: HttpRequest) -> User:
    # LoginRequiredMiddleware lets nobody else reach these views.
    return cast("User", request.user)


@login_not_required
@never_cache
@require_safe
def home(request: HttpRequest) -> HttpResponse:
    """Signed out: what this is and a way in. Signed in: the dashboard."""
    if request.user.is_authenticated:
        return redirect("dashboard")
    return render(request, "pages/home.html")


@never_cache
@require_safe
def dashboard(request: HttpRequest) -> HttpResponse:
    """Who I am, how I signed in, what to do for my security, what happened lately."""
    person = _person(request)
    context = {
        "advice": overview.advice(person),
        "sign_in": overview.current_sign_in(request, person),
        "session_count": overview.session_count(person),
        "moments": recent_events(person, 5),
    }
    return render(request, "pages/dashboard.html", context)


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def profile(request: HttpRequest) -> HttpResponse:
    """Change my name; see what else is known of me."""
    # A copy: a refused name must not appear in the page's own frame.
    person = User.objects.get(pk=_person(request).pk)
    form = ProfileForm(request.POST or None, instance=person)
    if request.method == "POST" and form.is_valid():
        form.save()
        if person.language:  # so that the answer is in it already
            activate(person.language)
        messages.success(request, _("Your profile was saved."))
        return redirect("profile")
    email = EmailAddress.objects.filter(user=person, primary=True).first()
    context = {"form": form, "is_verified": bool(email and email.verified)}
    return render(request, "pages/profile.html", context)


@never_cache
@require_safe
def activity(request: HttpRequest) -> HttpResponse:
    """My own events, newest first, a page at a time."""
    pages = Paginator(events_of(_person(request)), EVENTS_PER_PAGE)
    page = pages.get_page(request.GET.get("page"))
    context = {"page": page, "moments": moments(list(page.object_list))}
    return render(request, "pages/activity.html", context)
