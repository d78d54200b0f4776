"""docs/doors.md, cell by cell: what each door answers to each kind of person."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from allauth.account.models import EmailAddress
from allauth.socialaccount.models import SocialAccount
from django.contrib.auth.models import Group
from django.test import Client

from accounts.models import User
from accounts.policy.models import GroupPolicy
from tests import passkeys
from tests.fixtures import (
    PASSWORD,
    Api,
    code_in,
    deliver_mail,
    enrol_totp,
    exchange,
    sign_in_by_form,
)
from tests.passkeys import SoftKey
from tests.security.test_provider_tokens import send, tokens
from tests.standins.fixtures import sign_in_by

pytestmark = pytest.mark.django_db(transaction=True)
DOCS = Path(__file__).resolve().parents[2] / "docs" / "doors.md"
EMAIL = "maya@example.org"
BODY = {"email": EMAIL, "password": PASSWORD}
PENDING = {"mfa_authenticate": "second step", "verify_email": "code from a mail"}
PAGES = {
    "/accounts/2fa/authenticate/": "second step",
    "/accounts/confirm-email/": "code from a mail",
}
CODES = {
    "mfa_required": "second step",
    "email_unverified": "code from a mail",
    "no_active_account": "refused",
    "token_revoked": "refused",
    "not_authenticated": "refused",
}


def fresh():
    return Client(SERVER_NAME="localhost")


# What an answer means ----------------------------------------------------------
def on_page(browser, answer):
    """Of a page's answer, and of what the browser may see then."""
    if answer.status_code == 429:
        return "429"
    to = answer.get("Location", "").partition("?")[0]
    return PAGES.get(to) or in_or_refused(browser)


def in_or_refused(browser):
    page = browser.get("/dashboard/")
    if page.status_code == 200:
        return "in"
    leads = page["Location"] == "/accounts/2fa/"
    return "leads to set it up" if leads else "refused"


def by_call(answer):
    """Of an answer of the API."""
    if answer.status_code in {403, 429}:
        return str(answer.status_code)
    body = answer.json()
    return "tokens" if "access" in body else CODES[body["code"]]


def headless(answer):
    """Of an answer of allauth's headless API to an app."""
    if answer.status_code in {403, 429}:
        return str(answer.status_code)
    body = answer.json()
    if any(e["code"] == "too_many_login_attempts" for e in body.get("errors", [])):
        return "429"
    if "access_token" in body.get("meta", {}):
        return "tokens"
    flows = body.get("data", {}).get("flows", [])
    pending = [flow["id"] for flow in flows if flow.get("is_pending")]
    return PENDING[pending[0]] if pending else "refused"


# The doors: first what was there before, then the knock --------------------------
def nothing(user, providers):
    return None


def a_connection(user, providers):
    SocialAccount.objects.create(user=user, provider="google", uid="42")


def a_passkey(user, providers):
    browser = fresh()
    sign_in_by_form(browser)
    key = SoftKey()
    passkeys.enrol(browser, key)
    return key


def a_link(user, providers):
    fresh().post("/accounts/password/reset/", {"email": EMAIL})
    link = re.search(r"http://localhost(/accounts/\S+key\S+)", deliver_mail()[-1].body)
    return link[1]


def a_session(user, providers):
    browser = fresh()
    sign_in_by_form(browser)
    return browser


def a_pair(user, providers):
    return Api().tokens()


def form(before, providers):
    browser = fresh()
    return on_page(browser, sign_in_by_form(browser))


def token(before, providers):
    return by_call(Api().post("/api/token/", BODY))


def app_login(before, providers):
    return headless(Api().post("/_allauth/app/v1/auth/login", BODY))


def browser_login(before, providers):
    browser = fresh()
    answer = browser.post(
        "/_allauth/browser/v1/auth/login", json.dumps(BODY), "application/json"
    )
    told = headless(answer)
    return in_or_refused(browser) if answer.status_code == 200 else told


def mailed_code():
    sent = [letter for letter in deliver_mail() if "code" in letter.subject]
    return code_in(sent[-1]) if sent else "0000-0000"


def code_page(before, providers):
    browser = fresh()
    asked = browser.post("/accounts/login/code/", {"email": EMAIL})
    if asked.status_code == 429:
        return "429"
    answer = browser.post("/accounts/login/code/confirm/", {"code": mailed_code()})
    return on_page(browser, answer)


def app_code(before, providers):
    api, path = Api(), "/_allauth/app/v1/auth/code"
    asked = api.post(f"{path}/request", {"email": EMAIL})
    if asked.status_code == 429:
        return "429"
    session = asked.json()["meta"]["session_token"]
    body = {"code": mailed_code()}
    return headless(api.post(f"{path}/confirm", body, x_session_token=session))


def google(before, providers):
    browser = fresh()
    return on_page(browser, sign_in_by(providers, browser, sub="42"))


def google_token(before, providers):
    id_token = tokens(providers, sub="42")["id_token"]
    return headless(send(Api(), id_token=id_token))


def passkey_page(key, providers):
    browser = fresh()
    answer = passkeys.sign_in(browser, key)
    to = answer.json().get("location", "")
    return PAGES.get(to) or in_or_refused(browser)


def passkey_app(key, providers):
    api, path = Api(), "/_allauth/app/v1/auth/webauthn/login"
    asked = api.get(path).json()
    credential = key.get(asked["data"]["request_options"])
    session = asked["meta"]["session_token"]
    return headless(api.post(path, {"credential": credential}, x_session_token=session))


def new_password(link, providers):
    browser = fresh()
    page = browser.get(link)
    target = page.get("Location")
    if target:
        browser.post(target, {"password1": "another password 9"})
    changed = User.objects.get(email=EMAIL).check_password("another password 9")
    assert in_or_refused(browser) == "refused"
    return "not in" if changed else "refused"


def session_exchange(browser, providers):
    return by_call(exchange(browser))


def refresh(pair, providers):
    return by_call(Api().refresh(pair["refresh"]))


def admin(browser, providers):
    answer = browser.get("/admin/", follow=True)
    if answer.redirect_chain and answer.status_code == 200:
        last = answer.redirect_chain[-1][0].partition("?")[0]
        set_up = last in {"/accounts/2fa/", "/accounts/2fa/totp/activate/"}
        return "leads to set it up" if set_up else "refused"
    return str(answer.status_code)


DOORS = {
    "sign-in page": (nothing, form),
    "`POST /api/token/`": (nothing, token),
    "headless app, `auth/login`": (nothing, app_login),
    "headless browser, `auth/login`": (nothing, browser_login),
    "page, code by mail": (nothing, code_page),
    "headless app, code by mail": (nothing, app_code),
    "Google, by browser": (a_connection, google),
    "Google's `id_token`, headless app": (a_connection, google_token),
    "passkey, on the page": (a_passkey, passkey_page),
    "passkey, headless app": (a_passkey, passkey_app),
    "new password by a link": (a_link, new_password),
    "`POST /api/token/session/`, with a session from before": (
        a_session,
        session_exchange,
    ),
    "`POST /api/token/refresh/`, with a token from before": (a_pair, refresh),
    "`/admin/`, with a session from before": (a_session, admin),
}


# The people ----------------------------------------------------------------------
def ordinary(user):
    pass


def unverify(user):
    EmailAddress.objects.filter(user=user).update(verified=False)


def disable(user):
    user.is_active = False
    user.save()


def limit(user):
    for number in range(5):
        address = f"192.0.2.{number}"
        Api(REMOTE_ADDR=address).sign_in(EMAIL, "wrong")


def bind(user):
    group = Group.objects.create(name="Finance")
    GroupPolicy.objects.create(group=group, second_factor_required=True)
    group.user_set.add(user)


PEOPLE = {
    "an ordinary person": ordinary,
    "with a second step": enrol_totp,
    "unverified": unverify,
    "disabled": disable,
    "limited": limit,
    "to set up a second step": bind,
}


def cells():
    found, people = [], []
    for line in DOCS.read_text().splitlines():
        row = [cell.strip() for cell in line.strip("|").split("|")]
        if row[0] == "door":
            people = row[1:]
        elif people and len(row) == len(people) + 1 and row[0] in DOORS:
            found += [
                pytest.param(row[0], person, told, id=f"{row[0]}-{person}")
                for person, told in zip(people, row[1:], strict=True)
            ]
    return found


def test_the_table_has_every_door_and_everybody():
    assert len(cells()) == len(DOORS) * len(PEOPLE)


@pytest.mark.parametrize(("door", "person", "told"), cells())
def test_each_door_answers_as_the_table_says(
    make_person, providers, settings, door, person, told
):
    settings.ACCOUNT_LOGIN_BY_CODE_ENABLED = True
    prepare, knock = DOORS[door]
    user = make_person()
    before = prepare(user, providers)
    deliver_mail().clear()
    PEOPLE[person](User.objects.get(pk=user.pk))
    assert knock(before, providers) == told
