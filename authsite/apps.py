"""The composition root as an app: its system checks and its commands."""

from __future__ import annotations

from django.apps import AppConfig


class AuthsiteConfig(AppConfig):
    """Authsite as a whole."""

    name = "authsite"
    verbose_name = "Authsite"

    def ready(self) -> None:
        """Register the system checks."""
        from authsite import checks  # noqa: F401, PLC0415
