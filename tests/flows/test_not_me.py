"""not_me: a link in a mail, and a press, end what a stranger did in one's account."""

from __future__ import annotations

import re

import pytest
from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from allauth.socialaccount.models import SocialAccount
from allauth.usersessions.models import UserSession
from django.test import Client

from accounts.audit.models import Action, Event
from accounts.models import User
from accounts.policy.account_adapter import AccountAdapter
from tests import passkeys
from tests.fixtures import (
    PASSWORD,
    code_in,
    deliver_mail,
    enrol_totp,
    exchange,
    later,
    second_step,
    sign_in_by_form,
)
from tests.passkeys import SoftKey, enrol

pytestmark = pytest.mark.django_db(transaction=True)
EMAIL, EVIL = "maya@example.org", "evil@example.org"
LINK = re.compile(r"http://localhost(/accounts/not-me/\S+)")
RESET = re.compile(r"http://localhost(/accounts/password/reset/key/\S+)")
NEW = "another password 9"


def link_in(message):
    found = LINK.search(message.body)
    assert found, message.body
    return found.group(1)


def mails_to(email, word=""):
    return [m for m in deliver_mail() if m.to == [email] and word in m.subject]


def change_address(browser, email):
    """As whoever is signed in there."""
    browser.post("/accounts/email/", {"action_add": "", "email": email})
    code = code_in(mails_to(email)[-1])
    assert browser.post("/accounts/confirm-email/", {"code": code}).status_code == 302


@pytest.fixture
def stranger(make_person):
    """Signed in as Maya with her password; what they do comes after this moment."""
    user = make_person()
    app = enrol_totp(user)
    SocialAccount.objects.create(user=user, provider="github", uid="hers")
    Authenticator.objects.update(created_at="2026-01-01T00:00Z")
    SocialAccount.objects.update(date_joined="2026-01-01T00:00Z")
    browser = Client(SERVER_NAME="localhost")
    sign_in_by_form(browser)
    second_step(browser, app.code())
    browser.owner, browser.app = user, app
    return browser


def settle_in(stranger):
    """Another way in of each kind, a new password, and at last another address."""
    user = stranger.owner
    Authenticator.objects.create(
        user=user, type="webauthn", data={"name": "Theirs", "credential": {}}
    )
    SocialAccount.objects.create(user=user, provider="google", uid="theirs")
    body = {"oldpassword": PASSWORD, "password1": NEW}
    assert stranger.post("/accounts/password/change/", body).status_code == 302
    change_address(stranger, EVIL)


def press(path, browser=None):
    return (browser or Client(SERVER_NAME="localhost")).post(path)


def test_the_mail_to_the_old_address_gives_everything_back(stranger, api):
    pair = exchange(stranger).json()
    settle_in(stranger)
    assert User.objects.get().email == EVIL
    path = link_in(mails_to(EMAIL, "address was changed")[-1])
    page = Client(SERVER_NAME="localhost").get(path)
    text = page.content.decode()
    for told in ("Nothing has happened yet.", "<b>One browser or app</b>", "Theirs",
                 "Google", "</bdi></b> is the address", "Authenticator app",
                 "GitHub", "<b>The password</b> stops working"):  # fmt: skip
        assert told in text, told
    assert EVIL not in text
    answer = press(path)
    assert (answer.status_code, answer["Location"]) == (303, "/accounts/not-me/done/")
    done = Client(SERVER_NAME="localhost").get(answer["Location"]).content.decode()
    assert "Everybody is signed out" in done
    assert "@" not in re.sub(r"<head>.*</head>", "", done, flags=re.DOTALL)
    user = User.objects.get()
    assert (user.email, user.has_usable_password()) == (EMAIL, False)
    addresses = EmailAddress.objects.values_list("email", "primary", "verified")
    assert list(addresses) == [(EMAIL, True, True)]
    kinds = Authenticator.objects.order_by("type").values_list("type", flat=True)
    assert list(kinds) == ["recovery_codes", "totp"]
    assert SocialAccount.objects.get().uid == "hers"
    assert not UserSession.objects.exists()
    assert stranger.get("/dashboard/").status_code == 302
    assert api.refresh(pair["refresh"]).status_code == 401
    event = Event.objects.get(action=Action.NOT_ME)
    assert (event.user, event.data["factors"], event.data["connections"]) == (
        user, 1, 1,
    )  # fmt: skip
    assert event.data["address"] == "put back"


def test_the_way_back_in_is_a_mail_to_the_owner_and_the_second_step(stranger):
    settle_in(stranger)
    press(link_in(mails_to(EMAIL, "address was changed")[-1]))
    (mail,) = mails_to(EMAIL, "choose a new password")
    assert not mails_to(EVIL, "choose a new password")
    assert "The account was taken back" in mail.body
    assert "Somebody asked" not in mail.body
    browser = Client(SERVER_NAME="localhost")
    form = browser.get(RESET.search(mail.body).group(1))["Location"]
    browser.post(form, {"password1": "the owner's own 77"})
    answer = sign_in_by_form(browser, password="the owner's own 77")
    assert answer["Location"].startswith("/accounts/2fa/authenticate/")
    assert second_step(browser, stranger.app.code(1))["Location"] == "/dashboard/"
    assert (
        sign_in_by_form(Client(SERVER_NAME="localhost"), EVIL, NEW).status_code == 200
    )


def test_a_mail_about_a_password_takes_back_what_the_same_session_did(stranger):
    stranger.post(
        "/accounts/password/change/", {"oldpassword": PASSWORD, "password1": NEW}
    )
    user = User.objects.get()
    Authenticator.objects.create(user=user, type="webauthn", data={"name": "Theirs"})
    path = link_in(mails_to(EMAIL, "password was changed")[-1])
    page = Client(SERVER_NAME="localhost").get(path).content.decode()
    assert "Theirs" in page
    assert "is the address of the account again" not in page
    assert press(path).status_code == 303
    assert not Authenticator.objects.filter(type="webauthn").exists()
    assert User.objects.get().email == EMAIL


def test_what_was_there_before_the_session_stays(stranger):
    """Also what was added yesterday, by another session: its own mail tells of it."""
    user = stranger.owner
    Authenticator.objects.create(
        user=user, type="webauthn", data={"name": "Earlier"},
        created_at="2026-01-01T00:00Z",
    )  # fmt: skip
    stranger.post(
        "/accounts/password/change/", {"oldpassword": PASSWORD, "password1": NEW}
    )
    press(link_in(mails_to(EMAIL)[-1]))
    assert Authenticator.objects.get(type="webauthn").data["name"] == "Earlier"


def test_the_person_who_is_signed_in_here_is_signed_out_here_too(stranger):
    stranger.post(
        "/accounts/password/change/", {"oldpassword": PASSWORD, "password1": NEW}
    )
    path = link_in(mails_to(EMAIL)[-1])
    answer = press(path, stranger)
    assert answer.status_code == 303
    assert stranger.get(answer["Location"]).status_code == 200
    assert stranger.get("/dashboard/")["Location"].startswith("/accounts/login/")


def test_a_browser_that_comes_back_is_told(stranger):
    stranger.post(
        "/accounts/password/change/", {"oldpassword": PASSWORD, "password1": NEW}
    )
    press(link_in(mails_to(EMAIL)[-1]))
    page = stranger.get("/dashboard/", follow=True).content.decode()
    assert "reported as used by a stranger" in page


def test_a_stranger_who_closes_the_account_does_not_have_their_way(stranger):
    assert stranger.post("/accounts/close/").status_code == 303
    path = link_in(mails_to(EMAIL, "closing")[-1])
    assert (
        b"The account is not closed"
        in Client().get(path, SERVER_NAME="localhost").content
    )
    assert press(path).status_code == 303
    user = User.objects.get()
    assert (user.is_active, user.closes_at) == (True, None)


def test_a_link_works_for_seven_days(stranger):
    stranger.post(
        "/accounts/password/change/", {"oldpassword": PASSWORD, "password1": NEW}
    )
    path = link_in(mails_to(EMAIL)[-1])
    with later(days=6, hours=23):
        assert Client(SERVER_NAME="localhost").get(path).status_code == 200
    with later(days=7, minutes=1):
        page = press(path)
        assert page.status_code == 410
        assert b"/accounts/password/reset/" in page.content
    assert not Event.objects.filter(action=Action.NOT_ME).exists()


def own_event(action):
    return Event.objects.filter(action=action, user__isnull=False).latest("id").pk


def test_from_ones_own_list_with_proof(stranger, browser):
    sign_in_by_form(browser)
    second_step(browser, stranger.app.code(1))
    user = stranger.owner
    SocialAccount.objects.create(user=user, provider="google", uid="theirs")
    for page in ("/dashboard/", "/accounts/activity/"):
        shown = browser.get(page).content.decode()
        first = Event.objects.filter(action=Action.SIGN_IN).earliest("id").pk
        assert f"/accounts/activity/not-me/{first}/" in shown
    path = f"/accounts/activity/not-me/{first}/"
    with later(minutes=6):
        asked = browser.get(path)["Location"]
        assert asked.startswith("/accounts/2fa/reauthenticate/")
        assert browser.post(path)["Location"] == path  # read again, then pressed
        assert not Event.objects.filter(action=Action.NOT_ME).exists()
        proven = browser.post(asked, {"code": stranger.app.code()})
        assert proven["Location"] == path
        text = browser.get(path).content.decode()
        assert "Google" in text
        assert "<b>2 browsers and apps</b>" in text
        answer = browser.post(path)
    assert (answer.status_code, answer["Location"]) == (303, "/accounts/not-me/done/")
    assert browser.get("/dashboard/").status_code == 302
    assert stranger.get("/dashboard/").status_code == 302
    assert SocialAccount.objects.get().uid == "hers"
    assert mails_to(EMAIL, "choose a new password")


def test_a_sign_in_by_a_passkey_warns_of_the_key_that_stays(make_person, browser):
    make_person()
    sign_in_by_form(browser)
    by_password = own_event(Action.SIGN_IN)
    key = SoftKey()
    enrol(browser, key, "Laptop")
    Authenticator.objects.update(created_at="2026-01-01T00:00Z")
    thief = Client(SERVER_NAME="localhost")
    passkeys.sign_in(thief, key)
    told = "a passkey or security key that came in"
    for event, is_told in ((by_password, False), (own_event(Action.SIGN_IN), True)):
        page = thief.get(f"/accounts/activity/not-me/{event}/").content.decode()
        assert "Take my account back" in page
        assert (told in page) is is_told


def test_the_list_offers_it_for_a_week_and_for_changes_alone(stranger, make_person):
    make_person("other@example.org")
    other = Client(SERVER_NAME="localhost")
    sign_in_by_form(other, "other@example.org", "a wrong one")
    failed = Event.objects.get(action=Action.SIGN_IN_FAILED).pk
    sign_in_by_form(other, "other@example.org")
    theirs = Event.objects.filter(action=Action.SIGN_IN, user=stranger.owner).get().pk
    mine = Event.objects.filter(
        action=Action.SIGN_IN, user__email="other@example.org"
    ).get()
    for pk in (theirs, failed, 0, 10**30):
        assert other.get(f"/accounts/activity/not-me/{pk}/").status_code == 404, pk
        assert other.post(f"/accounts/activity/not-me/{pk}/").status_code == 404, pk
    assert other.get(f"/accounts/activity/not-me/{mine.pk}/").status_code == 200
    Event.objects.filter(pk=mine.pk).update(at="2026-01-01T00:00Z")
    assert other.get(f"/accounts/activity/not-me/{mine.pk}/").status_code == 404


def test_after_a_change_of_address_the_list_leads_to_the_mail(stranger):
    """From there a mail would go to whoever has put their address in."""
    change_address(stranger, EVIL)
    path = f"/accounts/activity/not-me/{own_event(Action.EMAIL_CHANGED)}/"
    page = stranger.get(path).content.decode()
    assert "Use the link in your mail" in page
    assert "btn-danger" not in page
    stranger.post(path)
    assert not Event.objects.filter(action=Action.NOT_ME).exists()


def test_no_mail_to_an_address_that_nobody_proved_has_a_link(make_person, browser):
    """It may have been mistyped: its holder must get no power over the account."""
    make_person()
    sign_in_by_form(browser)
    EmailAddress.objects.update(verified=False)
    browser.post(
        "/accounts/password/change/", {"oldpassword": PASSWORD, "password1": NEW}
    )
    change_address(browser, "right@example.org")
    about = mails_to(EMAIL)
    assert len(about) == 3  # the password, a change that was started and made
    assert not any(LINK.search(mail.body) for mail in about)


def test_only_mails_about_changes_carry_one(make_person, browser, monkeypatch):
    make_person()
    seen = {}

    def render(self, prefix, email, context, *more):
        seen[prefix] = bool(context["not_me_url"])
        return original(self, prefix, email, context, *more)

    original = AccountAdapter.render_mail
    monkeypatch.setattr(AccountAdapter, "render_mail", render)
    browser.post("/accounts/password/reset/", {"email": EMAIL})
    sign_in_by_form(browser)
    browser.post(
        "/accounts/password/change/", {"oldpassword": PASSWORD, "password1": NEW}
    )
    assert seen == {
        "account/email/password_reset_key": False,
        "account/email/password_changed": True,
    }
