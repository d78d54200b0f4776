"""The environment that tests run in, set before Django reads its settings.

Loaded by pytest as a plugin (see pyproject.toml), earlier than pytest-django.
"""

from __future__ import annotations

import os

from tests.services import postgres, valkey

SITE_URL = "http://localhost"


def prepare() -> None:
    """Like production, but for https; services are started unless some are given."""
    if os.environ.get("AUTHSITE_TEST_ENVIRONMENT"):
        return
    values = {
        "AUTHSITE_TEST_ENVIRONMENT": "ready",
        "DJANGO_SETTINGS_MODULE": "authsite.settings",
        "ENV_FILE": "",  # a developer's .env must not change what is tested
        "AUTH_SECRET": "only-for-tests-" + "s" * 48,
        "SITE_URL": SITE_URL,
        "EMAIL_URL": "consolemail://",  # pytest-django keeps mail in memory anyway
        "LOG_LEVEL": "WARNING",
    }
    if not os.environ.get("DATABASE_URL"):
        values["DATABASE_URL"] = postgres.server().url
        values["CACHE_URL"] = valkey.server().url
    os.environ.update(values)


prepare()
