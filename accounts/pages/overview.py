"""What the dashboard says: how one signed in, and what would make the account safer."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from allauth.account.internal.flows.login import get_authentication_records
from allauth.account.models import EmailAddress
from allauth.mfa import app_settings as mfa_settings
from allauth.mfa.models import Authenticator
from allauth.usersessions.models import UserSession
from django.urls import reverse
from django.utils.translation import gettext as _

from accounts.audit.history import device_name, method_name
from accounts.pages.devices import devices_of
from accounts.policy.recovery import FEW

if TYPE_CHECKING:
    from django.http import HttpRequest

    from accounts.models import User

#: allauth's method names in session records that say little by themselves.
DETAILS = {"mfa": "type", "socialaccount": "provider"}


@dataclass(frozen=True, slots=True)
class SignIn:
    """How, when and on what this session began."""

    method: str
    at: datetime | None
    device: str
    ip: str


@dataclass(frozen=True, slots=True)
class Advice:
    """One thing to do for the account's safety."""

    title: str
    reason: str
    action: str
    url: str
    icon: str


def current_sign_in(request: HttpRequest, user: User) -> SignIn:
    """From the session's authentication records, the first sign-in only.

    Records marked as reauthentication came later and are left out.
    """
    records = [
        record
        for record in get_authentication_records(request, user)
        if not record.get("reauthenticated")
    ]
    at = datetime.fromtimestamp(records[-1]["at"], tz=UTC) if records else None
    session = UserSession.objects.filter(
        user=user, session_key=request.session.session_key
    ).first()
    return SignIn(
        method=method_name("+".join(_method(record) for record in records)),
        at=at,
        device=device_name(request.META.get("HTTP_USER_AGENT", "")),
        ip=session.ip if session else "",
    )


def _method(record: dict[str, Any]) -> str:
    name = str(record.get("method", ""))
    return str(record.get(DETAILS.get(name, ""), name))


def advice(user: User) -> list[Advice]:
    """What is left to do, the most important first. Empty when all is well."""
    mine = list(Authenticator.objects.filter(user=user))
    factors = {factor.type: factor for factor in mine}
    keys = sum(factor.type == Authenticator.Type.WEBAUTHN for factor in mine)
    found: list[Advice] = []
    if not EmailAddress.objects.filter(user=user, primary=True, verified=True).exists():
        found.append(_verify_email())
    if factors.keys() & {Authenticator.Type.TOTP, Authenticator.Type.WEBAUTHN}:
        found += _codes(factors.get(Authenticator.Type.RECOVERY_CODES))
        if keys == 1 and Authenticator.Type.TOTP not in factors:
            found.append(_second_passkey())
    elif Authenticator.Type.TOTP in mfa_settings.SUPPORTED_TYPES:
        found.append(_second_step())
    return found


def _verify_email() -> Advice:
    return Advice(
        title=_("Confirm your e-mail address"),
        reason=_("Until then a forgotten password cannot be replaced."),
        action=_("Confirm"),
        url=reverse("account_email"),
        icon="mail",
    )


def _second_step() -> Advice:
    return Advice(
        title=_("Add a second step"),
        reason=_(
            "A code from an app on your phone. A stolen password alone then opens "
            "nothing."
        ),
        action=_("Set up"),
        url=reverse("mfa_activate_totp"),
        icon="phone",
    )


def _second_passkey() -> Advice:
    return Advice(
        title=_("Add a second passkey"),
        reason=_(
            "You have only one. On another device, it saves you when that is lost."
        ),
        action=_("Add"),
        url=reverse("mfa_add_webauthn"),
        icon="passkey",
    )


def _codes(codes: Authenticator | None) -> list[Advice]:
    if codes is None:
        title = _("Make recovery codes")
        reason = _("If you lose your phone, these let you back in. You have none yet.")
    elif len(codes.wrap().get_unused_codes()) <= FEW:
        title = _("Renew your recovery codes")
        reason = _("Few of them are left. Each works only once.")
    else:
        return []
    return [
        Advice(
            title=title,
            reason=reason,
            action=_("Make codes"),
            url=reverse("mfa_generate_recovery_codes"),
            icon="list",
        )
    ]


def session_count(user: User) -> int:
    """Browsers and apps that are signed in now."""
    return len(devices_of(user))
