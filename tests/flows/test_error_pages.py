"""Error pages: what happened, what did not, what to do next; with nothing but files."""

from __future__ import annotations

import re

import pytest
from django.contrib.sessions.backends.base import UpdateError
from django.db import OperationalError
from django.test import Client, RequestFactory

from accounts.pages import overview
from authsite import errors
from tests.fixtures import PASSWORD, sign_in_by_form

STATUSES = [400, 403, 404, 405, 409, 413, 415, 429, 500, 503]
H1 = re.compile(r"<h1>(.+?)</h1>")
TITLE = re.compile(r"<title>(.+?) - Authsite</title>")


def plain(status):
    request = RequestFactory().get("/anything/")  # no session, nobody, no database
    return errors.respond(request, status, "code", "detail")


def pages():
    found = {status: plain(status).content.decode() for status in STATUSES}
    request = RequestFactory().post("/anything/")
    return found | {"csrf": errors.csrf_failure(request).content.decode()}


@pytest.mark.parametrize("status", STATUSES)
def test_it_needs_neither_request_nor_database(status):
    answer = plain(status)
    page = answer.content.decode()
    assert answer.status_code == status
    assert "no-store" in answer["Cache-Control"]
    assert len(H1.findall(page)) == len(TITLE.findall(page)) == 1
    assert page.count("<main") == 1
    assert 'href="/static/accounts/app.css"' in page or "/static/accounts/app." in page
    assert 'href="/">Go to the start page</a>' in page
    assert len(re.findall(r'class="btn[^"]* btn-primary"', page)) == 1


def test_no_two_have_one_title():
    found = pages()
    del found[415]  # the page of 400
    titles = [TITLE.search(page).group(1) for page in found.values()]
    assert len(set(titles)) == len(titles)
    for page in found.values():
        assert TITLE.search(page).group(1) == H1.search(page).group(1)


def test_trying_again_is_offered_where_it_may_help():
    again = {name for name, page in pages().items() if 'href=""' in page}
    assert again == {409, 429, 500, 503, "csrf"}


def test_they_say_what_did_not_happen():
    for name, page in pages().items():
        words = ("Nothing was", "Only one of the two", "check first whether")
        assert any(word in page for word in words), name


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("error", "status", "title"),
    [
        (ZeroDivisionError, 500, "Something went wrong on our side"),
        (OperationalError, 503, "Too busy just now"),
        (UpdateError, 409, "Another request was first"),
    ],
)
def test_a_view_that_fails(make_person, monkeypatch, error, status, title):
    def fail(person):
        raise error

    make_person()
    browser = Client(SERVER_NAME="localhost", raise_request_exception=False)
    sign_in_by_form(browser)
    monkeypatch.setattr(overview, "advice", fail)
    answer = browser.get("/dashboard/")
    assert answer.status_code == status
    assert f"<h1>{title}</h1>" in answer.content.decode()
    assert answer.has_header("Retry-After") == (status == 503)


@pytest.mark.django_db
def test_the_pages_that_people_meet(make_person, browser):
    assert browser.get("/nothing/").status_code == 404
    assert browser.get("/accounts/login/?next=%00").status_code == 400
    large = browser.post("/accounts/login/", {"login": "x" * 2_000_000})
    assert large.status_code == 413
    make_person()
    sign_in_by_form(browser)
    assert browser.get("/accounts/2fa/trust/forget/").status_code == 405
    refused = browser.get("/admin/login/")
    assert refused.status_code == 403
    for answer in (large, refused, browser.get("/nothing/")):
        assert "Go to the start page" in answer.content.decode()


def test_an_old_tab_after_signing_in_elsewhere_goes_on(make_person):
    """The other tab's sign-in has made this one's form too old."""
    make_person()
    browser = Client(SERVER_NAME="localhost", enforce_csrf_checks=True)
    browser.get("/accounts/login/")
    token = browser.cookies["csrftoken"].value
    form = {
        "login": "maya@example.org", "password": PASSWORD,
        "csrfmiddlewaretoken": token,
    }  # fmt: skip
    assert browser.post("/accounts/login/", form)["Location"] == "/dashboard/"
    assert browser.post("/accounts/login/", form)["Location"] == "/dashboard/"
    other = browser.post("/accounts/password/change/", {"csrfmiddlewaretoken": token})
    assert other.status_code == 403
