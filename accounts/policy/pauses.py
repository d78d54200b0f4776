"""A page that ran into a limit: which one, how long it lasts, what is open meanwhile.

Nothing here is remembered: all is read from the counters as they stand, so that a page
never offers a way that would be refused as well.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from allauth.account import app_settings as account
from allauth.account.internal.flows.email_verification_by_code import (
    EMAIL_VERIFICATION_CODE_SESSION_KEY,
)
from allauth.account.internal.stagekit import LOGIN_SESSION_KEY
from allauth.mfa import app_settings as mfa

from accounts.models import normalise_email
from accounts.policy.limits import (
    attempts_key,
    is_way_back,
    second_step_key,
    seconds_left,
)
from accounts.policy.reauthentication import CONFIRM_PAGE, REQUEST_PAGE
from accounts.policy.removal_code import LIMIT, asker_of, limit_key

if TYPE_CHECKING:
    from django.http import HttpRequest

#: A code to confirm an address with.
MAILED = "confirm_email"
GUESSES = ("login", "login_failed", MAILED)
CODES = ("login_failed", "reset_password", MAILED)
CHANGES = ("manage_email", "change_password", MAILED)
PROOFS = ("reauthenticate", "login_failed")
#: Which limits the pages are counted under, by the name of their address.
PAGES: dict[str, tuple[str, ...]] = {
    "account_login": GUESSES,
    "account_confirm_login_code": CODES,
    "account_email_verification_sent": CODES,
    "account_signup": ("signup", MAILED),
    "account_signup_by_passkey": ("signup", MAILED),
    "socialaccount_signup": ("signup", MAILED),
    "account_request_login_code": ("reset_password",),
    "account_reset_password": ("reset_password",),
    "account_reset_password_from_key": ("reset_password_from_key",),
    "account_reauthenticate": PROOFS,
    REQUEST_PAGE: ("reauthenticate", "reset_password"),
    CONFIRM_PAGE: (*PROOFS, "reset_password"),
    "mfa_authenticate": ("login_failed",),
    "mfa_reauthenticate": PROOFS,
    "mfa_reauthenticate_webauthn": PROOFS,
    "mfa_activate_totp": ("login_failed",),
    "mfa_lost": (LIMIT, "login_failed"),
    "mfa_lost_code": ("login_failed",),
    "mfa_lost_link": ("mail_link",),
    "mfa_login_webauthn": ("webauthn_login", "passkey_options"),
    "google_login": ("provider",),
    "github_login": ("provider",),
    "openid_connect_login": ("provider",),
    "not_me": ("mail_link",),
    "close_undo": ("mail_link",),
    "export": ("export",),
}
#: Where one is about to sign in, and may take another way instead.
SIGN_IN = frozenset(
    {
        "account_login",
        "account_confirm_login_code",
        "account_request_login_code",
        "account_reset_password",
        "mfa_login_webauthn",
    }
)
#: Where what fails is counted under the person, not under an address.
SECOND_STEP = frozenset(
    {
        "mfa_authenticate",
        "mfa_reauthenticate",
        "mfa_reauthenticate_webauthn",
        "mfa_activate_totp",
    }
)
#: Pages where a failed try is a wrong code.
BY_CODE = frozenset(
    {
        "account_confirm_login_code",
        "account_email_verification_sent",
        "mfa_authenticate",
        "mfa_reauthenticate",
        "mfa_activate_totp",
        "mfa_lost_code",
        CONFIRM_PAGE,
    }
)


@dataclass(frozen=True, slots=True)
class Pause:
    """What a limited page can say.

    `reason` is one of "guesses", "codes", "mails", "sign_ups", "changes", "calls";
    `ways` are those of "passkey", "provider", "code", "password", "reset" that would
    work at this moment, at a page where one signs in.
    """

    seconds: int
    reason: str
    ways: frozenset[str]

    @property
    def minutes(self) -> int:
        """Rounded up: nobody must come back too early."""
        return math.ceil(self.seconds / 60)


def pause_of(request: HttpRequest) -> Pause:
    """Of the page that was asked for."""
    page = _name(request)
    waits = {
        action: seconds_left(request, action, _key(request, page, action))
        for action in _actions(page)
    }
    action = max(waits, key=lambda name: waits[name])
    wait = waits[action]
    ways = _open_ways(request, page) if page in SIGN_IN else frozenset()
    return Pause(max(1, math.ceil(wait)), _reason(page, action), ways)


def _name(request: HttpRequest) -> str:
    match = request.resolver_match
    return (match.url_name or "") if match else ""


def _actions(page: str) -> tuple[str, ...]:
    return ("provider", MAILED) if is_way_back(page) else PAGES.get(page, CHANGES)


def _reason(page: str, action: str) -> str:
    if action == "login_failed":
        return "codes" if page in BY_CODE else "guesses"
    reasons = {
        "login": "guesses",
        "reauthenticate": "guesses",
        "reset_password": "mails",
        MAILED: "mails",
        LIMIT: "mails",
        "signup": "sign_ups",
        "change_password": "changes",
        "manage_email": "changes",
    }
    return reasons.get(action, "calls")


def _key(request: HttpRequest, page: str, action: str) -> str:
    """What this action is counted under here, beside the network address."""
    if action == "login_failed" and page in SECOND_STEP:
        return second_step_key(request.session)
    if action == "login_failed":
        return attempts_key(request, _email(request))
    if action == LIMIT:
        asker = asker_of(request)
        return limit_key(request, asker.user) if asker else ""
    return normalise_email(_email(request))


def _email(request: HttpRequest) -> str:
    """Typed here, or of a sign-in that waits, else of whoever is signed in."""
    typed = request.POST.get("login") or request.POST.get("email")
    pending = request.session.get(LOGIN_SESSION_KEY) or {}
    proving = request.session.get(EMAIL_VERIFICATION_CODE_SESSION_KEY) or {}
    mine = getattr(request.user, "email", "")
    return str(typed or pending.get("email") or proving.get("email") or mine)


def _open_ways(request: HttpRequest, page: str) -> frozenset[str]:
    email = _email(request)

    def is_open(*actions: str) -> bool:
        return not any(
            seconds_left(request, action, _key(request, page, action))
            for action in actions
        )

    ways = {
        "passkey": mfa.PASSKEY_LOGIN_ENABLED
        and is_open("webauthn_login", "passkey_options"),
        # A second step may follow, and is counted by network address as well.
        "provider": is_open("provider")
        and not seconds_left(request, "login_failed", email, per="ip"),
        "code": account.LOGIN_BY_CODE_ENABLED
        and is_open("reset_password", "login_failed"),
        "password": page != "account_login" and is_open("login", "login_failed"),
        "reset": is_open("reset_password"),
    }
    return frozenset(way for way, is_there in ways.items() if is_there)
