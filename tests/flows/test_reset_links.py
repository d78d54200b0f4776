"""A link for a new password: what ends it, and what does not."""

from __future__ import annotations

import re

import pytest
from allauth.account.models import EmailAddress
from django.test import Client

from tests.fixtures import PASSWORD, deliver_mail, exchange, later, sign_in_by_form

pytestmark = pytest.mark.django_db(transaction=True)
LINK = re.compile(r"http://localhost(/accounts/password/reset/key/\S+)")
NEW = "another password 9"


@pytest.fixture
def link(make_person):
    """Mailed to Maya."""
    make_person()
    Client(SERVER_NAME="localhost").post(
        "/accounts/password/reset/", {"email": "maya@example.org"}
    )
    return LINK.search(deliver_mail()[-1].body).group(1)


def follow(link):
    """A browser of the mail's reader, and where its form stands; "" for a dead link."""
    browser = Client(SERVER_NAME="localhost")
    answer = browser.get(link, follow=True)
    form = answer.redirect_chain[-1][0] if answer.redirect_chain else ""
    return browser, form


def test_no_sign_in_ends_it(link):
    thief = Client(SERVER_NAME="localhost")
    sign_in_by_form(thief)
    browser, form = follow(link)
    meanwhile = Client(SERVER_NAME="localhost")
    sign_in_by_form(meanwhile)
    assert exchange(meanwhile).status_code == 200
    answer = browser.post(form, {"password1": NEW})
    assert answer["Location"] == "/accounts/password/reset/key/done/"
    assert thief.get("/dashboard/").status_code == 302
    assert sign_in_by_form(thief, password=PASSWORD).status_code == 200
    assert sign_in_by_form(thief, password=NEW).status_code == 302


def test_it_works_once(link):
    browser, form = follow(link)
    browser.post(form, {"password1": NEW})
    again, form = follow(link)
    assert form == ""
    assert "This link no longer works" in again.get(link).content.decode()


def test_another_address_ends_it(link):
    EmailAddress.objects.update(email="moved@example.org")
    assert follow(link)[1] == ""


def test_an_hour_ends_it(link):
    with later(minutes=61):
        assert follow(link)[1] == ""
