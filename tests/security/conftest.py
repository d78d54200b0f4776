"""Fixtures of the security tests."""

from __future__ import annotations

import sys
import types

import pytest
from django.urls import clear_url_caches, include, path


@pytest.fixture
def plant(settings):
    """Adds a URL to the site for one test."""

    def add(view) -> None:
        module = types.ModuleType("planted_urls")
        module.urlpatterns = [
            path("planted/", view),
            path("", include("authsite.urls")),
        ]
        sys.modules["planted_urls"] = module
        settings.ROOT_URLCONF = "planted_urls"
        clear_url_caches()

    yield add
    sys.modules.pop("planted_urls", None)
    clear_url_caches()
