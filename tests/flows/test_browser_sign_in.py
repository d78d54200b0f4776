"""browser_sign_in: form, adapter, stages, session, audit, safe `next`; no script."""

from __future__ import annotations

import re
import time
from datetime import UTC, datetime, timedelta
from urllib.parse import unquote

import pytest
import time_machine
from allauth.usersessions.models import UserSession
from django.test import Client

from accounts.audit.models import Action, Event
from accounts.models import User
from accounts.tokens.models import Family
from tests.fixtures import (
    PASSWORD,
    code_in,
    deliver_mail,
    enrol_totp,
    exchange,
    second_step,
    sign_in_by_form,
)

pytestmark = pytest.mark.django_db(transaction=True)
SIGN_UP = {"email": "New@Example.org", "password1": PASSWORD}
LINK = re.compile(r"http://localhost(/accounts/password/reset/key/\S+)")
NEW = "another password 9"
HOSTILE = (
    "//evil.example",
    "/\\evil.example",
    "\\\\evil.example",
    "https://evil.example/",
    "http:evil.example",
    "javascript:alert(1)",
    "JavaScript:alert(1)",
    "data:text/html,x",
    "http://[::1",
    "/\t/evil.example",
    "/%0d%0aSet-Cookie:a=b\r\nx",
    "////evil.example",
    "/\x00/evil.example",
)


def actions(user=None):
    events = Event.objects.order_by("id")
    return [e.action for e in (events.filter(user=user) if user else events)]


def without_tokens(page):
    """A page's bytes, but for what must differ: CSRF tokens and what was typed."""
    text = re.sub(r'name="csrfmiddlewaretoken" value="\w+"', "", page.content.decode())
    return re.sub(r'value="[^"]*@example.org"', "", text)


def test_sign_up_code_dashboard_sign_out(browser):
    answer = browser.post("/accounts/signup/", SIGN_UP)
    assert answer["Location"] == "/accounts/confirm-email/"
    assert browser.get("/dashboard/").status_code == 302
    message = deliver_mail()[-1]
    assert message.to == ["new@example.org"]
    answer = browser.post("/accounts/confirm-email/", {"code": code_in(message)})
    assert answer["Location"] == "/dashboard/"
    page = browser.get("/dashboard/").content.decode()
    assert "new@example.org" in page
    assert "Add a second step" in page
    assert "<dt>With</dt><dd>Password</dd>" in page
    assert "Signed in with password" in page
    assert exchange(browser).status_code == 200
    assert browser.get("/accounts/logout/").status_code == 200
    assert browser.get("/dashboard/").status_code == 200  # GET signs nobody out
    assert browser.post("/accounts/logout/")["Location"] == "/"
    assert browser.get("/dashboard/").status_code == 302
    user = User.objects.get(email="new@example.org")
    assert actions(user) == [
        Action.SIGN_UP,
        Action.EMAIL_VERIFIED,
        Action.SIGN_IN,
        Action.TOKENS_REVOKED,
        Action.SIGN_OUT,
    ]


def test_a_code_works_lower_case_with_spaces_and_not_after_ten_minutes(browser):
    browser.post("/accounts/signup/", SIGN_UP)
    code = code_in(deliver_mail()[-1])
    typed = f" {code.lower().replace('-', ' - ')} "
    answer = browser.post("/accounts/confirm-email/", {"code": typed})
    assert answer["Location"] == "/dashboard/"
    late = Client(SERVER_NAME="localhost")
    late.post("/accounts/signup/", {**SIGN_UP, "email": "late@example.org"})
    code = code_in(deliver_mail()[-1])
    with time_machine.travel(601 + time.time()):
        answer = late.post("/accounts/confirm-email/", {"code": code})
    assert answer.get("Location") != "/dashboard/"
    assert not User.objects.filter(email="late@example.org").exists()


def test_five_wrong_codes_end_the_sign_up(browser):
    browser.post("/accounts/signup/", SIGN_UP)
    code = code_in(deliver_mail()[-1])
    for _ in range(5):
        browser.post("/accounts/confirm-email/", {"code": "0000-0000"})
    answer = browser.post("/accounts/confirm-email/", {"code": code})
    assert answer.get("Location") != "/dashboard/"
    assert browser.get("/dashboard/").status_code == 302


def test_signing_up_with_a_known_address_looks_the_same(make_person, browser):
    make_person("known@example.org")
    other = Client(SERVER_NAME="localhost")
    new = browser.post("/accounts/signup/", {**SIGN_UP, "email": "new@example.org"})
    known = other.post("/accounts/signup/", {**SIGN_UP, "email": "known@example.org"})
    assert (new.status_code, new["Location"]) == (known.status_code, known["Location"])
    pages = [client.get(new["Location"]) for client in (browser, other)]
    first, second = (
        without_tokens(page).replace(name, "") for page, name in zip(
            pages, ("new@example.org", "known@example.org"), strict=True
        )
    )  # fmt: skip
    assert first == second
    assert "have one already" in deliver_mail()[-1].body


def test_asking_for_a_link_looks_the_same_for_known_and_unknown(make_person, browser):
    make_person()
    pages = []
    for email in ("maya@example.org", "nobody@example.org"):
        client = Client(SERVER_NAME="localhost")
        answer = client.post("/accounts/password/reset/", {"email": email})
        pages.append((answer.status_code, answer["Location"]))
    assert pages[0] == pages[1]
    assert [mail.to[0] for mail in deliver_mail()] == [
        "maya@example.org",
        "nobody@example.org",
    ]


def test_wrong_unknown_disabled_and_without_password_get_the_same_bytes(make_person):
    make_person()
    make_person("disabled@example.org", is_active=False)
    make_person("social@example.org", password=None)
    cases = {
        "maya@example.org": "wrong",
        "nobody@example.org": "wrong",
        "disabled@example.org": PASSWORD,
        "social@example.org": "wrong",
    }
    pages = [
        sign_in_by_form(Client(SERVER_NAME="localhost"), email, password)
        for email, password in cases.items()
    ]
    assert {page.status_code for page in pages} == {200}
    assert len({without_tokens(page) for page in pages}) == 1
    assert len({tuple(sorted(page.headers)) for page in pages}) == 1


def test_after_an_error_address_and_next_stay_and_the_password_goes(
    make_person, browser
):
    make_person()
    page = sign_in_by_form(browser, password="wrong secret", next="/profile/")
    text = page.content.decode()
    assert "<title>Error: Sign in" in text
    assert 'value="maya@example.org"' in text
    assert '<input type="hidden" name="next" value="/profile/">' in text
    assert "wrong secret" not in text
    summary = text.index("There is a problem")
    assert text.index("<main") < summary < text.index("<h1")
    assert text.count("Enter a correct e-mail address and password.") == 2


def test_back_to_where_one_was_going(make_person, browser):
    make_person()
    asked = browser.get("/profile/?tab=1")
    assert asked["Location"] == "/accounts/login/?next=/profile/%3Ftab%3D1"
    page = browser.get(asked["Location"]).content.decode()
    assert 'name="next" value="/profile/?tab=1"' in page
    answer = sign_in_by_form(browser, next="/profile/?tab=1")
    assert answer["Location"] == "/profile/?tab=1"


@pytest.mark.parametrize("where", HOSTILE)
def test_a_hostile_next_leads_to_the_dashboard(make_person, browser, where):
    make_person()
    page = browser.get("/accounts/login/", {"next": where})
    assert page.status_code == (400 if "\x00" in where else 200)
    assert b'name="next" value="/"' not in page.content
    answer = sign_in_by_form(browser, next=where)
    if "\x00" in where:
        assert answer.status_code == 400
        return
    assert answer["Location"] == "/dashboard/"
    answer = browser.post("/accounts/logout/", {"next": where})
    assert answer["Location"] == "/"


def test_keep_me_signed_in_lasts_thirty_days_else_until_the_browser_closes(
    make_person,
):
    make_person()
    for remember, age in (({"remember": "on"}, 30 * 24 * 3600), ({}, "")):
        client = Client(SERVER_NAME="localhost")
        sign_in_by_form(client, **remember)
        assert client.cookies["sessionid"]["max-age"] == age
        assert client.cookies["sessionid"]["httponly"]


def test_an_idle_session_that_was_not_kept_ends_after_twelve_hours(
    make_person, browser
):
    make_person()
    sign_in_by_form(browser)
    now = time.time()
    with time_machine.travel(now + 11 * 3600):
        assert browser.get("/dashboard/").status_code == 200
    with time_machine.travel(now + 22 * 3600):
        assert browser.get("/dashboard/").status_code == 200
    with time_machine.travel(now + 35 * 3600):
        assert browser.get("/dashboard/").status_code == 302


def test_no_session_outlives_ninety_days(make_person, browser):
    make_person()
    sign_in_by_form(browser, remember="on")
    now = time.time()
    for day in range(20, 90, 20):
        with time_machine.travel(now + day * 86400):
            assert browser.get("/dashboard/").status_code == 200
    with time_machine.travel(now + 91 * 86400):
        assert browser.get("/dashboard/").status_code == 302


def test_a_link_resets_the_password_and_signs_every_device_out(make_person, browser):
    user = make_person()
    sign_in_by_form(browser)
    pair = exchange(browser).json()
    other = Client(SERVER_NAME="localhost")
    other.post("/accounts/password/reset/", {"email": "maya@example.org"})
    link = LINK.search(deliver_mail()[-1].body)[1]
    form = other.get(link)["Location"]
    assert "-set-password" in form  # the key is no longer in the address
    page = other.get(form)
    assert page["Referrer-Policy"] == "same-origin"
    assert other.post(form, {"password1": "short"}).status_code == 200
    assert other.post(form, {"password1": NEW}).status_code == 302
    assert browser.get("/dashboard/").status_code == 302
    assert not Family.objects.filter(revoked_at=None).exists()
    assert other.get("/dashboard/").status_code == 302  # a link alone signs nobody in
    assert b"no longer works" in other.get(link, follow=True).content
    assert sign_in_by_form(other, password=PASSWORD).status_code == 200
    assert sign_in_by_form(other, password=NEW).status_code == 302
    told = deliver_mail()[-1]
    assert "your password was changed" in told.subject
    assert [action for action in actions(user) if "password" in action] == [
        Action.RESET_REQUESTED,
        Action.PASSWORD_RESET,
    ]
    assert pair["refresh"] not in str(list(Event.objects.values_list("data")))


def test_a_changed_password_keeps_this_session_and_ends_the_others(
    make_person, browser
):
    user = make_person()
    sign_in_by_form(browser)
    mine = exchange(browser).json()
    other = Client(SERVER_NAME="localhost")
    sign_in_by_form(other)
    page = browser.get("/accounts/password/change/").content.decode()
    assert 'name="username" value="maya@example.org" autocomplete="username"' in page
    assert page.count('autocomplete="new-password"') == 1
    wrong = {"oldpassword": "wrong", "password1": NEW}
    assert browser.post("/accounts/password/change/", wrong).status_code == 200
    right = {"oldpassword": PASSWORD, "password1": NEW}
    done = browser.post("/accounts/password/change/", right)
    assert done["Location"] == "/accounts/2fa/"
    assert browser.get("/dashboard/").status_code == 200
    assert other.get("/dashboard/").status_code == 302
    assert Client(SERVER_NAME="localhost").post(
        "/api/token/refresh/", {"refresh": mine["refresh"]}, "application/json"
    ).status_code == 200  # fmt: skip
    assert Action.PASSWORD_CHANGED in actions(user)
    assert "your password was changed" in deliver_mail()[-1].subject


@pytest.mark.parametrize("password", ["a" * 7, "password123", "maya@example.org"])
def test_weak_passwords_are_refused(browser, password):
    body = {"email": "maya@example.org", "password1": password}
    page = browser.post("/accounts/signup/", body)
    assert page.status_code == 200
    assert not User.objects.exists()


def test_long_passwords_with_any_letters_are_taken_as_they_are(browser, make_person):
    password = "  ünï ☃ " + "x" * 110 + " "
    make_person(password=password)
    assert sign_in_by_form(browser, password=password).status_code == 302
    wrong = Client(SERVER_NAME="localhost")
    assert sign_in_by_form(wrong, password=password.strip()).status_code == 200


def test_a_second_step_stands_between(make_person, browser):
    app = enrol_totp(make_person())
    answer = sign_in_by_form(browser, next="/profile/")
    assert answer["Location"].startswith("/accounts/2fa/authenticate/")
    assert browser.get("/dashboard/").status_code == 302
    page = browser.get(answer["Location"]).content.decode()
    assert 'autocomplete="one-time-code"' in page
    assert 'inputmode="numeric"' in page
    wrong = browser.post("/accounts/2fa/authenticate/", {"code": "000000"})
    assert wrong.status_code == 200
    code = f"{app.code()[:3]} {app.code()[3:]}"
    done = second_step(browser, code)
    assert done["Location"] == "/profile/"
    event = Event.objects.get(action=Action.SIGN_IN)
    assert event.method == "password+totp"
    assert Event.objects.filter(action=Action.FACTOR_REFUSED).count() == 1


def test_wrong_codes_are_limited_with_a_time_to_wait(make_person, browser):
    enrol_totp(make_person())
    sign_in_by_form(browser)
    for _ in range(5):
        browser.post("/accounts/2fa/authenticate/", {"code": "000000"})
    answer = browser.post("/accounts/2fa/authenticate/", {"code": "000000"})
    assert answer.status_code == 429
    assert 200 < int(answer["Retry-After"]) <= 300
    assert Event.objects.filter(action=Action.SIGN_IN_LIMITED).count() == 1
    assert Event.objects.filter(action=Action.FACTOR_REFUSED).count() == 5


def test_enrolling_a_second_step(make_person, browser):
    user = make_person()
    sign_in_by_form(browser)
    page = browser.get("/accounts/2fa/totp/activate/")
    assert page.status_code == 200, page
    secret = re.search(r"secret=([A-Z2-7]{32})&", page.content.decode())[1]
    from tests.fixtures import Authenticator

    code = Authenticator(secret).code()
    answer = browser.post("/accounts/2fa/totp/activate/", {"code": code})
    assert answer["Location"] == "/accounts/2fa/recovery-codes/"
    codes = browser.get(answer["Location"]).content.decode()
    assert codes.count("<li><code>") == 10
    security = browser.get("/accounts/2fa/").content.decode()
    assert re.search(r"Set up on \d+ \w+ 20\d\d\.", security)
    assert (
        "Your account is well protected" in browser.get("/dashboard/").content.decode()
    )
    assert actions(user).count(Action.FACTOR_ADDED) == 2
    assert "a second step was added" in deliver_mail()[-1].subject
    assert secret not in str(list(user.authenticator_set.values_list("data")))


def test_proof_is_asked_for_again_after_five_minutes(make_person, browser):
    make_person()
    sign_in_by_form(browser)
    now = time.time()
    path = "/accounts/2fa/totp/activate/"
    assert browser.get(path).status_code == 200
    with time_machine.travel(now + 301):
        asked = browser.get(path)
        assert unquote(asked["Location"]) == f"/accounts/reauthenticate/?next={path}"
        wrong = browser.post(asked["Location"], {"password": "wrong"})
        assert wrong.status_code == 200
        right = browser.post(asked["Location"], {"password": PASSWORD, "next": path})
        assert right["Location"] == path
        assert browser.get(path).status_code == 200


def test_a_limited_page_answers_429_and_says_when(make_person, browser):
    make_person()
    for _ in range(5):
        sign_in_by_form(browser, password="wrong")
    page = sign_in_by_form(browser)
    assert page.status_code == 429
    assert 290 <= int(page["Retry-After"]) <= 300
    text = page.content.decode()
    assert "Wait 5 minutes, then try again" in text
    assert "/accounts/password/reset/" in text
    limited = Event.objects.get(action=Action.SIGN_IN_LIMITED)
    assert limited.outcome == "limited"


def test_a_person_changes_their_name(make_person, browser):
    user = make_person()
    sign_in_by_form(browser)
    name = "<b>Zoë</b> \u202eevil"
    assert browser.post("/profile/", {"name": name}).status_code in {200, 302}
    page = browser.get("/dashboard/").content.decode()
    assert "<b>Zoë" not in page
    user.refresh_from_db()
    too_long = browser.post("/profile/", {"name": "x" * 500})
    assert too_long.status_code == 200
    assert "Error:" in too_long.content.decode()


def test_activity_shows_only_ones_own(make_person, browser):
    make_person()
    make_person("other@example.org")
    sign_in_by_form(Client(SERVER_NAME="localhost"), "other@example.org")
    sign_in_by_form(browser)
    page = browser.get("/accounts/activity/").content.decode()
    assert page.count('row-title">Signed in with password') == 1
    assert browser.get("/accounts/activity/?page=999").status_code == 200
    assert browser.get("/accounts/activity/?page=x").status_code == 200


def test_devices_are_listed_and_the_others_signed_out(make_person, browser):
    make_person()
    others = [Client(SERVER_NAME="localhost") for _ in range(2)]
    for client in (*others, browser):
        sign_in_by_form(client)
    page = browser.get("/accounts/sessions/").content.decode()
    assert "Sign out the other 2" in page
    assert "This device" in page
    browser.post("/accounts/sessions/")
    assert browser.get("/dashboard/").status_code == 200
    assert [client.get("/dashboard/").status_code for client in others] == [302, 302]
    assert UserSession.objects.count() == 1


def test_the_addresses_that_password_managers_ask_for(client):
    answer = client.get("/.well-known/change-password")
    assert (answer.status_code, answer["Location"]) == (
        302,
        "/accounts/password/change/",
    )
    # The path that password managers probe, from the W3C draft.
    name = "resource-that-should-not-exist-whose-status-code-should-not-be-200"
    probe = f"/.well-known/{name}"
    answer = client.get(probe)
    assert answer.status_code == 404
    assert answer["Content-Type"] == "application/problem+json"


def test_passkey_endpoints_and_security_txt(client, settings):
    answer = client.get("/.well-known/passkey-endpoints")
    assert (answer.status_code, answer["Content-Type"]) == (200, "application/json")
    places = answer.json()
    assert places.keys() == {"enroll", "manage"}
    for place in places.values():  # there, for whoever signs in first
        to = client.get(place.removeprefix(settings.SITE_URL))["Location"]
        assert to.startswith("/accounts/login/?next=/accounts/2fa/webauthn/")
    text = client.get("/.well-known/security.txt").content.decode()
    fields = dict(line.split(": ", 1) for line in text.splitlines())
    assert fields["Contact"] == settings.BRAND_SECURITY_CONTACT
    assert fields["Canonical"] == "http://localhost/.well-known/security.txt"
    expires = datetime.fromisoformat(fields["Expires"])
    assert timedelta(days=100) < expires - datetime.now(tz=UTC) < timedelta(days=365)


def test_private_pages_are_not_kept_by_browsers(make_person, browser):
    make_person()
    sign_in_by_form(browser)
    for path in ("/dashboard/", "/profile/", "/accounts/activity/", "/accounts/2fa/"):
        assert "no-store" in browser.get(path)["Cache-Control"], path


def test_closed_sign_up_says_so(browser, settings):
    settings.ACCOUNT_SIGNUP_ENABLED = False
    assert b"Sign-up is closed" in browser.get("/accounts/signup/").content
    assert b"Sign-up is closed" in browser.post("/accounts/signup/", SIGN_UP).content
    assert b"Create an account" not in browser.get("/accounts/login/").content
    assert not User.objects.exists()
