"""Our own pages among allauth's, under /accounts/, and ours in the place of its own."""

from __future__ import annotations

from django.urls import path

from accounts.pages import brand_files, codes, connections, factors, passkeys, views
from accounts.policy.reproof import URL_NAME

urlpatterns = [
    path("brand.css", brand_files.stylesheet, name="brand_css"),
    path("brand.svg", brand_files.icon, name="brand_icon"),
    path("brand/logo", brand_files.logo, name="brand_logo"),
    path("activity/", views.activity, name="activity"),
    path("login/code/", codes.request_login_code, name="account_request_login_code"),
    path("password/set/", codes.password_set, name="account_set_password"),
    path(
        "reauthenticate/code/",
        codes.ReauthenticateByCodeView.as_view(),
        name=URL_NAME,
    ),
    path("2fa/trust/", factors.trust_browser, name="mfa_trust"),
    path("2fa/trust/forget/", factors.forget_browsers, name="mfa_forget_browsers"),
    path(
        "2fa/recovery-codes/",
        factors.recovery_codes,
        name="mfa_view_recovery_codes",
    ),
    path("3rdparty/", connections.connections, name="socialaccount_connections"),
    *passkeys.urlpatterns,
]
