"""Second factors: secrets encrypted at rest, one relying party however we are asked."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from allauth.core import context as current
from allauth.mfa.adapter import DefaultMFAAdapter
from allauth.mfa.models import Authenticator
from django.conf import settings
from django.utils.translation import gettext_lazy as _

from accounts.audit.history import device_name
from accounts.crypto import decrypt, encrypt

if TYPE_CHECKING:
    from accounts.models import User

PURPOSE = "second factor"


class MFAAdapter(DefaultMFAAdapter):
    """allauth's hooks for second factors."""

    error_messages: ClassVar[dict[str, Any]] = {
        **DefaultMFAAdapter.error_messages,
        "add_email_blocked": _("Remove your second step before you add an address."),
        "cannot_delete_authenticator": _("This second step has to stay."),
        "cannot_generate_recovery_codes": _(
            "Recovery codes stand in for a second step. Set one up first."
        ),
        "incorrect_code": _(
            "This code does not fit. Check it, or wait for the next one."
        ),
        "unverified_email": _(
            "Confirm your e-mail address first, so that you cannot lock yourself out."
        ),
    }

    def encrypt(self, text: str) -> str:
        """TOTP secret or recovery seed, as it is stored."""
        return encrypt(text.encode(), PURPOSE).decode()

    def decrypt(self, encrypted_text: str) -> str:
        """The secret again. Raises accounts.crypto.DecryptionError."""
        return decrypt(encrypted_text.encode(), PURPOSE).decode()

    def get_public_key_credential_rp_entity(self) -> dict[str, str]:
        """The WebAuthn relying party: from SITE_URL, never from the Host header."""
        return {"id": settings.SITE_HOST, "name": settings.BRAND_NAME}

    def generate_authenticator_name(self, user: User, type: str) -> str:  # noqa: A002
        """What a new passkey is called until it is renamed, like "Chrome on Linux"."""
        name = device_name(current.request.headers.get("User-Agent", ""))[:40]
        keys = Authenticator.objects.filter(user_id=user.pk, type=type)
        taken = {key.data.get("name") for key in keys}
        names = (f"{name} {number}" for number in range(2, len(taken) + 2))
        return next((one for one in (name, *names) if one not in taken), name)
