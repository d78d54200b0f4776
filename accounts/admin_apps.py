"""Django's admin, with our site behind it: see accounts.admin_site."""

from __future__ import annotations

from django.contrib.admin.apps import AdminConfig


class PolicyAdminConfig(AdminConfig):
    """The admin that is reached through the sign-in pipeline."""

    default_site = "accounts.admin_site.PolicyAdminSite"

    def ready(self) -> None:
        """Let every app register its pages, then take some out."""
        super().ready()
        from accounts.admin import remove_unwanted

        remove_unwanted()
