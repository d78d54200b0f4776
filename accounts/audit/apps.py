"""The audit app: who did what, when, from where, with what outcome."""

from __future__ import annotations

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class AuditConfig(AppConfig):
    """The audit log."""

    name = "accounts.audit"
    label = "audit"
    default_auto_field = "django.db.models.BigAutoField"
    verbose_name = _("Audit log")

    def ready(self) -> None:
        """Connect the receivers."""
        from accounts.audit import receivers  # noqa: F401
