"""The table of docs/proof.md, row by row, and each guarded view in it."""

from __future__ import annotations

import json
import re
from pathlib import Path
from types import SimpleNamespace

import pytest
from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from allauth.socialaccount.models import SocialAccount
from django.conf import settings as site
from django.urls import URLPattern, get_resolver

from accounts.audit.models import Event
from accounts.policy import headless
from tests.fixtures import (
    PASSWORD,
    deliver_mail,
    enrol_totp,
    second_step,
    sign_in_by_form,
)
from tests.flows.test_reauthentication import ACTIONS, OTHER, Action
from tests.flows.two_doors import PROOF_PAGES, Page, Program, later

pytestmark = pytest.mark.django_db(transaction=True)
STATES = (
    "no factor, fresh",
    "no factor, stale",
    "factor, fresh",
    "factor, stale",
    "factor, trusted browser",
)
#: What a page that confirms is called, by what the table says.
PAGES = {
    "password": "/accounts/reauthenticate/?",
    "another way": "/accounts/reauthenticate/code/?",
    "second step": "/accounts/2fa/reauthenticate/?",
}
KEYS = "account/authenticators/webauthn"
NEW = "a new one 99"


def key():
    return Authenticator.objects.get(type=Authenticator.Type.WEBAUTHN).pk


def only_page(path, body=None):
    return Action(lambda page, of: page(f"/accounts/{path}", body), lambda *_: None)


MORE = {
    "change the password": Action(
        lambda page, _: page(
            "/accounts/password/change/", {"oldpassword": PASSWORD, "password1": NEW}
        ),
        lambda call, _: call(
            "POST", "account/password/change",
            {"current_password": PASSWORD, "new_password": NEW},
        ),
    ),
    "download recovery codes": only_page("2fa/recovery-codes/download/"),
    "add a passkey": Action(
        lambda page, _: page("/accounts/2fa/webauthn/add/"),
        lambda call, _: call("GET", KEYS),
    ),
    "rename a passkey": Action(
        lambda page, _: page(f"/accounts/2fa/webauthn/keys/{key()}/edit/"),
        lambda call, _: call("PUT", KEYS, {"id": key(), "name": "Key"}),
    ),
    "remove a passkey": Action(
        lambda page, _: page(f"/accounts/2fa/webauthn/keys/{key()}/remove/"),
        lambda call, _: call("DELETE", KEYS, {"authenticators": [key()]}),
    ),
    "say that it was somebody else": Action(
        lambda page, of: page(
            f"/accounts/activity/not-me/{Event.objects.earliest('pk').pk}/"
        ),
        lambda *_: None,
    ),
    "close the account": only_page("close/"),
    "download one's own data": only_page("export/"),
}  # fmt: skip
KNOWN = {**ACTIONS, **MORE}


def table():
    """Rows of docs/proof.md, by column."""
    text = (Path(site.BASE_DIR) / "docs" / "proof.md").read_text()
    lines = [line for line in text.splitlines() if line.startswith("|")]
    start = next(n for n, line in enumerate(lines) if STATES[0] in line)
    names, _, *rows = [
        [cell.strip().strip("`") for cell in line.strip("|").split("|")]
        for line in lines[start:]
    ]
    size = len(names)
    for number, row in enumerate(rows):
        if len(row) != size:
            rows = rows[:number]
            break
    return [dict(zip(names, row, strict=True)) for row in rows]


ROWS = table()
PAGE, CALL = list(ROWS[0])[1:3]
CASES = [
    pytest.param(row, state, door, id=f"{row['action']}, {state}, {door.__name__}")
    for row in ROWS
    for state in STATES
    for door in (Page, Program)
    if row[state] != "—" and (door is Page or row[CALL] != "none")
]


class Script(Program):
    """The browser's own calls: the cookie of a trusted browser counts there."""

    def __init__(self, browser, api):
        self.browser = browser

    def __call__(self, method, path, body=None):
        return self.browser.generic(
            method, f"/_allauth/browser/v1/{path}", json.dumps(body or {}),
            content_type="application/json",
        )  # fmt: skip


@pytest.fixture(autouse=True)
def ways_in(settings):
    settings.ACCOUNT_LOGIN_BY_CODE_ENABLED = True
    settings.SOCIALACCOUNT_PROVIDERS = {
        "google": {"APPS": [{"client_id": "gid", "secret": "s"}]}
    }


@pytest.fixture
def prepared(make_person):
    def make(name, state):
        without = name == "set a first password"
        user = make_person(**({"password": None} if without else {}))
        EmailAddress.objects.create(user=user, email=OTHER, verified=True)
        social, _ = (
            SocialAccount.objects.create(user=user, provider="google", uid=uid)
            for uid in ("uid-1", "uid-2")
        )
        app = enrol_totp(user) if state.startswith("factor") else None
        return SimpleNamespace(user=user, app=app, social=social)

    return make


def trusting(browser, app):
    """Sign in, trust the browser, sign out, and in by the password alone."""
    sign_in_by_form(browser)
    second_step(browser, app.code(-1), trust=True)
    browser.post("/accounts/logout/")
    assert sign_in_by_form(browser)["Location"] == "/dashboard/"


@pytest.mark.parametrize(("row", "state", "door"), CASES)
def test_each_cell_holds(prepared, browser, api, row, state, door):
    name = row["action"]
    of = prepared(name, state)
    action = KNOWN[name]
    trusted = "trusted" in state
    person = (Script if trusted and door is Program else door)(browser, api)
    if trusted:
        trusting(browser, of.app)
    else:
        person.sign_in(of.user, of.app)
    if name in {"rename a passkey", "remove a passkey"}:
        Authenticator.objects.create(
            user=of.user, type=Authenticator.Type.WEBAUTHN, data={"name": "Key"}
        )
    deliver_mail().clear()
    act = action.page if door is Page else action.call
    if "stale" in state:
        with later():
            person.renew(person)
            answer = act(person, of)
            asked = person.asks(answer)
    else:
        answer = act(person, of)
        asked = person.asks(answer)
    assert asked == (row[state] != "yes"), answer.content
    if asked and door is Page and answer["Location"].startswith(PROOF_PAGES):
        assert answer["Location"].startswith(PAGES[row[state]])
    if asked and door is not Page:
        named = {flow["id"] for flow in answer.json()["data"]["flows"]}
        assert ("reauthenticate" in named) == (row[state] == "password")


def test_each_row_has_a_test_and_the_other_way_round():
    tested = {name for name in KNOWN if "without a password" not in name}
    assert {row["action"] for row in ROWS} == tested


def pages():
    """Every page under /accounts/ with its numbers filled in."""

    def walk(patterns, before):
        for one in patterns:
            path = before + str(one.pattern)
            if isinstance(one, URLPattern):
                yield re.sub(r"<int:[^>]*>", "1", path)
            elif not getattr(one, "namespace", "") and "_allauth" not in path:
                yield from walk(one.url_patterns, path)

    found = {f"/{path}" for path in walk(get_resolver().url_patterns, "")}
    return {path for path in found if path.startswith("/accounts/") and "<" not in path}


def test_each_guarded_view_stands_in_the_table(prepared, browser):
    of = prepared("", "factor, stale")
    page = Page(browser, None)
    page.sign_in(of.user, of.app)
    body = {"action_add": "", "email": "x@example.org", "account": of.social.pk}
    asked = set()
    out = ("logout", "reauthenticate", "/login/")
    with later():
        for path in sorted(pages()):
            if any(one in path for one in out):
                continue
            answers = [browser.get(path), browser.post(path, body)]
            if any(
                answer.status_code == 302 and answer["Location"].startswith(PROOF_PAGES)
                for answer in answers
            ):
                asked.add(re.sub(r"^/accounts/", "", path))
        assert browser.get("/dashboard/").status_code == 200
    assert len(asked) > 10
    assert asked <= {row[PAGE] for row in ROWS}, asked - {row[PAGE] for row in ROWS}
    assert {row[PAGE] for row in ROWS if row["factor, stale"] != "—"} <= asked
    calls = {name.removeprefix("account/") for name in headless.VIEWS}
    assert {row[CALL] for row in ROWS} - {"none"} - calls <= {"email"}
