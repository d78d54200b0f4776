"""Someone whose address a stranger floods: few emails come, and every way in works."""

from __future__ import annotations

import re
from collections import Counter

import pytest
from django.core.cache import cache
from django.test import Client

from accounts.models import User
from accounts.policy import email_bounds
from accounts.policy.models import EmailBound
from tests.fixtures import PASSWORD, code_in, deliver_mail, later, sign_in_by_form

pytestmark = pytest.mark.django_db(transaction=True)
EMAIL, NEW = "maya@example.org", "another password 9"
RESET, BY_CODE = "/accounts/password/reset/", "/accounts/login/code/"
LINK = re.compile(r"http://localhost(/accounts/password/reset/key/\S+)")


@pytest.fixture(autouse=True)
def by_code(settings):
    settings.ACCOUNT_LOGIN_BY_CODE_ENABLED = True


def flood(path, times=30, email=EMAIL, first=0):
    """Requests from many addresses; returns what they were answered."""
    seen = Counter()
    for number in range(first, first + times):
        client = Client(
            SERVER_NAME="localhost", REMOTE_ADDR=f"10.{number // 250}.{number % 250}.7"
        )
        answer = client.post(path, {"email": email})
        seen[answer.status_code, answer["Location"]] += 1
    return seen


def sent(email=EMAIL):
    return [mail for mail in deliver_mail() if mail.to == [email]]


def newest_link():
    links = [LINK.search(mail.body) for mail in deliver_mail()]
    return next(link.group(1) for link in reversed(links) if link)


def reset_by(browser, link):
    form = browser.get(link, follow=True).redirect_chain[-1][0]
    browser.post(form, {"password1": NEW})
    return sign_in_by_form(Client(SERVER_NAME="localhost"), password=NEW)


def test_a_flood_of_hours_sends_few_emails_and_every_answer_is_the_same(make_person):
    make_person()
    answers = Counter()
    for hour in range(6):
        with later(minutes=61 * hour):
            answers += flood(RESET, first=100 * hour)
    assert len(answers) == 1
    # twenty a day, and then one whenever the last link has expired
    assert len(sent()) == 20 + 2
    assert EmailBound.objects.get().held_back == 180 - len(sent())


def test_its_owner_resets_the_password_with_the_last_link_in_any_browser(make_person):
    make_person()
    flood(RESET)
    before = len(sent())
    browser = Client(SERVER_NAME="localhost")
    assert browser.post(RESET, {"email": EMAIL}).status_code == 302
    assert len(sent()) == before == 5
    assert reset_by(browser, newest_link()).status_code == 302
    # that link is used up, so the next request gets another one
    Client(SERVER_NAME="localhost").post(RESET, {"email": EMAIL})
    assert len([mail for mail in sent() if LINK.search(mail.body)]) == 6


def test_a_known_browser_gets_its_own_email(make_person, browser):
    make_person()
    sign_in_by_form(browser)
    browser.post("/accounts/logout/")
    flood(RESET)
    before = len(sent())
    browser.post(RESET, {"email": EMAIL})
    assert len(sent()) == before + 1
    assert reset_by(browser, newest_link()).status_code == 302


def test_its_owner_signs_in_with_the_last_code_emailed(make_person):
    make_person()
    flood(BY_CODE)
    assert len(sent()) == 5
    browser = Client(SERVER_NAME="localhost")
    browser.post(BY_CODE, {"email": EMAIL})
    assert len(sent()) == 5
    code = code_in(sent()[-1])
    flood(BY_CODE, times=5, first=300)  # strangers who ask once more change nothing
    browser.post("/accounts/login/code/confirm/", {"code": code})
    assert browser.get("/dashboard/").status_code == 200
    # a used code is not handed out again
    again = Client(SERVER_NAME="localhost")
    again.post(BY_CODE, {"email": EMAIL})
    assert code_in(sent()[-1]) != code


def test_a_shared_code_is_as_old_as_its_email(make_person):
    make_person()
    flood(BY_CODE)
    code = code_in(sent()[-1])
    browser = Client(SERVER_NAME="localhost")
    with later(minutes=9):
        browser.post(BY_CODE, {"email": EMAIL})
    with later(minutes=11):
        browser.post("/accounts/login/code/confirm/", {"code": code})
        assert browser.get("/dashboard/").status_code == 302
        fresh = Client(SERVER_NAME="localhost")
        fresh.post(BY_CODE, {"email": EMAIL})
        fresh.post("/accounts/login/code/confirm/", {"code": code_in(sent()[-1])})
        assert fresh.get("/dashboard/").status_code == 200


def test_its_owner_signs_up_although_the_address_was_flooded(browser):
    flood(RESET, email="new@example.org")
    assert len(sent("new@example.org")) == 5
    browser.post(
        "/accounts/signup/", {"email": "new@example.org", "password1": PASSWORD}
    )
    code = code_in(sent("new@example.org")[-1])
    browser.post("/accounts/confirm-email/", {"code": code})
    assert browser.get("/dashboard/").status_code == 200


def test_another_address_is_confirmed_with_the_last_code_emailed(make_person):
    """Accounts of strangers can have codes sent to any address too."""
    browsers = []
    for number in range(7):
        make_person(f"p{number}@example.org")
        client = Client(SERVER_NAME="localhost", REMOTE_ADDR=f"10.1.{number}.7")
        sign_in_by_form(client, f"p{number}@example.org")
        client.post("/accounts/email/", {"action_add": "", "email": EMAIL})
        browsers.append(client)
    assert len(sent()) == 5
    browsers[-1].post("/accounts/confirm-email/", {"code": code_in(sent()[-1])})
    assert User.objects.get(email=EMAIL)


def test_who_has_no_account_is_bounded_as_those_who_have_one(make_person):
    make_person()
    assert flood(RESET) == flood(RESET, email="nobody@example.org")
    assert len(sent()) == len(sent("nobody@example.org")) == 5


def test_the_day_has_a_bound_too(make_person, settings):
    make_person()
    settings.ACCOUNT_RATE_LIMITS = {
        **settings.ACCOUNT_RATE_LIMITS, "email": "5/h/key,7/d/key",
    }  # fmt: skip
    for hour in range(3):
        with later(minutes=61 * hour):
            flood(RESET, times=8, first=100 * hour)
    assert len(sent()) == 5 + 2 + 1


def test_what_happened_to_an_account_is_always_told(make_person, browser):
    make_person()
    flood(RESET)
    before = len(sent())
    sign_in_by_form(browser)
    browser.post(
        "/accounts/password/change/", {"oldpassword": PASSWORD, "password1": NEW}
    )
    assert len(sent()) == before + 1


def test_the_count_survives_the_cache(make_person):
    make_person()
    flood(RESET, times=5)
    cache.clear()
    flood(RESET, times=5)
    assert len(sent()) == 5


def test_rows_hold_no_address_and_are_pruned(make_person):
    make_person()
    flood(RESET, times=2)
    row = EmailBound.objects.get()
    assert EMAIL not in str(vars(row))
    assert row.address == email_bounds.address_hash("MAYA@example.org")
    assert email_bounds.prune_bounds() == 0
    with later(days=3):
        assert email_bounds.prune_bounds() == 1


@pytest.mark.parametrize(
    "email",
    ["x@[127.0.0.1]", "root@localhost", "a@b.localhost"],
)
def test_no_email_goes_to_our_own_machines(make_person, browser, email):
    answer = browser.post("/accounts/signup/", {"email": email, "password1": PASSWORD})
    assert answer.status_code == 200
    assert not User.objects.exists()
    make_person()
    known = Client(SERVER_NAME="localhost").post(RESET, {"email": EMAIL})
    other = Client(SERVER_NAME="localhost").post(RESET, {"email": email})
    assert (other.status_code, other["Location"]) == (
        known.status_code,
        known["Location"],
    )
    sign_in_by_form(browser)
    answer = browser.post("/accounts/email/", {"action_add": "", "email": email})
    assert answer.status_code == 200
    assert {address for mail in deliver_mail() for address in mail.to} == {EMAIL}


def test_its_own_sentence_says_why(browser):
    answer = browser.post(
        "/accounts/signup/", {"email": "root@localhost", "password1": PASSWORD}
    )
    assert "We can&#x27;t send email there." in answer.content.decode()
