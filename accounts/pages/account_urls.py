"""Our own pages among allauth's, under /accounts/, and ours in the place of its own."""

from __future__ import annotations

from allauth.account import views as account
from django.urls import path

from accounts.pages import codes, connections, devices, factors, passkeys, views
from accounts.pages.lost_steps import explained
from accounts.policy.reproof import URL_NAME

urlpatterns = [
    path("activity/", views.activity, name="activity"),
    path("sessions/", devices.devices, name="usersessions_list"),
    path(
        "login/code/confirm/",
        explained(account.confirm_login_code),
        name="account_confirm_login_code",
    ),
    path(
        "confirm-email/",
        explained(account.email_verification_sent),
        name="account_email_verification_sent",
    ),
    path("login/code/", codes.request_login_code, name="account_request_login_code"),
    path("password/set/", codes.password_set, name="account_set_password"),
    path(
        "reauthenticate/code/",
        codes.ReauthenticateByCodeView.as_view(),
        name=URL_NAME,
    ),
    path("2fa/trust/", explained(factors.trust_browser), name="mfa_trust"),
    path("2fa/trust/forget/", factors.forget_browsers, name="mfa_forget_browsers"),
    path(
        "2fa/recovery-codes/",
        factors.recovery_codes,
        name="mfa_view_recovery_codes",
    ),
    path("3rdparty/", connections.connections, name="socialaccount_connections"),
    *passkeys.urlpatterns,
]
