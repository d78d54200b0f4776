"""What a first page costs: bytes on the wire, requests to others, things that move."""

from __future__ import annotations

import time
from urllib.parse import urlsplit

import pytest

from tests.services.wire import Wire

LIMIT = 30 * 1024
PASSWORD = "correct horse battery"


def check(wire, site, path):
    """Light, from us alone, and nothing moved."""
    came = wire.load(site.url + path)
    hosts = {urlsplit(address).netloc for address in wire.addresses.values()}
    assert hosts == {urlsplit(site.url).netloc}, wire.addresses
    names = " ".join(came)
    assert all(word in names for word in (path, "app.", ".js", "brand.")), names
    assert sum(came.values()) <= LIMIT, came
    assert wire.page.evaluate("window.shifts") == []
    assert len(came) == len(set(wire.addresses.values()))
    return sum(came.values())


@pytest.fixture
def wire(page):
    return Wire(page)


def test_the_first_look_at_the_sign_in_page(wire, site):
    assert check(wire, site, "/accounts/login/") > 2000


def test_nothing_moves_when_the_scripts_come_late(wire, site):
    wire.page.route("**/*.js", lambda route: (time.sleep(0.5), route.continue_()))
    wire.load(site.url + "/accounts/login/")
    assert wire.page.locator("#passkey_login").is_visible()
    assert wire.page.evaluate("window.shifts") == []


def test_the_dashboard(wire, site):
    site.make_person("weight@example.org", PASSWORD, name="Maya Lindqvist")
    wire.page.goto(site.url + "/accounts/login/")
    wire.page.fill("#id_login", "weight@example.org")
    wire.page.fill("#id_password", PASSWORD)
    wire.page.press("#id_password", "Enter")
    wire.page.wait_for_url("**/dashboard/")
    check(wire, site, "/dashboard/")


def test_what_moves_is_seen(wire, site):
    wire.load(site.url + "/accounts/login/")
    wire.page.evaluate(
        "document.querySelector('main').before(Object.assign("
        "document.createElement('p'), {textContent: 'Something that pushes'}))"
    )
    wire.page.wait_for_timeout(200)
    assert sum(wire.page.evaluate("window.shifts")) > 0
