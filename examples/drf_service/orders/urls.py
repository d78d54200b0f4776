"""Where the routes are."""

from __future__ import annotations

from django.urls import path

from orders import views

urlpatterns = [
    path("protected-route", views.ProtectedRoute.as_view()),
    path("protected-route/recent", views.RecentRoute.as_view()),
    path("healthz", views.Healthz.as_view()),
]
handler400 = "orders.errors.bad_request"
handler404 = "orders.errors.not_found"
handler500 = "orders.errors.server_error"
