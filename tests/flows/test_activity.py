"""Activity: one's own events by day, in words, with a mark for what needs a look."""

from __future__ import annotations

import pytest
from django.test import Client

from accounts.audit.history import ICONS, WARNINGS, method_name, method_phrase
from accounts.audit.models import Action
from accounts.audit.record import record
from tests.fixtures import later, sign_in_by_form

pytestmark = pytest.mark.django_db(transaction=True)
PAGE = "/accounts/activity/"
#: Told to administrators, of keys and groups: no person's history has them.
NOT_OF_PEOPLE = {
    action
    for action in Action
    if action.value.startswith(("system:key", "admin:group"))
}


def test_every_event_of_a_person_has_an_icon():
    known = ICONS.keys() | WARNINGS | NOT_OF_PEOPLE
    assert [action.name for action in Action if action not in known] == []
    assert not ICONS.keys() & WARNINGS


def test_by_day_the_newest_first(make_person, browser):
    make_person()
    sign_in_by_form(browser)
    with later(days=3):
        sign_in_by_form(browser)
        page = browser.get(PAGE).content.decode()
    assert page.count('<h3 class="day">') == 2
    assert page.index('<h3 class="day">Today</h3>') < page.rindex('class="day"')


def test_refused_and_limited_tries_are_there(make_person, browser):
    make_person()
    stranger = Client(SERVER_NAME="localhost")
    for _ in range(6):
        sign_in_by_form(stranger, password="wrong")
    stranger.post("/accounts/login/", {"login": "else@example.org", "password": "x"})
    with later(minutes=6):
        sign_in_by_form(browser)
        page = browser.get(PAGE).content.decode()
    assert page.count("Wrong password, not let in") == 5
    assert page.count("Too many sign-in attempts") == 1


def test_long_and_strange_names_of_programs(make_person, browser):
    user = make_person()
    sign_in_by_form(browser)
    for name in ("x" * 400, "<b>bold</b>", "\x1b[31m", ""):
        client = Client(SERVER_NAME="localhost", HTTP_USER_AGENT=name)
        sign_in_by_form(client)
    record(Action.TOKENS_REVOKED, user=user)
    page = browser.get(PAGE).content.decode()
    assert "x" * 41 not in page
    assert "<b>bold" not in page
    assert "Done by the site itself" in page


def test_a_provider_has_the_name_that_its_operator_gave_it(settings):
    app = {"provider_id": "oidc", "name": "Northwind"}
    settings.SOCIALACCOUNT_PROVIDERS = {"openid_connect": {"APPS": [app]}}
    assert method_name("oidc+totp") == "Northwind and authenticator app"
    assert method_phrase("oidc") == "Northwind"
