"""The shared cache goes away: people sign in, limits hold, nobody is signed out."""

from __future__ import annotations

import os
import re

import httpx
import pytest

from tests.services import postgres, server, valkey
from tests.services.ports import free_port

PASSWORD = "correct horse battery"


@pytest.fixture
def cache_and_site():
    port = free_port()
    cache = valkey.start(port)
    database = postgres.new_database(os.environ["DATABASE_URL"], "authsite_faults")
    with server.site(database, f"redis://127.0.0.1:{port}/0", workers=2) as found:
        found.make_person("maya@example.org", PASSWORD)
        yield cache, found


def sign_in(site, password=PASSWORD, path="/api/token/"):
    body = {"email": "maya@example.org", "password": password}
    return httpx.post(site.url + path, json=body, timeout=30)


def by_form(site):
    """A browser that has signed in by the page."""
    browser = httpx.Client(base_url=site.url, follow_redirects=False, timeout=30)
    page = browser.get("/accounts/login/")
    token = re.search(r'csrfmiddlewaretoken" value="(\w+)"', page.text)[1]
    form = {"login": "maya@example.org", "password": PASSWORD}
    answer = browser.post(
        "/accounts/login/",
        data={**form, "csrfmiddlewaretoken": token},
        headers={"Referer": site.url},
    )
    assert answer.status_code == 302, answer.text[:500]
    return browser


def test_the_cache_goes_away_and_comes_back(cache_and_site):
    cache, site = cache_and_site
    pair = sign_in(site).json()
    browser = by_form(site)
    port = cache.port
    cache.stop()
    # nobody is signed out, and people still sign in: page, API, refresh
    assert browser.get("/dashboard/").status_code == 200
    assert by_form(site).get("/dashboard/").status_code == 200
    assert sign_in(site).status_code == 200
    refreshed = httpx.post(
        f"{site.url}/api/token/refresh/", json={"refresh": pair["refresh"]}, timeout=30
    )
    assert refreshed.status_code == 200
    # the limit holds, over both processes
    codes = [sign_in(site, "wrong").status_code for _ in range(8)]
    assert codes == [401] * 5 + [429] * 3
    limited = sign_in(site)
    assert limited.status_code == 429
    assert 1 <= int(limited.headers["Retry-After"]) <= 300
    # and the doctor says what is wrong and how to mend it
    told = site.doctor()
    assert "WRONG cache" in told
    assert "CACHE_URL" in told
    again = valkey.start(port)
    assert "ok    cache" in site.doctor()
    assert sign_in(site, "wrong").status_code in {401, 429}
    again.stop()
