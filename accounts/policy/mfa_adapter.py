"""Second factors: secrets encrypted at rest, one relying party however we are asked."""

from __future__ import annotations

from allauth.mfa.adapter import DefaultMFAAdapter
from django.conf import settings

from accounts.crypto import decrypt, encrypt

PURPOSE = "second factor"


class MFAAdapter(DefaultMFAAdapter):
    """allauth's hooks for second factors."""

    def encrypt(self, text: str) -> str:
        """TOTP secret or recovery seed, as it is stored."""
        return encrypt(text.encode(), PURPOSE).decode()

    def decrypt(self, encrypted_text: str) -> str:
        """The secret again. Raises accounts.crypto.DecryptionError."""
        return decrypt(encrypted_text.encode(), PURPOSE).decode()

    def get_public_key_credential_rp_entity(self) -> dict[str, str]:
        """The WebAuthn relying party: from SITE_URL, never from the Host header."""
        return {"id": settings.SITE_HOST, "name": settings.BRAND_NAME}
