"""The composition root as an app: its system checks and its commands."""

from __future__ import annotations

from django.apps import AppConfig
from django.contrib.staticfiles.apps import StaticFilesConfig


class AuthsiteConfig(AppConfig):
    """Authsite as a whole."""

    name = "authsite"
    verbose_name = "Authsite"

    def ready(self) -> None:
        """Register the system checks, and what each request's log lines say."""
        from django_structlog.signals import bind_extra_request_metadata

        from authsite import checks, checks_deployed  # noqa: F401
        from authsite.logs import bind_address
        from authsite.request_ids import bind_ids

        bind_extra_request_metadata.connect(bind_address)
        bind_extra_request_metadata.connect(bind_ids)


class StaticConfig(StaticFilesConfig):
    """Static files, without those of libraries that no page of ours asks for.

    Compressing them took twelve of the fifteen seconds before each start.
    """

    ignore_patterns = [  # noqa: RUF012 - as Django declares it
        *StaticFilesConfig.ignore_patterns,
        "rest_framework",
        "redoc",
        "swagger-ui-es*",
    ]
