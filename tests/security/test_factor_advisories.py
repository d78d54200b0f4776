"""What once went wrong elsewhere with codes, second steps and addresses.

Each test is named after its case; those that a test elsewhere holds stand at the end.
"""

from __future__ import annotations

import pytest
from allauth.account.models import EmailAddress
from django.test import Client

from accounts.models import User
from accounts.tokens.models import Family
from tests.fixtures import (
    PASSWORD,
    code_in,
    deliver_mail,
    enrol_totp,
    later,
    sign_in_by_form,
)

pytestmark = pytest.mark.django_db(transaction=True)
EMAIL, MINE, VICTIM = "maya@example.org", "mallory@example.org", "victim@example.org"
API = "/_allauth/app/v1"
ASK, CONFIRM = "/accounts/login/code/", "/accounts/login/code/confirm/"
VERIFY = "/accounts/confirm-email/"


@pytest.fixture(autouse=True)
def by_code(settings):
    settings.ACCOUNT_LOGIN_BY_CODE_ENABLED = True


def mailed():
    return code_in(deliver_mail()[-1])


def wrong(code):
    return code[:-1] + str((int(code[-1]) + 1) % 10)


def signed_in(browser):
    return browser.get("/dashboard/").status_code == 200


def sign_up(browser, email, password=PASSWORD):
    return browser.post("/accounts/signup/", {"email": email, "password1": password})


def add(browser, email):
    return browser.post("/accounts/email/", {"action_add": "", "email": email})


def is_verified(email):
    return EmailAddress.objects.filter(email=email, verified=True).exists()


def test_better_auth_11023_a_code_belongs_to_its_person_not_to_the_address(browser):
    """A code that a stranger's sign-up had sent must not confirm the owner's one."""
    stranger = Client(SERVER_NAME="localhost")
    sign_up(stranger, EMAIL, "a stranger's own")
    strangers_code = mailed()
    with later(seconds=11):
        sign_up(browser, EMAIL)
        owners_code = mailed()
        browser.post(VERIFY, {"code": strangers_code})
        assert not signed_in(browser)
        stranger.post(VERIFY, {"code": owners_code})
        assert not signed_in(stranger)
    assert not is_verified(EMAIL)


def test_better_auth_pr_8067_a_code_works_once_though_its_session_is_replayed(
    make_person, browser
):
    """Also raced over processes: tests/races/test_single_use.py."""
    make_person()
    browser.post(ASK, {"email": EMAIL})
    copy = Client(SERVER_NAME="localhost")
    copy.cookies.update(browser.cookies)
    code = mailed()
    browser.post(CONFIRM, {"code": code})
    assert signed_in(browser)
    copy.post(CONFIRM, {"code": code})
    assert not signed_in(copy)


@pytest.mark.parametrize("flow", ["sign in", "prove an address", "look at it"])
def test_allauth_65_2_0_wrong_codes_count_headless_too(make_person, api, flow):
    make_person()
    if flow == "sign in":
        asked = api.post(f"{API}/auth/code/request", {"email": EMAIL})
    else:
        body = {"email": VICTIM, "password": PASSWORD}
        asked = api.post(f"{API}/auth/signup", body)
    token, code = asked.json()["meta"]["session_token"], mailed()

    def use(code):
        if flow == "sign in":
            return api.post(
                f"{API}/auth/code/confirm", {"code": code}, x_session_token=token
            )
        if flow == "prove an address":
            return api.post(
                f"{API}/auth/email/verify", {"key": code}, x_session_token=token
            )
        return api.client().get(
            f"{API}/auth/email/verify",
            headers={"x-session-token": token, "x-email-verification-key": code},
        )

    answers = [use(wrong(code)).status_code for _ in range(5)]
    assert answers == [400] * 5
    assert use(code).status_code in {401, 409, 429}
    assert not Family.objects.exists()


@pytest.mark.parametrize("half", ["second step", "code", "proof of an address"])
def test_allauth_64_1_0_a_half_sign_in_ends_with_a_sign_out(
    make_person, browser, api, half
):
    app = enrol_totp(make_person())
    if half == "second step":
        sign_in_by_form(browser)
        path, code = "/accounts/2fa/authenticate/", app.code()
    elif half == "code":
        browser.post(ASK, {"email": EMAIL})
        path, code = CONFIRM, mailed()
    else:
        sign_up(browser, MINE)
        path, code = VERIFY, mailed()
    assert browser.get(path).status_code == 200
    browser.post("/accounts/logout/")
    answer = browser.post(path, {"code": code})
    assert answer.status_code == 302
    assert "/login/" in answer["Location"]
    assert not signed_in(browser)


def test_allauth_64_1_0_by_a_call(make_person, api):
    app = enrol_totp(make_person())
    body = {"email": EMAIL, "password": PASSWORD}
    half = api.post(f"{API}/auth/login", body)
    token = half.json()["meta"]["session_token"]
    api.client().delete(f"{API}/auth/session", headers={"x-session-token": token})
    answer = api.post(
        f"{API}/auth/2fa/authenticate", {"code": app.code()}, x_session_token=token
    )
    assert answer.status_code in {401, 410}
    assert not Family.objects.exists()


@pytest.mark.parametrize(
    ("path", "more"), [(ASK, {}), ("/accounts/password/reset/", {})]
)
def test_allauth_0_51_0_letters_case_is_no_way_round_a_limit(
    make_person, browser, path, more
):
    make_person()
    codes = []
    for number in range(7):
        email = "".join(
            letter.upper() if number >> place & 1 else letter
            for place, letter in enumerate(EMAIL)
        )
        browser.post("/accounts/logout/")
        codes.append(browser.post(path, {"email": email, **more}).status_code)
    assert codes == [302] * 7
    assert len(deliver_mail()) == 5  # an address gets no more in an hour


def test_allauth_65_12_1_a_change_of_address_is_proven_by_its_own_code(
    make_person, browser
):
    """The code for one new address must not prove another typed meanwhile."""
    make_person()
    sign_in_by_form(browser)
    add(browser, MINE)
    for_mine = mailed()
    add(browser, VICTIM)
    for_victim = mailed()
    assert for_mine != for_victim
    browser.post(VERIFY, {"code": for_mine})
    assert not is_verified(VICTIM)
    assert not is_verified(MINE)
    assert User.objects.get().email == EMAIL
    browser.post(VERIFY, {"code": for_victim})
    assert is_verified(VICTIM)
    assert not EmailAddress.objects.filter(email__in=[MINE, EMAIL]).exists()


def test_devise_cve_2026_32700_two_changes_at_once_confirm_no_strangers_address(
    make_person, browser
):
    """Two sessions of one account, each with a change under way."""
    make_person()
    other = Client(SERVER_NAME="localhost")
    sign_in_by_form(browser)
    sign_in_by_form(other)
    add(browser, MINE)
    for_mine = mailed()
    add(other, VICTIM)
    other.post(VERIFY, {"code": for_mine})
    assert not is_verified(VICTIM)
    browser.post(VERIFY, {"code": for_mine})
    assert not is_verified(VICTIM)
    assert not is_verified(MINE)  # the other session asked later
    add(browser, MINE)
    browser.post(VERIFY, {"code": mailed()})
    assert is_verified(MINE)
    assert not is_verified(VICTIM)


HOSTILE_ADDRESSES = {
    "auth.js CVE-2022-35924": [
        f"{MINE},{VICTIM}",
        f"{MINE};{VICTIM}",
        f"{MINE} {VICTIM}",
        f"<{MINE}>,<{VICTIM}>",
        f"{MINE}\r\nBcc: {VICTIM}",
    ],
    "auth.js GHSA-7rqj-j65f-68wh": [
        "mallory@evil.example\uff20example.org",
        "victim\uff20example.org",
        "victim\ufe6bexample.org",
        "victim@ex\uff41mple.org",
        "victim@example\u3002org",
        "v\u0131ctim@example.org",
    ],
    "auth.js GHSA-5jpx-9hw9-2fx4": [
        '"mallory@evil.example"@example.org',
        '"mallory@evil.example> "@example.org',
        "mallory@evil.example(@example.org",
        "victim@example.org@evil.example",
    ],
}


@pytest.mark.parametrize("case", HOSTILE_ADDRESSES)
def test_an_address_is_one_address_and_its_letters_are_what_they_seem(
    make_person, api, case
):
    """Whatever is mailed goes to exactly what was typed, or nothing is mailed."""
    make_person(VICTIM)
    for email in HOSTILE_ADDRESSES[case]:
        for path, field in (
            (ASK, "email"),
            ("/accounts/password/reset/", "email"),
            ("/accounts/signup/", "email"),
        ):
            body = {field: email, "password1": PASSWORD}
            Client(SERVER_NAME="localhost").post(path, body)
        for path in ("auth/code/request", "auth/password/request", "auth/signup"):
            api.post(f"{API}/{path}", {"email": email, "password": PASSWORD})
        for message in deliver_mail():
            # To a letter that is no i, say, at an address that is its own.
            assert message.recipients() == [email]
            assert email.count("@") == 1
        deliver_mail().clear()


def test_keycloak_cve_2026_9798_a_limit_in_one_flow_holds_in_the_others(
    make_person, browser, api
):
    make_person()
    for _ in range(5):
        api.sign_in(password="a guess")
    browser.post(ASK, {"email": EMAIL})
    code = mailed()
    limited = browser.post(CONFIRM, {"code": code})
    assert limited.status_code == 429
    assert not signed_in(browser)
    asked = api.post(f"{API}/auth/code/request", {"email": EMAIL})
    token = asked.json()["meta"]["session_token"]
    limited = api.post(
        f"{API}/auth/code/confirm", {"code": mailed()}, x_session_token=token
    )
    assert limited.status_code == 429
    assert not Family.objects.exists()


def test_keycloak_cve_2026_9798_the_other_way_round(make_person, browser, api):
    make_person()
    browser.post(ASK, {"email": EMAIL})
    code = mailed()
    for _ in range(5):
        browser.post(CONFIRM, {"code": wrong(code)})
    assert api.sign_in().status_code == 429


# Better Auth GHSA-qq9h-g4jm-xgf3 (a password set before the owner came survives their
# sign-in by code): tests/flows/test_sign_in_by_code.py.
