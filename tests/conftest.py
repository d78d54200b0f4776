"""Django is set up by now (tests.services.environment ran first)."""

from __future__ import annotations

import pytest
from django.conf import settings
from django.db import connection

from accounts.policy import pace
from accounts.policy.hashing import PolicyPasswordHasher
from tests.services.emptied import keep_what_migrations_made

# In-process tests render pages without collected files; tests.services.server serves
# them as production does.
settings.STORAGES["staticfiles"]["BACKEND"] = (
    "django.contrib.staticfiles.storage.StaticFilesStorage"
)
# Each test client would look through all collected files when it is made (54 ms).
settings.WHITENOISE_AUTOREFRESH = True

# SQLite's tests on a file, as the site runs: in memory it locks by other rules.
if connection.vendor == "sqlite":
    connection.settings_dict["TEST"]["NAME"] = str(
        settings.BASE_DIR / "var/tests.sqlite3"
    )

# Answers that are held to a full step of time are held for a moment: see test_pace.
pace.FLOOR = pace.STEP = 0.001

# A hash takes 30 ms of a core, and a test makes several. Sites that run as processes
# hash as production does; in this process `production_hashes` does.
PRODUCTION_HASHES = (PolicyPasswordHasher.memory_cost, PolicyPasswordHasher.time_cost)
PolicyPasswordHasher.memory_cost, PolicyPasswordHasher.time_cost = 8, 1

# Read while DEBUG is off, whichever test comes first: its URLs differ in DEBUG.
import authsite.urls  # noqa: F401
from tests.fixtures import *  # noqa: F403
from tests.planting import *  # noqa: F403
from tests.sites import *  # noqa: F403
from tests.standins.fixtures import *  # noqa: F403


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup: None) -> None:
    """pytest-django's, and tables that are emptied faster."""
    keep_what_migrations_made()


@pytest.fixture
def production_hashes(monkeypatch: pytest.MonkeyPatch) -> None:
    """The parameters that PolicyPasswordHasher has outside tests."""
    memory, passes = PRODUCTION_HASHES
    monkeypatch.setattr(PolicyPasswordHasher, "memory_cost", memory)
    monkeypatch.setattr(PolicyPasswordHasher, "time_cost", passes)
