"""The database goes away: 503 in each shape, never yes; then it comes back."""

from __future__ import annotations

import os
import re
import time

import httpx
import pytest

from tests.services import postgres, server

PASSWORD = "correct horse battery"
BODY = {"email": "maya@example.org", "password": PASSWORD}


@pytest.fixture
def database_and_site():
    database = postgres.start()
    with server.site(database.url, os.environ["CACHE_URL"], workers=1) as site:
        site.make_person("maya@example.org", PASSWORD)
        yield database, site


def test_it_goes_away_and_comes_back(database_and_site):
    database, site = database_and_site
    pair = httpx.post(f"{site.url}/api/token/", json=BODY).json()
    bearer = {"Authorization": f"Bearer {pair['access']}"}

    def protected():
        return httpx.get(f"{site.url}/api/protected-route/", headers=bearer, timeout=30)

    assert protected().status_code == 200
    database.stop()
    deadline = time.monotonic() + 15
    while protected().status_code == 200 and time.monotonic() < deadline:
        time.sleep(0.3)
    answers = [
        protected(),
        httpx.post(f"{site.url}/api/token/", json=BODY, timeout=30),
        httpx.post(
            f"{site.url}/api/token/refresh/",
            json={"refresh": pair["refresh"]},
            timeout=30,
        ),
        httpx.post(f"{site.url}/_allauth/app/v1/auth/login", json=BODY, timeout=30),
        httpx.get(
            f"{site.url}/dashboard/", cookies={"sessionid": "x" * 32}, timeout=30
        ),
    ]
    assert [answer.status_code for answer in answers] == [503] * 5
    assert all(int(answer.headers["Retry-After"]) >= 1 for answer in answers)
    assert [answer.json()["code"] for answer in answers[:3]] == ["unavailable"] * 3
    assert answers[3].json()["status"] == 503
    assert "Too busy just now" in answers[4].text
    # and it looks as it should: files need no database
    files = re.findall(r'(?:href|src)="(/static/[^"]+)"', answers[4].text)
    assert any(name.endswith(".css") for name in files)
    assert {httpx.get(site.url + name).status_code for name in files} == {200}
    assert httpx.get(f"{site.url}/healthz").status_code == 200
    database.start()
    deadline = time.monotonic() + 15
    while protected().status_code != 200 and time.monotonic() < deadline:
        time.sleep(0.3)
    assert protected().status_code == 200
    assert httpx.post(f"{site.url}/api/token/", json=BODY).status_code == 200
    again = httpx.post(
        f"{site.url}/api/token/refresh/", json={"refresh": pair["refresh"]}
    )
    assert again.status_code == 200
    # the mail worker has outlived it too
    site.make_person("later@example.org", PASSWORD)
    url = f"{site.url}/_allauth/app/v1/auth/password/request"
    httpx.post(url, json={"email": "later@example.org"})
    assert site.mail_to("later@example.org", r"(/password/reset/key/\S+)")
