"""Every mail of the product, made with what its senders tell it."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from html import unescape
from pathlib import Path
from typing import Any
from unittest.mock import patch

from allauth.account.adapter import get_adapter
from allauth.core import context as current
from django.test import RequestFactory

from accounts.models import User
from accounts.policy.mails import HEADERS
from accounts.policy.outbox import styled

TEMPLATES = Path(__file__).resolve().parents[1] / "templates"
AGENT = (
    "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/537.36 "
    "(KHTML, like Gecko) Chrome/150.0.0.0 Safari/537.36"
)
ADDRESS = "a.person.with.quite.a.long.name@subdomain.example.org"
CODE = {"code": "4829-1375"}
MOVED = {"from_email": "old@example.org", "to_email": ADDRESS}
CLOSING = {
    "closes_at": datetime(2026, 12, 9, 10, tzinfo=UTC),
    "undo_url": "http://wrong.example/accounts/close/undo/" + "a1b2c3d4" * 5 + "/",
}
REMOVAL = {
    "due_at": datetime(2026, 12, 3, 10, tzinfo=UTC),
    "cancel_url": "http://wrong.example/accounts/2fa/lost/cancel/" + "a1b2c3d4" * 5,
}
RESET = "http://wrong.example/accounts/password/reset/key/MjQ-d2x0-" + "a1b2c3d4" * 5
#: What each mail is told. A new template without a line here fails.
CONTEXTS: dict[str, dict[str, Any]] = {
    "account/email/account_already_exists": {"signup_url": "http://x/accounts/signup/"},
    "account/email/account_closing": CLOSING,
    "account/email/account_kept": {},
    "account/email/email_change_started": MOVED,
    "account/email/email_changed": MOVED,
    "account/email/email_changed_here": MOVED,
    "account/email/email_confirmation": CODE,
    "account/email/email_confirmation_signup": CODE,
    "account/email/email_deleted": {"deleted_email": "old@example.org"},
    "account/email/login_code": CODE,
    "account/email/new_device": {"method": "password+totp"},
    "account/email/password_changed": {},
    "account/email/password_reset": {},
    "account/email/password_reset_key": {"password_reset_url": RESET},
    "account/email/password_set": {},
    "account/email/pre_registered": {"found": ["password", "second step", "github"]},
    "account/email/proof_code": CODE,
    "account/email/unknown_account": {"signup_url": "http://x/accounts/signup/"},
    "mfa/email/factors_removed": {},
    "mfa/email/recovery_code_used": {"left": 2, "few": True},
    "mfa/email/recovery_codes_generated": {},
    "mfa/email/removal_asked": REMOVAL,
    "mfa/email/removal_cancelled": {},
    "mfa/email/removal_code": CODE,
    "mfa/email/removal_done": {},
    "mfa/email/removal_soon": REMOVAL,
    "mfa/email/totp_activated": {},
    "mfa/email/totp_deactivated": {},
    "mfa/email/webauthn_added": {},
    "mfa/email/webauthn_removed": {},
    "socialaccount/email/account_connected": {"provider": "GitHub"},
    "socialaccount/email/account_disconnected": {"provider": "GitHub"},
    "tokens/email/refresh_replayed": {"device": "MyApp/2.1"},
}
#: Such a link stands in mails that extend mail/notice.html.
NOT_ME = "http://localhost/accounts/not-me/token/"


def all_mails() -> list[str]:
    """The names of all templates of mails."""
    found = TEMPLATES.glob("*/email/*.html")
    return sorted(str(file.relative_to(TEMPLATES).with_suffix("")) for file in found)


def make(name: str, *, language: str = "", agent: str = AGENT, **more: Any) -> Any:
    """One mail as the worker would send it. Asks no database."""
    request = RequestFactory(headers={"user-agent": agent}).get("/")
    with current.request_context(request):
        adapter = get_adapter()
        user = User(email=ADDRESS, language=language)
        told = {"mail": name, "email": ADDRESS, "user": user, **CONTEXTS[name], **more}
        with patch(
            "accounts.policy.not_me.link", lambda *_: told.get("not_me_url", "")
        ):
            told |= adapter._extras(told)
        message = adapter.render_mail(name, ADDRESS, told, HEADERS)
    ((html, kind),) = message.alternatives
    assert kind == "text/html"
    message.alternatives.clear()
    message.attach_alternative(styled(html), kind)
    return message


def html_of(message: Any) -> str:
    """The HTML part."""
    return str(message.alternatives[0][0])


def words(html: str) -> str:
    """What an HTML part shows, in one line."""
    shown = re.sub(r"(?s)<head>.*?</head>|<div class=\"preview\".*?</div>", "", html)
    return " ".join(unescape(re.sub(r"<[^>]*>", " ", shown)).split())


def links(html: str) -> list[str]:
    """Where its links lead."""
    return [unescape(link) for link in re.findall(r'href="([^"]*)"', html)]
