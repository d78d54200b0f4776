"""The account adapter's part about reauthentication."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from allauth.account.adapter import DefaultAccountAdapter
from allauth.core import context as current
from allauth.core.exceptions import ImmediateHttpResponse, ReauthenticationRequired
from allauth.core.internal.httpkit import is_headless_request
from django.utils.translation import gettext_lazy as _

from accounts.policy import confirmation, reauthentication
from accounts.policy.codes import count_request

if TYPE_CHECKING:
    from django.contrib.auth.models import AnonymousUser

    from accounts.models import User


class ReauthenticationAdapter(DefaultAccountAdapter):
    """When it is required, and what counts as it."""

    def is_reauthentication_required(self, *, app: str, **kwargs: Any) -> bool:
        """False for people who confirmed lately: see accounts.policy.confirmation.

        allauth would ask right after a sign-in, and be content with a password or a
        provider. Raises ReauthenticationRequired on a page, rather than return True,
        for allauth would then apply its own rule; ImmediateHttpResponse (401) where
        an API is called, since allauth's 401 lists flows that we do not offer.
        """
        request = current.request
        if confirmation.is_confirmed(request, request.user):
            return False
        if is_headless_request(request):
            from accounts.policy.headless_reauthentication import Required

            raise ImmediateHttpResponse(Required(request))
        raise ReauthenticationRequired

    def get_reauthentication_methods(
        self, user: User | AnonymousUser
    ) -> list[dict[str, Any]]:
        """As allauth's, in our words, and no more than we offer.

        Without the password for someone with a factor.
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
        if confirmation.uses_factor(user):
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
            count_request(email)
            template_prefix = reauthentication.MAIL
            context = {**context, "user": user}
        super().send_mail(template_prefix, email, context)

    def knows_password(self, user: User, password: str) -> bool:
        """Whether it is theirs, for people who cannot give their second step.

        Counted as a sign-in. Raises ValidationError, ImmediateHttpResponse (429).
        """
        return bool(super().reauthenticate(user, password))
