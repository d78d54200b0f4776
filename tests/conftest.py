"""Django is set up by now (tests.services.environment ran first)."""

from __future__ import annotations

from django.conf import settings

# In-process tests render pages without collected files; tests.services.server serves
# them as production does.
settings.STORAGES["staticfiles"]["BACKEND"] = (
    "django.contrib.staticfiles.storage.StaticFilesStorage"
)
# Each test client would look through all collected files when it is made (54 ms).
settings.WHITENOISE_AUTOREFRESH = True

# Read while DEBUG is off, whichever test comes first: its URLs differ in DEBUG.
import authsite.urls  # noqa: F401
from tests.fixtures import *  # noqa: F403
from tests.sites import *  # noqa: F403
