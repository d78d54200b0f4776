"""The API's table of contents."""

from __future__ import annotations

from django.urls import path

from accounts.api import docs, revocations, views

app_name = "api"
urlpatterns = [
    path("token/", views.TokenView.as_view(), name="token"),
    path("token/mfa/", views.TokenMFAView.as_view(), name="token_mfa"),
    path("token/refresh/", views.TokenRefreshView.as_view(), name="token_refresh"),
    path("token/verify/", views.TokenVerifyView.as_view(), name="token_verify"),
    path("token/revoke/", views.TokenRevokeView.as_view(), name="token_revoke"),
    path("token/blacklist/", views.TokenRevokeView.as_view(), name="token_blacklist"),
    path("token/session/", views.TokenSessionView.as_view(), name="token_session"),
    path("me/", views.MeView.as_view(), name="me"),
    path(
        "protected-route/", views.ProtectedRouteView.as_view(), name="protected_route"
    ),
    path(
        "protected-route/recent/", views.RecentProofView.as_view(), name="recent_proof"
    ),
    path("revocations/", revocations.RevocationsView.as_view(), name="revocations"),
    path("schema/", docs.SchemaView.as_view(), name="schema"),
    path("docs/", docs.DocsView.as_view(), name="docs"),
    # Anything else, a missing slash included: a problem, never a page or a redirect.
    path("<path:rest>", views.NotFoundView.as_view(), name="not_found"),
]
