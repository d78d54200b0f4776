"""Devices: one sees every browser and app, and signs any of them out."""

from __future__ import annotations

import re

import pytest
from allauth.usersessions.models import UserSession
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.audit.models import Action, Event
from tests.fixtures import (
    enrol_totp,
    exchange,
    later,
    second_step,
    sign_in_by_form,
)

pytestmark = pytest.mark.django_db(transaction=True)
PAGE = "/accounts/sessions/"
IPHONE = (
    "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15 "
    "(KHTML, like Gecko) Version/18.0 Mobile/15E148 Safari/604.1"
)
FIREFOX = "Mozilla/5.0 (Windows NT 10.0; rv:140.0) Gecko/20100101 Firefox/140.0"


def signed_in(user_agent=FIREFOX, email="maya@example.org"):
    client = Client(SERVER_NAME="localhost", HTTP_USER_AGENT=user_agent)
    assert sign_in_by_form(client, email).status_code == 302
    return client


def shown(browser):
    answer = browser.get(PAGE)
    assert answer.status_code == 200
    return answer.context, " ".join(
        re.sub(r"<[^>]+>", "", answer.content.decode()).split()
    )


def is_in(browser):
    return browser.get("/dashboard/").status_code == 200


def row_of(browser):
    return UserSession.objects.get(session_key=browser.session.session_key)


def ended_events():
    return Event.objects.filter(action=Action.SESSION_ENDED)


def test_browsers_and_apps_each_in_their_place(make_person, api, browser):
    make_person()
    signed_in(IPHONE)
    sign_in_by_form(browser)
    api.defaults["HTTP_USER_AGENT"] = "northwind/2.1"
    api.tokens()
    context, text = shown(browser)
    assert context["browsers"][0].is_current
    assert context["browsers"][1].name == "Safari on iOS"
    assert [one.name for one in context["apps"]] == ["northwind"]
    assert context["others"] == 2
    assert "Sign out the other 2" in text
    assert text.count("This device") == 1
    assert text.count("Signed in today with a password, 127.0.0.1") == 3


def test_how_one_signed_in_stands_in_words(make_person, browser):
    app = enrol_totp(make_person())
    sign_in_by_form(browser)
    second_step(browser, app.code())
    assert "with a password and a code from an app" in shown(browser)[1]


def test_a_page_for_whoever_has_one_browser_alone(make_person, browser):
    make_person()
    sign_in_by_form(browser)
    context, text = shown(browser)
    assert (len(context["browsers"]), context["apps"], context["others"]) == (1, [], 0)
    assert "None signed in" in text
    assert "Sign out the other" not in text


def test_times_in_words(make_person, browser):
    make_person()
    other = signed_in()
    signed_in(IPHONE)
    with later(hours=3):
        sign_in_by_form(browser)
        other.get("/dashboard/")
        text = shown(browser)[1]
    assert "Active now" in text
    assert "Active a moment ago" in text
    assert re.search(r"Active 3.hours ago", text)


def test_an_app_was_seen_when_its_tokens_were_renewed(make_person, api, browser):
    make_person()
    api.defaults["HTTP_USER_AGENT"] = ""
    pair, long_ago = api.tokens(), timezone.now()
    with later(minutes=50):
        sign_in_by_form(browser)
        assert re.search(r"Active 50.minutes ago", shown(browser)[1])
        api.refresh(pair["refresh"])
        # near its absolute end a session is not extended, and its row stays as it was
        UserSession.objects.filter(user_agent="").update(last_seen_at=long_ago)
        assert "Active a moment ago" in shown(browser)[1]


def test_a_browser_that_took_tokens_stays_a_browser(make_person, browser):
    make_person()
    sign_in_by_form(browser)
    assert exchange(browser).status_code == 200
    context, _ = shown(browser)
    assert (len(context["browsers"]), context["apps"]) == (1, [])


def test_an_app_that_signed_out_is_listed_no_more(make_person, api, browser):
    make_person()
    pair = api.tokens()
    api.post("/api/token/revoke/", {"refresh": pair["refresh"]})
    sign_in_by_form(browser)
    assert shown(browser)[0]["apps"] == []
    assert "See your one device" in browser.get("/dashboard/").content.decode()


def test_what_a_new_password_ended_is_listed_no_more(make_person, browser):
    user = make_person()
    signed_in()
    user.set_password("another password 9")
    user.save()
    sign_in_by_form(browser, password="another password 9")
    assert shown(browser)[0]["others"] == 0


def test_no_key_is_on_the_page(make_person, browser):
    make_person()
    other = signed_in()
    sign_in_by_form(browser)
    page = browser.get(PAGE)
    for client in (browser, other):
        assert client.session.session_key not in page.content.decode()
        assert client.session["policy_sid"] not in page.content.decode()
    assert "no-store" in page["Cache-Control"]


def test_one_is_signed_out_and_told_why(make_person, browser):
    make_person()
    phone, laptop = signed_in(IPHONE), signed_in()
    sign_in_by_form(browser)
    answer = browser.post(PAGE, {"session": row_of(phone).pk}, follow=True)
    assert "Safari on iOS is signed out. If you did not know it" in (
        answer.content.decode()
    )
    assert [is_in(client) for client in (phone, laptop, browser)] == [False, True, True]
    told = phone.get("/accounts/login/").content.decode()
    assert "signed out from another browser or device of yours" in told
    [event] = ended_events()
    assert event.data["device"] == IPHONE[:200]
    activity = browser.get("/accounts/activity/").content.decode()
    assert "Another device signed out: Safari on iOS" in activity


def test_an_app_is_signed_out_and_its_tokens_die(make_person, api, browser):
    make_person()
    pair, kept = api.tokens(), api.tokens()
    sign_in_by_form(browser)
    first = min(shown(browser)[0]["apps"], key=lambda one: one.row.pk)
    browser.post(PAGE, {"session": first.row.pk})
    assert api.get("/api/me/", pair["access"]).status_code == 401
    assert api.refresh(pair["refresh"]).status_code == 401
    assert api.get("/api/me/", kept["access"]).status_code == 200
    assert ended_events().count() == 1


def test_all_others_at_once_one_event_for_each(make_person, api, browser):
    user = make_person()
    others = [signed_in(), signed_in(IPHONE)]
    pair = api.tokens()
    sign_in_by_form(browser)
    answer = browser.post(PAGE, follow=True)
    assert "The other 3 devices are signed out." in answer.content.decode()
    assert [is_in(client) for client in (*others, browser)] == [False, False, True]
    assert api.refresh(pair["refresh"]).status_code == 401
    assert list(ended_events().values_list("user", flat=True)) == [user.pk] * 3
    again = browser.post(PAGE, follow=True)
    assert "No other device was signed in" in again.content.decode()
    assert ended_events().count() == 3


def test_other_peoples_devices_are_out_of_reach(make_person, browser):
    make_person()
    make_person("other@example.org")
    other = signed_in(email="other@example.org")
    sign_in_by_form(browser)
    foreign = browser.post(PAGE, {"session": row_of(other).pk}, follow=True)
    missing = browser.post(PAGE, {"session": 999_999}, follow=True)
    for answer in (foreign, missing):
        assert "signed out already. Nothing was changed." in answer.content.decode()
    browser.post(PAGE)
    assert is_in(other)
    assert not ended_events().exists()


@pytest.mark.parametrize("value", ["", "x", "-1", "1' OR 1=1", "\x00", "9" * 30])
def test_a_name_that_is_none_ends_nothing(make_person, browser, value):
    make_person()
    other = signed_in()
    sign_in_by_form(browser)
    answer = browser.post(PAGE, {"session": value})
    assert answer.status_code in {302, 400}
    assert is_in(other)


def test_this_device_is_ended_by_sign_out_alone(make_person, browser):
    make_person()
    sign_in_by_form(browser)
    answer = browser.post(PAGE, {"session": row_of(browser).pk}, follow=True)
    assert "the device you are using" in answer.content.decode()
    assert is_in(browser)


def test_it_asks_for_no_proof_and_for_a_csrf_token(make_person):
    make_person()
    other = signed_in()
    strict = Client(SERVER_NAME="localhost", enforce_csrf_checks=True)
    strict.get("/accounts/login/")
    token = strict.cookies["csrftoken"].value
    sign_in_by_form(strict, csrfmiddlewaretoken=token)
    assert strict.post(PAGE).status_code == 403
    assert is_in(other)
    with later(minutes=30):
        token = strict.cookies["csrftoken"].value
        strict.post(PAGE, {"csrfmiddlewaretoken": token})
        assert not is_in(other)


def test_its_headless_twin_tells_the_same(make_person, api, browser):
    make_person()
    make_person("other@example.org")
    phone, foreign = signed_in(IPHONE), signed_in(email="other@example.org")
    pair = api.tokens()
    sign_in_by_form(browser)
    url = "/_allauth/browser/v1/auth/sessions"

    def delete(*clients):
        body = {"sessions": [row_of(client).pk for client in clients]}
        return browser.delete(url, body, content_type="application/json").status_code

    assert delete(foreign) == 400
    assert is_in(foreign)
    assert delete(phone) == 200
    assert not is_in(phone)
    [event] = ended_events()
    assert event.data["device"] == IPHONE[:200]
    # one's own is a sign-out, which has an event of its own
    assert delete(browser) == 401
    assert ended_events().count() == 1
    assert Event.objects.filter(action=Action.SIGN_OUT).count() == 1
    assert api.get("/api/me/", pair["access"]).status_code == 200


def test_the_same_number_of_statements_for_25_as_for_two(make_person, api, browser):
    make_person()
    sign_in_by_form(browser)
    signed_in()
    api.tokens()

    def statements():
        with CaptureQueriesContext(connection) as seen:
            assert browser.get(PAGE).status_code == 200
        return len(seen)

    few = statements()
    for _ in range(14):
        signed_in()
    for _ in range(8):
        api.tokens()
    context, _ = shown(browser)
    assert (len(context["browsers"]), len(context["apps"])) == (16, 9)
    assert statements() == few
