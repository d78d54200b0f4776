"""The table of contents: each flow of the design, and where its code is."""

from __future__ import annotations

from django.conf import settings
from django.contrib import admin
from django.urls import include, path

from accounts.tokens.views import jwks
from authsite import wellknown
from authsite.errors import nothing_here

urlpatterns = [
    # browser_sign_in, social_sign_in: allauth's paths with our policy and templates
    path("accounts/", include("accounts.pages.account_urls")),
    path("accounts/", include("allauth.urls")),
    path("", include("accounts.pages.urls")),
    # admin_action
    path("admin/", admin.site.urls),
    # api_sign_in, refresh, protected_request
    path("api/", include("accounts.api.urls")),
    # Nobody has a telephone number here, and allauth's views for one break without.
    path("_allauth/<str:client>/v1/account/phone", nothing_here),
    path("_allauth/<str:client>/v1/auth/phone/<path:rest>", nothing_here),
    path("_allauth/", include("accounts.tokens.headless")),
    path("_allauth/", include("accounts.policy.headless")),
    path("_allauth/", include("allauth.headless.urls")),
    path("_allauth/<path:rest>", nothing_here),
    # what other services and browsers ask for
    path(".well-known/jwks.json", jwks, name="jwks"),
    path(
        ".well-known/change-password",
        wellknown.change_password,
        name="change_password_url",
    ),
    path(".well-known/passkey-endpoints", wellknown.passkey_endpoints),
    path(".well-known/security.txt", wellknown.security_txt),
    path(".well-known/<path:rest>", nothing_here),
    path("favicon.ico", wellknown.favicon, name="favicon"),
    path("healthz", wellknown.healthz, name="healthz"),
]
if settings.DEBUG:
    from accounts.pages import mailbox

    urlpatterns += mailbox.urlpatterns

handler400 = "authsite.errors.bad_request"
handler403 = "authsite.errors.permission_denied"
handler404 = "authsite.errors.not_found"
handler429 = "authsite.errors.too_many"
handler500 = "authsite.errors.server_error"
