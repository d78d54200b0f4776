"""The account adapter's part about reauthentication."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from allauth.account import app_settings
from allauth.account.adapter import DefaultAccountAdapter
from allauth.account.internal.flows.login import get_authentication_records
from allauth.core import context as current
from allauth.core.exceptions import ImmediateHttpResponse
from allauth.core.internal.httpkit import is_headless_request
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from accounts.policy import reauthentication, trust
from accounts.policy.codes import count_mail

if TYPE_CHECKING:
    from django.contrib.auth.models import AnonymousUser

    from accounts.models import User


class ReauthenticationAdapter(DefaultAccountAdapter):
    """When it is required, and what counts as it."""

    def is_reauthentication_required(self, *, app: str, **kwargs: Any) -> bool:
        """Required REAUTHENTICATION_TIMEOUT seconds after the last authentication.

        allauth would require it right after a sign-in. A sign-in that skipped the
        second step in a trusted browser does not count.

        Raises ImmediateHttpResponse (401) where an API is called: allauth's own 401
        lists flows that we do not offer, and has no hook for that.
        """
        if not self._is_stale() or not super().is_reauthentication_required(
            app=app, **kwargs
        ):
            return False
        if is_headless_request(current.request):
            from accounts.policy.headless_reauthentication import Required

            raise ImmediateHttpResponse(Required(current.request))
        return True

    def _is_stale(self) -> bool:
        request = current.request
        if trust.is_unproven(request, request.user):
            return True
        records = get_authentication_records(request, request.user)
        recent = time.time() - app_settings.REAUTHENTICATION_TIMEOUT
        return not records or records[-1]["at"] <= recent

    def get_reauthentication_methods(
        self, user: User | AnonymousUser
    ) -> list[dict[str, Any]]:
        """As allauth's, in our words, and no more than we offer.

        Without the password where it proves too little.
        """
        names = {
            "reauthenticate": _("Use your password"),
            "mfa_reauthenticate": _("Use a code"),
            "mfa_reauthenticate:webauthn": _("Use a passkey or security key"),
            reauthentication.FLOW: _("Email me a code"),
        }
        found = reauthentication.offered(super().get_reauthentication_methods(user))
        for method in found:
            method["description"] = names.get(method["id"], method["description"])
        if user.is_authenticated and trust.is_unproven(current.request, user):
            return [method for method in found if method["id"] != "reauthenticate"]
        return found

    def send_mail(
        self, template_prefix: str, email: str, context: dict[str, Any]
    ) -> None:
        """A code to reauthenticate is counted, and has an email of its own.

        Here, since all ways to have it sent end here.
        Raises ImmediateHttpResponse (429).
        """
        if context.get("reauthentication"):
            user: Any = current.request.user
            count_mail(email, key=reauthentication.mail_key(user))
            template_prefix = reauthentication.MAIL
            context = {**context, "user": user}
        super().send_mail(template_prefix, email, context)

    def reauthenticate(self, user: User, password: str) -> bool:
        """As allauth's. Raises ValidationError where a second step is wanted."""
        if trust.is_unproven(current.request, user):
            text = _("You trust this browser, so we ask for your second step here.")
            raise ValidationError(text, code="second_step_required")
        return self.knows_password(user, password)

    def knows_password(self, user: User, password: str) -> bool:
        """Whether it is theirs, for people who cannot give their second step.

        Counted as a sign-in. Raises ValidationError, ImmediateHttpResponse (429).
        """
        return bool(super().reauthenticate(user, password))
