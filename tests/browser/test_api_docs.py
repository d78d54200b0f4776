"""/api/docs/ in a real browser, under the site's own policy, with no other machine."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect


@pytest.fixture
def docs(page, site):
    """The page; which other hosts it asked."""
    asked = []
    page.on("request", lambda request: asked.append(request.url))
    page.goto(site.url + "/api/docs/")
    page.wait_for_selector("text=/api/token/refresh/")
    yield page
    foreign = [url for url in asked if not url.startswith((site.url, "data:", "blob:"))]
    assert foreign == []


def call(docs, name):
    """An operation, opened."""
    found = docs.locator(f"[id$='-{name}']")
    found.locator(".opblock-summary-control").click()
    found.locator(".opblock-body").wait_for()
    return found


def test_every_call_can_be_opened(docs):
    calls = docs.locator(".opblock")
    expect(calls).to_have_count(12)
    for one in calls.all():
        one.locator(".opblock-summary-control").click()
        one.locator(".responses-table").first.wait_for()
    assert docs.locator(".errors-wrapper").count() == 0


def test_it_is_as_dark_as_the_browser_asks(docs):
    ground = docs.locator("html")
    docs.emulate_media(color_scheme="light")
    light = ground.evaluate("html => getComputedStyle(html).backgroundColor")
    docs.emulate_media(color_scheme="dark")
    expect(ground).not_to_have_css("background-color", light)


def test_a_request_has_its_examples(docs):
    found = call(docs, "sign_in")
    options = found.locator(".opblock-section-request-body select option")
    options.filter(has_text="second step").first.wait_for(state="attached")


def test_it_can_be_tried(docs):
    found = call(docs, "get_keys")
    found.get_by_role("button", name="Try it out").click()
    found.get_by_role("button", name="Execute").click()
    status = found.locator(".live-responses-table .response-col_status")
    status.first.wait_for()
    assert "200" in status.all_inner_texts()
    assert "kty" in found.locator(".live-responses-table").inner_text()
