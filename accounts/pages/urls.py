"""Our own pages, at the root."""

from __future__ import annotations

from django.urls import path

from accounts.pages import language, views

urlpatterns = [
    path("", views.home, name="home"),
    path("dashboard/", views.dashboard, name="dashboard"),
    path("profile/", views.profile, name="profile"),
    path("language/", language.choose, name="language"),
]
