"""Our own pages among allauth's, under /accounts/."""

from __future__ import annotations

from django.urls import path

from accounts.pages import passkeys, views

urlpatterns = [
    path("activity/", views.activity, name="activity"),
    *passkeys.urlpatterns,
]
