"""The site with views that stream and take uploads: for DJANGO_SETTINGS_MODULE."""

from __future__ import annotations

import os

from authsite.settings import *  # noqa: F403

ROOT_URLCONF = "tests.wire.urls"
STALL_SECONDS = int(os.environ.get("WIRE_STALL_SECONDS", "60"))
