"""The account adapter's part about proof that is asked for again."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from allauth.account import app_settings
from allauth.account.adapter import DefaultAccountAdapter
from allauth.account.internal.flows.login import get_authentication_records
from allauth.core import context as current
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from accounts.policy import reproof, trust

if TYPE_CHECKING:
    from django.contrib.auth.models import AnonymousUser

    from accounts.models import User


class ProofAgain(DefaultAccountAdapter):
    """When it is asked for, and what counts as it."""

    def is_reauthentication_required(self, *, app: str, **kwargs: Any) -> bool:
        """Proof is asked for again after REAUTHENTICATION_TIMEOUT, not sooner.

        allauth would ask even right after a sign-in. One that a trusted browser let
        through without its second step is no such proof.
        """
        request = current.request
        if trust.is_unproven(request, request.user):
            return True
        records = get_authentication_records(request, request.user)
        recent = time.time() - app_settings.REAUTHENTICATION_TIMEOUT
        if records and records[-1]["at"] > recent:
            return False
        if not super().is_reauthentication_required(app=app, **kwargs):
            return False
        # allauth would let them through; what is raised here is what it raises.
        if request.user.is_authenticated and reproof.is_needed_by(request.user):
            reproof.demand(request)
        return True

    def get_reauthentication_methods(
        self, user: User | AnonymousUser
    ) -> list[dict[str, Any]]:
        """As allauth's, in our words; a code by mail for who has none of them.

        Without the password where it proves too little.
        """
        names = {
            "reauthenticate": _("Use your password"),
            "mfa_reauthenticate": _("Use a code"),
            "mfa_reauthenticate:webauthn": _("Use a passkey or security key"),
        }
        found = super().get_reauthentication_methods(user)
        for method in found:
            method["description"] = names.get(method["id"], method["description"])
        if not user.is_authenticated:
            return found
        if trust.is_unproven(current.request, user):
            return [method for method in found if method["id"] != "reauthenticate"]
        return found or reproof.methods(user)

    def reauthenticate(self, user: User, password: str) -> bool:
        """As allauth's. Raises ValidationError where a second step is wanted."""
        if trust.is_unproven(current.request, user):
            text = _("You trust this browser, so we ask for your second step here.")
            raise ValidationError(text, code="second_step_required")
        return bool(super().reauthenticate(user, password))
