"""The site's addresses, and some for states that no visitor can bring about."""

from __future__ import annotations

from allauth.account.views import SignupView
from django.contrib.auth.decorators import login_not_required
from django.contrib.sessions.backends.base import UpdateError
from django.db import OperationalError
from django.shortcuts import render
from django.urls import path
from django.views.generic import TemplateView

from accounts.pages import mailbox
from authsite.urls import *  # noqa: F403
from authsite.urls import urlpatterns as real


@login_not_required
def broken(request):
    raise RuntimeError("A scene wants a failing page.")


@login_not_required
def away(request):
    raise OperationalError("A scene wants a database that does not answer.")


@login_not_required
def second(request):
    raise UpdateError("A scene wants another request to have been first.")


@login_not_required
def inbox(request):
    """What accounts.pages.mailbox shows in DEBUG alone."""
    context = {"mails": mailbox.mails(4)[:4], "folder": "var/mail"}
    return render(request, "mailbox.html", context)


@login_not_required
def empty_inbox(request):
    return render(request, "mailbox.html", {"mails": [], "folder": "var/mail"})


closed = TemplateView.as_view(template_name=SignupView.template_name_signup_closed)
urlpatterns = [
    *real,
    *mailbox.urlpatterns,
    path("scenes/409/", second),
    path("scenes/500/", broken),
    path("scenes/503/", away),
    path("scenes/mailbox/", inbox),
    path("scenes/mailbox/empty/", empty_inbox),
    path("scenes/signup/closed/", login_not_required(closed)),
]
