"""No account exists before the code from its email was typed, whatever the way."""

from __future__ import annotations

import json

import pytest
from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from allauth.socialaccount.models import SocialAccount
from django import forms
from django.contrib.sessions.models import Session
from django.test import Client

from accounts.audit.models import Action, Event
from accounts.models import User
from accounts.policy import closing
from tests.fixtures import PASSWORD, code_in, deliver_mail, later, sign_in_by_form
from tests.passkeys import SoftKey, options_in
from tests.security.test_provider_tokens import tokens
from tests.standins.fixtures import CLIENT, come_back, sign_in_by

pytestmark = pytest.mark.django_db(transaction=True)
EMAIL = "maya@example.org"
SIGN_UP, PASSKEY_SIGN_UP = "/accounts/signup/", "/accounts/signup/passkey/"
CODE_PAGE, MAKE_PASSKEY = "/accounts/confirm-email/", "/accounts/2fa/webauthn/signup/"
APP, BROWSER = "/_allauth/app/v1/", "/_allauth/browser/v1/"
TAKEN = "You already have an account with this address."


class Person:
    """Signs up in one way, by pages or by calls; each knows its own session."""

    def __init__(self, way, via, providers=None):
        self.way, self.via, self.providers = way, via, providers
        self.client, self.token = Client(SERVER_NAME="localhost"), ""

    def call(self, path, body=None, method="POST", **headers):
        if self.via == APP and self.token:
            headers["X-Session-Token"] = self.token
        answer = self.client.generic(
            method, self.via + path, json.dumps(body or {}), "application/json",
            headers=headers,
        )  # fmt: skip
        self.token = answer.json().get("meta", {}).get("session_token", self.token)
        return answer

    def begin(self, password=PASSWORD):
        """As far as the page for the code; the last answer."""
        if self.way in {"provider", "asked"}:
            misfortune = "unverified" if self.way == "provider" else "no_email"
            answer = sign_in_by(self.providers, self.client, misfortune=misfortune)
            if self.way == "provider":
                return answer
        if self.way == "token":
            token = {"client_id": CLIENT} | tokens(self.providers, "unverified")
            body = {"provider": "google", "process": "login", "token": token}
            return self.call("auth/provider/token", body)
        if self.way == "redirect":
            return self.by_redirect()
        paths = {
            "password": (SIGN_UP, "auth/signup"),
            "passkey": (PASSKEY_SIGN_UP, "auth/webauthn/signup"),
            "asked": ("/accounts/3rdparty/signup/", "auth/provider/signup"),
        }
        page, call = paths[self.way]
        if self.via == "pages":
            body = {"email": EMAIL, "password1": password}
            return self.client.post(page, body)
        body = {"email": EMAIL}
        if self.way == "password":
            body["password"] = password
        return self.call(call, body)

    def by_redirect(self):
        """A page of a team's own, which begins and goes on by calls."""
        form = {"provider": "google", "process": "login", "callback_url": "/profile/"}
        asked = self.client.post(f"{BROWSER}auth/provider/redirect", form)
        back = self.providers.consent(asked["Location"], "unverified")
        answer = come_back(self.client, back)
        assert answer["Location"] == "/profile/"
        return answer

    def confirm(self, code):
        if self.via == "pages":
            return self.client.post(CODE_PAGE, {"code": code})
        return self.call("auth/email/verify", {"key": code})

    def resend(self):
        if self.via == "pages":
            return self.client.post(CODE_PAGE, {"action": "resend"})
        return self.call("auth/email/verify/resend")

    def make_passkey(self):
        if self.via == "pages":
            page = self.client.get(MAKE_PASSKEY)
            body = {"credential": json.dumps(SoftKey().create(options_in(page)))}
            return self.client.post(MAKE_PASSKEY, body)
        options = self.call("auth/webauthn/signup", method="GET").json()["data"]
        made = SoftKey().create(options["creation_options"])
        body = {"name": "", "credential": made}
        return self.call("auth/webauthn/signup", body, method="PUT")

    def is_in(self):
        if self.via == "pages":
            return self.client.get("/dashboard/").status_code == 200
        return self.call("auth/session", method="GET").status_code == 200


WAYS = [
    ("password", "pages"), ("password", APP), ("password", BROWSER),
    ("passkey", "pages"), ("passkey", APP), ("passkey", BROWSER),
    ("provider", "pages"), ("asked", "pages"), ("asked", BROWSER),
    ("token", APP), ("token", BROWSER), ("redirect", BROWSER),
]  # fmt: skip


@pytest.fixture
def new(providers):
    """Makes people who have not signed up yet."""
    return lambda way, via: Person(way, via, providers)


def nothing_is_left():
    return not (
        User.objects.exists()
        or EmailAddress.objects.exists()
        or SocialAccount.objects.exists()
        or Authenticator.objects.exists()
        or Event.objects.exclude(user=None).exists()
        or Event.objects.exclude(actor=None).exists()
        or Event.objects.filter(action=Action.SIGN_UP).exists()
    )


def mailed():
    """What was mailed since the last time."""
    found = list(deliver_mail())
    deliver_mail().clear()
    return found


@pytest.mark.parametrize(("way", "via"), WAYS)
def test_the_right_code_creates_the_account_and_nothing_before_it(new, way, via):
    person = new(way, via)
    person.begin()
    (letter,) = mailed()
    assert nothing_is_left()
    assert not person.is_in()
    person.confirm("00000000")
    assert nothing_is_left()
    person.confirm(code_in(letter))
    if way == "passkey":
        assert not person.is_in()
        person.make_passkey()
    assert person.is_in()
    user = User.objects.get()
    address = EmailAddress.objects.get()
    assert (address.user, address.email) == (user, EMAIL)
    assert (address.verified, address.primary) == (True, True)
    assert user.check_password(PASSWORD) == (way == "password")
    assert SocialAccount.objects.filter(user=user).exists() == (
        way not in {"password", "passkey"}
    )
    told = [Action.SIGN_UP, Action.EMAIL_VERIFIED, Action.SIGN_IN]
    events = Event.objects.filter(user=user, action__in=told).order_by("id")
    assert list(events.values_list("action", flat=True)) == told


@pytest.mark.parametrize(("way", "via"), WAYS)
def test_a_second_sign_up_is_treated_as_the_first(new, way, via):
    stranger, owner = new("password", "pages"), new(way, via)
    stranger.begin("a password of a stranger")
    (first,) = mailed()
    with later(seconds=11):
        owner.begin()
        (second,) = mailed()
        assert second.subject == first.subject
        owner.confirm(code_in(second))
    user = User.objects.get()
    assert user.check_password(PASSWORD) == (way == "password")
    assert not stranger.is_in()


@pytest.mark.parametrize(("way", "via"), WAYS)
def test_who_confirms_second_is_told_that_there_is_an_account(new, way, via):
    first, second = new("password", APP), new(way, via)
    first.begin("the password typed first")
    (letter,) = mailed()
    with later(seconds=11):
        second.begin()
        (other,) = mailed()
        first.confirm(code_in(letter))
        answer = second.confirm(code_in(other))
        if via == "pages":
            assert answer["Location"].startswith("/accounts/login/")
            page = second.client.get(answer["Location"]).content.decode()
            assert TAKEN in page
        else:
            assert answer.status_code == 400
            assert [one["code"] for one in answer.json()["errors"]] == ["email_taken"]
        assert not second.is_in()
        assert first.is_in()
    assert User.objects.get().check_password("the password typed first")
    assert not SocialAccount.objects.exists()


@pytest.mark.parametrize(("way", "via"), WAYS)
def test_sign_up_closed_meanwhile_loses_nothing(new, settings, way, via):
    person = new(way, via)
    person.begin()
    (letter,) = mailed()
    settings.ACCOUNT_SIGNUP_ENABLED = False
    answer = person.confirm(code_in(letter))
    assert answer.status_code == (200 if via == "pages" else 403)
    if via == "pages":
        assert "closed" in answer.content.decode()
    assert nothing_is_left()
    settings.ACCOUNT_SIGNUP_ENABLED = True
    person.confirm(code_in(letter))
    assert User.objects.get().email == EMAIL


@pytest.mark.parametrize("via", ["pages", APP, BROWSER])
@pytest.mark.parametrize("known", [False, True])
def test_sending_again_posts_the_same_email_again(new, make_person, via, known):
    if known:
        make_person(EMAIL)
    person = new("password", via)
    person.begin()
    (first,) = mailed()
    with later(seconds=11):
        answer = person.resend()
        assert answer.status_code == (302 if via == "pages" else 200)
        (again,) = mailed()
    assert again.subject == first.subject
    assert ("You have one already" in again.body) == known
    if not known:
        assert code_in(again) != code_in(first)


def test_neither_password_nor_address_can_be_read_in_the_session(new):
    person = new("password", "pages")
    person.begin("a password that nobody else has")
    data = Session.objects.get().get_decoded()
    assert "a password that nobody else has" not in json.dumps(data)
    assert "argon2" not in json.dumps(data)
    assert EMAIL not in data["policy_sign_up"]


def test_signing_in_with_it_is_an_unknown_address_byte_for_byte(new, api):
    new("password", "pages").begin()
    body = {"email": EMAIL, "password": PASSWORD}
    waiting = api.post("/api/token/", body)
    unknown = api.post("/api/token/", {**body, "email": "nobody@example.org"})
    assert (waiting.status_code, waiting.content) == (401, unknown.content)
    assert waiting.json()["code"] == "no_active_account"


@pytest.mark.parametrize(
    ("path", "field"),
    [("/accounts/password/reset/", "email"), ("/accounts/login/code/", "email")],
)
def test_links_and_codes_for_it_are_those_of_an_unknown_address(
    new, settings, path, field
):
    settings.ACCOUNT_LOGIN_BY_CODE_ENABLED = True
    new("password", "pages").begin()
    mailed()
    for email in (EMAIL, "nobody@example.org"):
        Client(SERVER_NAME="localhost").post(path, {field: email})
    waiting, unknown = mailed()
    assert waiting.subject == unknown.subject
    assert waiting.body.replace(EMAIL, "x") == unknown.body.replace(
        "nobody@example.org", "x"
    )


@pytest.mark.parametrize("via", ["pages", APP])
def test_the_owner_of_a_closing_account_gets_the_link_that_keeps_it(
    new, make_person, via
):
    user = make_person(EMAIL)
    other = Client(SERVER_NAME="localhost")
    sign_in_by_form(other)
    other.post("/accounts/close/", {"confirm": "on"})
    user.refresh_from_db()
    assert closing.is_closing(user)
    mailed()
    new("password", via).begin()
    (letter,) = mailed()
    assert "/accounts/close/undo/" in letter.body


def test_where_one_was_going_is_kept(new):
    person = new("password", "pages")
    person.client.post(
        f"{SIGN_UP}?next=/profile/", {"email": EMAIL, "password1": PASSWORD}
    )
    answer = person.confirm(code_in(mailed()[0]))
    assert answer["Location"] == "/profile/"


class Consent(forms.Form):
    """What a team may add: cleaned when typed, and there again at the end."""

    since = forms.DateField()
    consent = forms.BooleanField()

    def signup(self, request, user):
        """allauth calls it once the account is there."""
        user.name = f"{self.cleaned_data['since']:%d %B %Y}"
        user.save()


def test_fields_that_a_team_adds_arrive_as_they_were_cleaned(db, settings, monkeypatch):
    from accounts.pages import forms as pages

    def signup(self, request, user):
        Consent.signup(self, request, user)

    fields = {**pages.SignupForm.base_fields, **Consent.base_fields}
    monkeypatch.setattr(pages.SignupForm, "base_fields", fields)
    monkeypatch.setattr(pages.SignupForm, "signup", signup)
    browser = Client(SERVER_NAME="localhost")
    typed = {"email": EMAIL, "password1": PASSWORD, "since": "2026-02-03"}
    assert browser.post(SIGN_UP, typed).status_code == 200  # no consent
    browser.post(SIGN_UP, {**typed, "consent": "on"})
    browser.post(CODE_PAGE, {"code": code_in(mailed()[0])})
    assert User.objects.get().name == "03 February 2026"


def test_a_key_can_be_looked_at_before_it_is_used(new):
    person = new("password", APP)
    person.begin()
    code = code_in(mailed()[0])
    wrong = person.call(
        "auth/email/verify", method="GET", **{"X-Email-Verification-Key": "00000000"}
    )
    assert wrong.status_code == 400
    right = person.call(
        "auth/email/verify", method="GET", **{"X-Email-Verification-Key": code}
    )
    assert right.status_code == 200
    assert right.json()["data"]["email"] == EMAIL
    assert "id" not in right.json()["data"]["user"]
    assert nothing_is_left()


def test_the_code_of_one_session_confirms_nothing_in_another(new):
    mine, theirs = new("password", "pages"), new("password", "pages")
    mine.begin()
    code = code_in(mailed()[0])
    with later(seconds=11):
        theirs.begin("a password of a stranger")
        theirs.confirm(code)
    assert nothing_is_left()
    mine.confirm(code)
    assert User.objects.get().check_password(PASSWORD)


def test_a_sign_up_leaves_the_session_with_the_sign_in(new, make_person):
    make_person("other@example.org")
    person = new("password", BROWSER)
    person.begin()
    assert "policy_sign_up" in Session.objects.get().get_decoded()
    person.call("auth/login", {"email": "other@example.org", "password": PASSWORD})
    assert person.is_in()
    found = [one.get_decoded() for one in Session.objects.all()]
    assert not any("policy_sign_up" in data for data in found)
