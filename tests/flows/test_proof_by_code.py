"""People with neither password nor second factor reauthenticate by an emailed code."""

from __future__ import annotations

import datetime as dt
from types import SimpleNamespace

import pytest
from allauth.account.models import EmailAddress
from allauth.socialaccount.models import SocialAccount
from django.core.cache import cache
from django.test import Client

from accounts.models import User
from tests.fixtures import PASSWORD, code_in, deliver_mail, enrol_totp
from tests.flows.two_doors import EMAIL, STALE, Page, Program, later
from tests.standins.fixtures import sign_in_by

pytestmark = pytest.mark.django_db(transaction=True)
PAGE = "/accounts/reauthenticate/code/"
CONFIRM = f"{PAGE}confirm/"
CALL = "auth/reauthenticate/code"
FLOW = "reauthenticate_by_code"
#: Ours from before allauth had its own: to ask for a code, and to send it.
OLD_REQUEST, OLD_CONFIRM = (
    "auth/code/reauthenticate/request",
    "auth/code/reauthenticate",
)


@pytest.fixture(autouse=True)
def ways_in(settings):
    settings.ACCOUNT_LOGIN_BY_CODE_ENABLED = True
    settings.SOCIALACCOUNT_PROVIDERS = {
        "google": {"APPS": [{"client_id": "gid", "secret": "s"}]}
    }


@pytest.fixture
def by_provider(make_person, browser, api):
    """Somebody whom providers sign in: no password, no factor. On both doors."""
    user = make_person(password=None)
    social, _ = (
        SocialAccount.objects.create(user=user, provider="google", uid=uid)
        for uid in ("uid-1", "uid-2")
    )
    page, program = Page(browser, api), Program(browser, api)
    page.sign_in(user, None)
    program.sign_in(user, None)
    deliver_mail().clear()
    return SimpleNamespace(page=page, program=program, social=social, user=user)


def wrong(code):
    return code[:-1] + str((int(code[-1]) + 1) % 10)


def call_as_browser(browser, path, body=None):
    return browser.post(
        f"/_allauth/browser/v1/{path}", body or {}, content_type="application/json"
    )


def flows(answer):
    return {flow["id"]: flow for flow in answer.json()["data"]["flows"]}


def reauthentications(browser):
    records = browser.session["account_authentication_methods"]
    return [one for one in records if one.get("reauthenticated")]


# How it goes --------------------------------------------------------------------
def test_without_password_and_factor_an_emailed_code_reauthenticates(by_provider):
    page = by_provider.page
    with later():
        asked = page("/accounts/2fa/totp/activate/")
        after = "?next=%2Faccounts%2F2fa%2Ftotp%2Factivate%2F"
        assert asked["Location"] == PAGE + after
        shown = page(asked["Location"])
        assert "We will email a code to" in shown.content.decode()
        assert EMAIL in shown.content.decode()
        assert deliver_mail() == []  # nothing is sent for a look
        sent = page(asked["Location"], {})
        assert sent["Location"] == CONFIRM + after
        message = deliver_mail()[-1]
        assert message.to == [EMAIL]
        assert "/accounts/sessions/" in message.body
        code = code_in(message)
        refused = page(sent["Location"], {"code": wrong(code)})
        assert "does not fit" in refused.content.decode()
        done = page(sent["Location"], {"code": code})
        assert done["Location"] == "/accounts/2fa/totp/activate/"
        assert page("/accounts/2fa/totp/activate/").status_code == 200
    with later(2 * STALE):
        assert page.asks(page("/accounts/2fa/totp/activate/"))


def test_the_request_that_waited_goes_on(by_provider):
    page = by_provider.page
    with later():
        body = {"account": by_provider.social.pk}
        asked = page("/accounts/3rdparty/", body)["Location"]
        sent = page(asked, {})["Location"]
        page(sent, {"code": code_in(deliver_mail()[-1]), "next": "/accounts/3rdparty/"})
    assert not SocialAccount.objects.filter(pk=by_provider.social.pk).exists()


def test_no_password_waits_in_the_session(by_provider):
    with later():
        # without a space, which would be written in another way there
        by_provider.page("/accounts/password/set/", {"password1": "another-one-99"})
        assert "another-one-99" not in str(dict(by_provider.page.browser.session))


def test_an_app_reauthenticates_by_the_flow_that_the_401_names(by_provider):
    call = by_provider.program
    body = {"new_password": "a new one 99"}
    with later():
        call.renew(call)
        asked = call("POST", "account/password/change", body)
        assert asked.status_code == 401
        assert flows(asked) == {FLOW: {"id": FLOW, "recipients": [{"email": EMAIL}]}}
        assert call("POST", f"{CALL}/confirm", {"code": "1"}).status_code == 409
        assert call("POST", f"{CALL}/request", {"email": EMAIL}).status_code == 200
        code = code_in(deliver_mail()[-1])
        asked = call("POST", "account/password/change", body)
        assert flows(asked)[FLOW]["is_pending"]
        refused = call("POST", f"{CALL}/confirm", {"code": wrong(code)})
        assert refused.status_code == 400
        done = call("POST", f"{CALL}/confirm", {"code": code})
        assert done.status_code == 200
        assert done.json()["data"]["methods"][-1]["reauthenticated"]
        assert call("POST", "account/password/change", body).status_code == 200
        again = call("POST", f"{CALL}/confirm", {"code": code})
        assert again.status_code in {401, 409}


def test_the_browser_client_has_the_same_flow(by_provider):
    browser = by_provider.page.browser
    with later():
        asked = call_as_browser(browser, "account/email", {"email": "n@example.org"})
        assert flows(asked) == {FLOW: {"id": FLOW, "recipients": [{"email": EMAIL}]}}
        sent = call_as_browser(browser, f"{CALL}/request", {"email": EMAIL})
        assert sent.status_code == 200
        body = {"code": code_in(deliver_mail()[-1])}
        assert call_as_browser(browser, f"{CALL}/confirm", body).status_code == 200
        again = call_as_browser(browser, "account/email", {"email": "n@example.org"})
        assert again.status_code == 200


def test_someone_who_has_to_set_up_a_second_step_gets_there(by_provider, settings):
    settings.STAFF_MFA_REQUIRED = True
    User.objects.update(is_staff=True)
    page = by_provider.page
    with later():
        asked = page("/accounts/2fa/totp/activate/")["Location"]
        assert page(asked).status_code == 200
        sent = page(asked, {})["Location"]
        assert page(sent).status_code == 200
        done = page(sent, {"code": code_in(deliver_mail()[-1])})
        assert done["Location"] == "/accounts/2fa/totp/activate/"


# What limits it -----------------------------------------------------------------
def test_a_code_has_five_tries_ten_minutes_and_one_session(by_provider):
    page, call = by_provider.page, by_provider.program
    page(PAGE, {})
    code = code_in(deliver_mail()[-1])
    call("POST", f"{CALL}/request", {"email": EMAIL})
    other = code_in(deliver_mail()[-1])
    assert call("POST", f"{CALL}/confirm", {"code": code}).status_code == 400
    with later(dt.timedelta(minutes=10, seconds=5)):
        page(CONFIRM, {"code": code})
        assert page.asks(page("/accounts/2fa/totp/activate/"))
    page(PAGE, {})
    code = code_in(deliver_mail()[-1])
    for _ in range(3):
        assert page(CONFIRM, {"code": other}).status_code == 200
    with later():  # the counter of wrong codes is the one of all sign-ins: five
        for _ in range(2):
            page(CONFIRM, {"code": other})
        page(CONFIRM, {"code": code})
        assert page.asks(page("/accounts/2fa/totp/activate/"))


def test_wrong_codes_are_counted_with_wrong_passwords(by_provider):
    page = by_provider.page
    answers = []
    for _ in range(2):  # a new code does not start the count again
        page(PAGE, {})
        code = code_in(deliver_mail()[-1])
        answers += [page(CONFIRM, {"code": wrong(code)}) for _ in range(3)]
    assert [answer.status_code for answer in answers] == [200] * 5 + [429]
    assert "too many wrong codes" in answers[-1].content.decode()


@pytest.mark.parametrize("door", ["page", "call"])
def test_tries_are_also_counted_as_reauthentications(by_provider, settings, door):
    limits = {**settings.ACCOUNT_RATE_LIMITS, "reauthenticate": "2/m/user"}
    settings.ACCOUNT_RATE_LIMITS = limits
    page, call = by_provider.page, by_provider.program
    if door == "page":
        page(PAGE, {})
        answers = [page(CONFIRM, {"code": "0000-0000"}) for _ in range(2)]
    else:
        call("POST", f"{CALL}/request", {"email": EMAIL})
        body = {"code": "0000-0000"}
        answers = [call("POST", f"{CALL}/confirm", body) for _ in range(2)]
    assert answers[0].status_code in {200, 400}
    assert answers[1].status_code == 429


@pytest.mark.parametrize("door", ["page", "call", "resend", "resend page"])
def test_emails_are_counted_however_they_are_asked_for(by_provider, settings, door):
    limits = {**settings.ACCOUNT_RATE_LIMITS, "reset_password": "1/m/ip"}
    settings.ACCOUNT_RATE_LIMITS = limits
    settings.ACCOUNT_LOGIN_BY_CODE_SUPPORTS_RESEND = True
    page, call = by_provider.page, by_provider.program
    if "page" in door:
        page(PAGE, {})
        again = (CONFIRM, {"action": "resend"}) if "resend" in door else (PAGE, {})
        answer = page(*again)
    else:
        call("POST", f"{CALL}/request", {"email": EMAIL})
        again = "resend" if "resend" in door else "request"
        answer = call("POST", f"{CALL}/{again}", {"email": EMAIL})
    assert answer.status_code == 429
    assert len(deliver_mail()) == 1
    if "page" in door:
        text = answer.content.decode()
        assert "Too many mails were asked for" in text
        assert "Wait a minute, then try again" in text


def test_there_is_no_resend_only_a_new_request(by_provider):
    call = by_provider.program
    call("POST", f"{CALL}/request", {"email": EMAIL})
    assert call("POST", f"{CALL}/resend").status_code == 409
    assert len(deliver_mail()) == 1


def test_strangers_who_ask_for_emails_keep_nobody_from_their_code(
    make_person, providers
):
    browser = Client(SERVER_NAME="localhost")
    sign_in_by(providers, browser)
    stranger = Client(SERVER_NAME="localhost", REMOTE_ADDR="192.0.2.7")
    for _ in range(6):
        stranger.post("/accounts/password/reset/", {"email": "maya@example.org"})
    deliver_mail().clear()
    answer = browser.post(PAGE)
    assert answer.status_code != 429
    (letter,) = deliver_mail()
    assert code_in(letter)


# Who gets it, and where it goes ---------------------------------------------------
@pytest.mark.parametrize("kind", ["password", "factor", "both"])
def test_a_code_is_not_offered_beside_a_password_or_factor(
    make_person, browser, api, kind
):
    user = make_person(password=None if kind == "factor" else PASSWORD)
    app = None if kind == "password" else enrol_totp(user)
    page, call = Page(browser, api), Program(browser, api)
    page.sign_in(user, app)
    cache.clear()  # the same code again, at the other door
    call.sign_in(user, app)
    deliver_mail().clear()
    first = "reauthenticate/" if kind == "password" else "2fa/reauthenticate/"
    with later():
        call.renew(call)
        asked = page("/accounts/2fa/webauthn/add/")
        assert asked["Location"].startswith(f"/accounts/{first}?")
        assert PAGE not in page(asked["Location"]).content.decode()
        assert page(PAGE)["Location"] == f"/accounts/{first}"
        assert page(PAGE, {"recipient": EMAIL})["Location"] == f"/accounts/{first}"
        answers = [
            call("POST", "account/email", {"email": "n@example.org"}),
            call_as_browser(browser, "account/email", {"email": "n@example.org"}),
        ]
        for answer in answers:
            assert answer.status_code == 401
            assert FLOW not in flows(answer)
            assert flows(answer)
        body = {"email": EMAIL}
        refused = [
            call("POST", f"{CALL}/request", body),
            call_as_browser(browser, f"{CALL}/request", body),
        ]
        assert [answer.status_code for answer in refused] == [403, 403]
        assert call("POST", OLD_REQUEST).status_code == 409
    assert deliver_mail() == []


def test_without_a_verified_address_nothing_is_let_through(by_provider):
    EmailAddress.objects.update(verified=False)
    with later():
        assert by_provider.page("/accounts/password/set/").status_code == 403
        assert by_provider.page(PAGE, {}).status_code == 403
        by_provider.program.renew(by_provider.program)
        call = by_provider.program
        asked = call("POST", "account/password/change", {"new_password": "a new 99"})
        assert (asked.status_code, flows(asked)) == (401, {})
        assert call("POST", f"{CALL}/request", {"email": EMAIL}).status_code == 403
        assert call("POST", OLD_REQUEST).status_code == 409
    assert deliver_mail() == []


def test_there_is_no_choice_of_addresses(by_provider):
    other = "a-first-one@example.org"
    EmailAddress.objects.create(user=by_provider.user, email=other, verified=True)
    page, call = by_provider.page, by_provider.program
    page(PAGE, {"recipient": other})
    assert [letter.to for letter in deliver_mail()] == [[EMAIL]]
    deliver_mail().clear()
    refused = call("POST", f"{CALL}/request", {"email": other})
    assert refused.status_code == 400
    assert refused.json()["errors"][0]["code"] == "unknown_email"
    with later():
        call.renew(call)
        asked = call("POST", "account/email", {"email": "n@example.org"})
        assert flows(asked)[FLOW]["recipients"] == [{"email": EMAIL}]
    assert deliver_mail() == []


# A code that something better has overtaken ---------------------------------------
def set_password(user):
    user.set_password(PASSWORD)
    user.save()


def lose_address(user):
    EmailAddress.objects.filter(user=user).update(email="new@example.org")


@pytest.mark.parametrize("door", ["page", "old page", "call", "old call"])
@pytest.mark.parametrize("change", [enrol_totp, lose_address, set_password])
def test_a_code_on_its_way_is_void_once_it_is_not_the_way_anymore(
    providers, browser, change, door
):
    sign_in_by(providers, browser)
    deliver_mail().clear()
    browser.post(PAGE)
    code = code_in(deliver_mail()[-1])
    user = User.objects.get()
    if change is set_password:  # by the page, so that this session goes on
        browser.post("/accounts/password/set/", {"password1": PASSWORD})
        user.refresh_from_db()
        assert user.has_usable_password()
    else:
        change(user)
    before = reauthentications(browser)
    if "page" in door:
        browser.post(CONFIRM if door == "page" else PAGE, {"code": code})
    else:
        path = f"{CALL}/confirm" if door == "call" else OLD_CONFIRM
        assert call_as_browser(browser, path, {"code": code}).status_code == 409
    assert reauthentications(browser) == before


def test_a_void_code_is_not_pending_in_the_401(providers, browser):
    sign_in_by(providers, browser)
    browser.post(PAGE)
    with later():
        asked = call_as_browser(browser, "account/email", {"email": "n@example.org"})
        assert flows(asked)[FLOW]["is_pending"]
        lose_address(User.objects.get())
        asked = call_as_browser(browser, "account/email", {"email": "n@example.org"})
        there = [{"email": "new@example.org"}]
        assert flows(asked) == {FLOW: {"id": FLOW, "recipients": there}}
        enrol_totp(User.objects.get())
        asked = call_as_browser(browser, "account/email", {"email": "n@example.org"})
        assert (asked.status_code, set(flows(asked))) == (401, {"mfa_reauthenticate"})


# Our paths from before --------------------------------------------------------------
def test_the_old_page_still_takes_the_code(by_provider):
    page = by_provider.page
    with later():
        asked = page("/accounts/2fa/totp/activate/")["Location"]
        page(asked, {"action": "send"})
        done = page(asked, {"code": code_in(deliver_mail()[-1])})
        assert done["Location"] == "/accounts/2fa/totp/activate/"
        assert page("/accounts/2fa/totp/activate/").status_code == 200


def test_the_old_calls_still_work(by_provider):
    call = by_provider.program
    with later():
        call.renew(call)
        assert call("POST", OLD_CONFIRM, {"code": "1"}).status_code == 409
        assert call("POST", OLD_REQUEST).status_code == 200
        code = code_in(deliver_mail()[-1])
        assert call("POST", OLD_CONFIRM, {"code": wrong(code)}).status_code == 400
        done = call("POST", OLD_CONFIRM, {"code": code})
        assert done.status_code == 200
        assert done.json()["data"]["methods"][-1]["reauthenticated"]
        body = {"new_password": "a new one 99"}
        assert call("POST", "account/password/change", body).status_code == 200
