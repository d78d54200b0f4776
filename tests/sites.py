"""Fixtures that run the whole site as processes, and a browser against it."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from tests.services import postgres, server

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(scope="session")
def site() -> Iterator[server.Site]:
    """The site on PostgreSQL and Valkey, with two web processes."""
    # Tracks of tests run side by side, each with a site of its own.
    name = f"authsite_site_{os.getpid()}"
    database = postgres.new_database(os.environ["DATABASE_URL"], name)
    limits = "login=1000/m/ip;login_failed=5/300s/key;signup=1000/m/ip"
    with server.site(
        database,
        os.environ["CACHE_URL"],
        workers=2,
        RATE_LIMITS=limits,
        LOGIN_BY_CODE="true",
    ) as found:
        yield found
