"""How many statements a call costs, as docs/security.md says."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

pytestmark = pytest.mark.django_db(transaction=True)
DOCS = Path(__file__).resolve().parents[2] / "docs" / "security.md"
ROW = re.compile(r"^\| `(.+?)`.* \| ([0-9]+) \|$", re.MULTILINE)


def test_the_table_of_statements_is_true(make_person, api, client):
    if connection.vendor != "postgresql":
        pytest.skip("the table was taken on PostgreSQL")
    make_person()
    pair = api.tokens()
    api.get("/api/me/", pair["access"])  # ring and list are read, the token is proven
    calls = {
        "GET /api/protected-route/": lambda: api.get(
            "/api/protected-route/", pair["access"]
        ),
        "GET /api/me/": lambda: api.get("/api/me/", pair["access"]),
        "GET /api/revocations/": lambda: client.get("/api/revocations/"),
        "GET /.well-known/jwks.json": lambda: client.get("/.well-known/jwks.json"),
        "POST /api/token/refresh/": lambda: api.refresh(pair["refresh"]),
        "POST /api/token/": api.sign_in,
    }
    found = {}
    for name, call in calls.items():
        with CaptureQueriesContext(connection) as seen:
            assert call().status_code == 200
        found[name] = len(seen)
    told = {name: int(count) for name, count in ROW.findall(DOCS.read_text())}
    assert found == told
