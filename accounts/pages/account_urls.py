"""Our own pages among allauth's, under /accounts/, and ours in the place of its own."""

from __future__ import annotations

from allauth.account import views as account
from django.urls import path

from accounts.pages import (
    brand_files,
    closing,
    codes,
    confirming,
    connections,
    devices,
    export,
    factors,
    not_me,
    other_account,
    passkeys,
    removal,
    views,
)
from accounts.pages.confirm_email import ConfirmEmailView
from accounts.pages.links import with_proof
from accounts.pages.lost_steps import explained
from accounts.pages.sign_out import SignOutView
from accounts.policy.reauthentication import CONFIRM_PAGE, REQUEST_PAGE

urlpatterns = [
    path("brand.css", brand_files.stylesheet, name="brand_css"),
    path("brand.svg", brand_files.icon, name="brand_icon"),
    path("brand/logo", brand_files.logo, name="brand_logo"),
    path("login/", other_account.sign_in, name="account_login"),
    path("login/other/", other_account.use_another, name="account_use_another"),
    path("signup/", other_account.sign_up, name="account_signup"),
    path("logout/", SignOutView.as_view(), name="account_logout"),
    path("activity/", views.activity, name="activity"),
    path("activity/not-me/<int:pk>/", not_me.from_activity, name="activity_not_me"),
    path("not-me/done/", not_me.done, name="not_me_done"),
    path("not-me/<str:token>/", not_me.from_mail, name="not_me"),
    path("export/", export.export, name="export"),
    path("close/", closing.close, name="close"),
    path("close/done/", closing.closed, name="close_done"),
    path("close/undo/<str:token>/", closing.undo, name="close_undo"),
    path("sessions/", devices.devices, name="usersessions_list"),
    path(
        "login/code/confirm/",
        explained(account.confirm_login_code),
        name="account_confirm_login_code",
    ),
    path(
        "confirm-email/",
        explained(ConfirmEmailView.as_view()),
        name="account_email_verification_sent",
    ),
    path("login/code/", codes.request_login_code, name="account_request_login_code"),
    path("reauthenticate/", confirming.reauthenticate, name="account_reauthenticate"),
    # A form that waited for reauthentication would keep the password in the session.
    path(
        "password/set/", with_proof(account.password_set), name="account_set_password"
    ),
    path(
        "password/change/",
        with_proof(account.password_change),
        name="account_change_password",
    ),
    path(
        "reauthenticate/code/",
        codes.request_reauthentication_code,
        name=REQUEST_PAGE,
    ),
    path(
        "reauthenticate/code/confirm/",
        codes.confirm_reauthentication_code,
        name=CONFIRM_PAGE,
    ),
    path("2fa/trust/", explained(factors.trust_browser), name="mfa_trust"),
    path("2fa/trust/forget/", factors.forget_browsers, name="mfa_forget_browsers"),
    path(
        "2fa/recovery-codes/",
        factors.recovery_codes,
        name="mfa_view_recovery_codes",
    ),
    path("2fa/lost/", explained(removal.lost), name="mfa_lost"),
    path("2fa/lost/code/", explained(removal.code), name="mfa_lost_code"),
    path("2fa/lost/cancel/", removal.cancel, name="mfa_lost_cancel"),
    path("2fa/lost/cancelled/", removal.cancelled, name="mfa_lost_cancelled"),
    path("2fa/lost/cancel/<str:token>/", removal.from_email, name="mfa_lost_link"),
    path("3rdparty/", connections.connections, name="socialaccount_connections"),
    *passkeys.urlpatterns,
]
