"""Whose language a page speaks, and how it is chosen."""

from __future__ import annotations

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from tests.fixtures import enrol_totp, second_step, sign_in_by_form

pytestmark = pytest.mark.django_db
LOGIN = "/accounts/login/"
GERMAN = {"accept-language": "de-AT,de;q=0.9,en;q=0.5"}
ENGLISH = {"accept-language": "en-GB"}


def language(answer):
    found = answer["Content-Language"]
    assert f'<html lang="{found}" dir="ltr">'.encode() in answer.content
    return found


def test_the_browser_is_asked_first(browser):
    assert language(browser.get(LOGIN, headers=GERMAN)) == "de"
    assert language(browser.get(LOGIN, headers=ENGLISH)) == "en"
    assert language(browser.get(LOGIN, headers={"accept-language": "fi"})) == "en"


def test_caches_are_told_what_the_language_depends_on(browser):
    for path in ("/", LOGIN, "/accounts/signup/", "/nothing/"):
        varies = browser.get(path, headers=GERMAN)["Vary"].lower().split(", ")
        assert {"accept-language", "cookie"} <= set(varies), path


def test_error_pages_speak_it_too_without_a_switch(browser):
    for answer, words in (
        (browser.get("/nothing/", headers=GERMAN), "Hier ist nichts"),
        (
            browser.post("/", b"x" * 300_000, "text/plain", headers=GERMAN),
            "zu viel auf einmal",
        ),
    ):
        assert answer.status_code >= 400
        assert words in answer.content.decode()
        assert language(answer) == "de"
        assert b'name="language"' not in answer.content


def test_the_switch_is_remembered_by_the_browser(browser):
    page = browser.get(LOGIN + "?next=/profile/", headers=ENGLISH).content.decode()
    assert '<button class="btn btn-quiet" name="language" value="de" lang="de">' in page
    assert 'value="/accounts/login/?next=/profile/"' in page
    assert 'value="en"' not in page  # the language that one reads is no choice
    german = browser.get(LOGIN, headers=GERMAN).content.decode()
    assert 'name="language" value="en" lang="en">English</button>' in german
    answer = browser.post(
        "/language/", {"language": "de", "next": LOGIN}, headers=ENGLISH
    )
    assert answer["Location"] == LOGIN
    cookie = browser.cookies["language"]
    assert cookie["samesite"] == "Lax"
    assert cookie["httponly"]
    assert language(browser.get(LOGIN, headers=ENGLISH)) == "de"


@pytest.mark.parametrize(
    "place", ["https://evil.example/", "//evil.example/", "javascript:alert(1)"]
)
def test_the_switch_leads_nowhere_else(browser, place):
    answer = browser.post("/language/", {"language": "de", "next": place})
    assert answer["Location"] == "/"


def test_the_switch_wants_its_token_and_a_press(browser):
    assert browser.get("/language/?language=de").status_code == 405
    browser.handler.enforce_csrf_checks = True
    assert browser.post("/language/", {"language": "de"}).status_code == 403
    assert "language" not in browser.cookies


def test_a_profile_wins_over_the_browser(make_person, browser):
    make_person(language="de")
    sign_in_by_form(browser)
    assert language(browser.get("/dashboard/", headers=ENGLISH)) == "de"
    browser.post("/accounts/logout/")
    assert language(browser.get(LOGIN, headers=ENGLISH)) == "en"


def test_an_unknown_language_in_a_profile_is_none(make_person, browser):
    make_person(language="tlh")
    sign_in_by_form(browser)
    assert language(browser.get("/dashboard/", headers=GERMAN)) == "de"


def test_it_costs_no_query(make_person, browser):
    user = make_person()
    sign_in_by_form(browser)
    browser.get("/profile/", headers=ENGLISH)
    with CaptureQueriesContext(connection) as before:
        browser.get("/profile/", headers=ENGLISH)
    user.language = "de"
    user.save()
    with CaptureQueriesContext(connection) as after:
        browser.get("/profile/", headers=ENGLISH)
    assert len(after) == len(before)


def test_the_profile_offers_each_language_in_its_own_words(make_person, browser):
    user = make_person(name="Maya")
    sign_in_by_form(browser)
    page = browser.get("/profile/", headers=ENGLISH).content.decode()
    assert '<option value="" selected>As my browser asks</option>' in page
    assert '<option value="de">Deutsch</option>' in page
    browser.post("/profile/", {"name": "Maya", "language": "de"}, headers=ENGLISH)
    saved = browser.get("/profile/", headers=ENGLISH).content.decode()
    assert "Ihr Profil wurde gespeichert." in saved
    user.refresh_from_db()
    assert user.language == "de"
    page = browser.get("/profile/", headers=ENGLISH).content.decode()
    assert "Deutsch</option>" in page
    assert "Speichern" in page
    browser.post("/profile/", {"name": "Maya", "language": "tlh"}, headers=ENGLISH)
    user.refresh_from_db()
    assert user.language == "de"


def test_the_switch_changes_a_profile(make_person, browser):
    user = make_person(language="de")
    sign_in_by_form(browser)
    browser.post("/language/", {"language": "en", "next": "/dashboard/"})
    assert language(browser.get("/dashboard/", headers=GERMAN)) == "en"
    user.refresh_from_db()
    assert user.language == "en"
    browser.post("/language/", {"language": "tlh"})
    user.refresh_from_db()
    assert user.language == "en"


def test_dates_are_written_as_the_language_does(make_person, browser):
    user = make_person()
    sign_in_by_form(browser)
    month = user.date_joined.strftime("%B %Y")  # of C's locale: English
    day = user.date_joined.day
    page = browser.get("/profile/", headers=ENGLISH).content.decode()
    assert f"Made on {day} {month}." in page
    page = browser.get("/profile/", headers=GERMAN).content.decode()
    assert f"{day}. " in page
    assert f"Made on {day}" not in page


def test_the_api_answers_in_english_and_forgets_the_page_before(
    make_person, browser, api
):
    make_person(language="de")
    assert language(browser.get(LOGIN, headers=GERMAN)) == "de"
    english = api.post("/api/token/", {"email": "", "password": ""}).content
    answer = api.post("/api/token/", {}, accept_language="de")
    assert "Content-Language" not in answer
    assert b"This field is required." in answer.content
    assert b"This field" in english
    sign_in_by_form(browser)
    refused = browser.get("/api/token/session/", headers=GERMAN)
    assert refused.status_code == 405
    assert "Content-Language" not in refused


def test_codes_that_are_shown_once_are_not_switched_away(make_person, browser):
    app = enrol_totp(make_person())
    sign_in_by_form(browser)
    second_step(browser, app.code())
    assert b'name="language"' in browser.get("/accounts/2fa/").content
    browser.post("/accounts/2fa/recovery-codes/generate/")
    page = browser.get("/accounts/2fa/recovery-codes/").content
    assert b'id="codes"' in page
    assert b'name="language"' not in page
