"""Views that are put beside the site's own for one test, as a team's app would."""

from __future__ import annotations

import sys
import types

import pytest
from django.urls import clear_url_caches, include, path

from authsite import door

MODULE = "planted_urls"


def _forget_urls() -> None:
    clear_url_caches()
    door._match.cache_clear()


@pytest.fixture
def plant(settings):
    """plant(path("report/", view), …): these patterns first, then the site's own."""

    def add(*patterns) -> None:
        module = types.ModuleType(MODULE)
        module.urlpatterns = [*patterns, path("", include("authsite.urls"))]
        for handler in ("handler400", "handler403", "handler404", "handler500"):
            setattr(module, handler, getattr(sys.modules["authsite.urls"], handler))
        sys.modules[MODULE] = module
        settings.ROOT_URLCONF = MODULE
        _forget_urls()

    yield add
    sys.modules.pop(MODULE, None)
    _forget_urls()
