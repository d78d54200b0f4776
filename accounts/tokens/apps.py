"""The tokens app: key ring, families, and what revokes them."""

from __future__ import annotations

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class TokensConfig(AppConfig):
    """Tokens that other services verify by themselves."""

    name = "accounts.tokens"
    label = "tokens"
    default_auto_field = "django.db.models.BigAutoField"
    verbose_name = _("Tokens")

    def ready(self) -> None:
        """Connect the receivers."""
        from accounts.tokens import receivers  # noqa: F401
