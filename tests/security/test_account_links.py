"""Links that act on an account: forged, replayed, raced, turned against the owner."""

from __future__ import annotations

import re

import pytest
from allauth.account.models import EmailAddress
from allauth.account.signals import email_changed
from allauth.mfa.models import Authenticator
from allauth.usersessions.models import UserSession
from django.core import signing
from django.db import connection
from django.test import Client

from accounts.audit.models import Action, Event
from accounts.models import User
from accounts.policy import closing, not_me
from accounts.policy.sessions import STARTED
from tests.fixtures import (
    PASSWORD,
    code_in,
    deliver_mail,
    enrol_totp,
    later,
    second_step,
    sign_in_by_form,
)
from tests.flows.test_not_me import (
    EMAIL,
    EVIL,
    NEW,
    change_address,
    link_in,
    mails_to,
    press,
)
from tests.security.doors import signed_in

pytestmark = pytest.mark.django_db(transaction=True)
#: Of a page: the token of its forms, and its own address.
VARYING = re.compile(r'name="(csrfmiddlewaretoken|next)" value="[^"]*"')


def acts():
    return Event.objects.filter(action__in=(Action.NOT_ME, Action.CLOSE_UNDONE)).count()


@pytest.fixture
def stranger(make_person):
    make_person()
    browser = Client(SERVER_NAME="localhost")
    sign_in_by_form(browser)
    return browser


def new_password(browser, old=PASSWORD, new=NEW):
    body = {"oldpassword": old, "password1": new}
    assert browser.post("/accounts/password/change/", body).status_code == 302


def mailed(stranger):
    """A link that works."""
    new_password(stranger)
    return link_in(mails_to(EMAIL)[-1])


def forged(path):
    """The same link, each with something wrong."""
    token = path.split("/")[-2]
    body, stamp, mark = token.split(":")
    other = signing.dumps(signing.loads(token, salt=not_me.SALT), salt="another")
    return {
        "a letter changed": f"{body}:{stamp}:{'AB'[mark[0] == 'A']}{mark[1:]}",
        "another body": f"{body[:-2]}:{stamp}:{mark}",
        "another time": f"{body}:{stamp[:-1]}{'AB'[stamp[-1] == 'A']}:{mark}",
        "no mark": f"{body}:{stamp}",
        "signed for something else": other,
        "signed, of another form": signing.dumps(["x"], salt=not_me.SALT),
        "signed, no person": signing.dumps(["x", 2, 3, "x"], salt=not_me.SALT),
        "nothing": "x",
        "long": "x" * 3000,
    }


def test_forged_links_do_nothing_and_all_look_the_same(stranger):
    path = mailed(stranger)
    pages = set()
    for name, token in forged(path).items():
        for call in (Client(SERVER_NAME="localhost").get, press):
            answer = call(f"/accounts/not-me/{token}/")
            assert answer.status_code == 410, name
            pages.add(VARYING.sub("", answer.content.decode()))
            answer = call(f"/accounts/close/undo/{token}/")
            assert answer.status_code == 410, name
    assert acts() == 0
    assert press(path).status_code == 303
    # used: no different from one that was never true
    pages.add(VARYING.sub("", press(path).content.decode()))
    assert len(pages) == 1


def test_looking_changes_nothing(stranger):
    path = mailed(stranger)
    before = User.objects.values().get(), Event.objects.count()
    for method in ("get", "head", "options", "put", "delete"):
        getattr(Client(SERVER_NAME="localhost"), method)(path)
    assert (User.objects.values().get(), Event.objects.count()) == before
    assert stranger.get("/dashboard/").status_code == 200


def test_a_press_from_another_site_does_nothing(stranger):
    path = mailed(stranger)
    strict = Client(SERVER_NAME="localhost", enforce_csrf_checks=True)
    strict.get(path)
    assert strict.post(path).status_code == 403
    token = strict.cookies["csrftoken"].value
    headers = {"origin": "https://evil.example"}
    body = {"csrfmiddlewaretoken": token}
    assert strict.post(path, body, headers=headers).status_code == 403
    assert acts() == 0
    assert (
        strict.post(path, body, headers={"origin": "http://localhost"}).status_code
        == 303
    )


def test_a_link_works_once_and_no_older_mail_of_that_session_after_it(stranger):
    first = mailed(stranger)
    new_password(stranger, NEW, "a third password 5")
    second = link_in(mails_to(EMAIL)[-1])
    assert first != second
    assert [press(path).status_code for path in (second, second, first)] == [
        303, 410, 410,
    ]  # fmt: skip
    assert acts() == 1


def test_a_link_is_for_one_person(stranger, make_person):
    make_person("other@example.org")
    other = Client(SERVER_NAME="localhost")
    sign_in_by_form(other, "other@example.org")
    press(mailed(stranger), other)
    assert other.get("/dashboard/").status_code == 200
    assert User.objects.get(email="other@example.org").has_usable_password()


def test_whoever_put_their_address_in_cannot_use_their_mails(stranger):
    """Not to end the owner's link before it is pressed."""
    with later(minutes=3):  # the session is older than the change
        change_address(stranger, EVIL)
        owners = link_in(mails_to(EMAIL, "address was changed")[-1])
        new_password(stranger)
        theirs = link_in(mails_to(EVIL, "password was changed")[-1])
        assert press(theirs).status_code == 303  # it is theirs at this moment
        assert User.objects.get().email == EVIL
        assert press(owners).status_code == 303
    assert User.objects.get().email == EMAIL
    again = Client(SERVER_NAME="localhost")
    assert sign_in_by_form(again, EVIL, NEW).status_code == 200


def test_nor_to_come_back_after_the_owner(stranger):
    change_address(stranger, EVIL)
    new_password(stranger)
    theirs = link_in(mails_to(EVIL, "password was changed")[-1])
    change_address(stranger, "evil2@example.org")
    chained = link_in(mails_to(EVIL, "address was changed")[-1])
    press(link_in(mails_to(EMAIL, "address was changed")[-1]))
    assert User.objects.get().email == EMAIL
    for path in (theirs, chained):
        assert press(path).status_code == 410
    assert User.objects.get().email == EMAIL


def test_a_program_s_session_dates_the_link_as_a_browser_s_does(make_person, api):
    user = make_person()
    session = {"x_session_token": api.tokens()["session_token"]}
    started = UserSession.objects.get().created_at.timestamp()
    with later(minutes=4):
        api.post("/_allauth/app/v1/account/email", {"email": EVIL}, **session)
        body = {"key": code_in(mails_to(EVIL)[-1])}
        api.post("/_allauth/app/v1/auth/email/verify", body, **session)
        user.refresh_from_db()
        assert user.email == EVIL
        path = link_in(mails_to(EMAIL, "address was changed")[-1])
        claim = not_me.read(path.split("/")[-2])
        assert abs(claim.since - started) < 5
        assert press(path).status_code == 303
    user.refresh_from_db()
    assert user.email == EMAIL


def test_an_old_session_dates_the_link_back_seven_days_at_most(stranger):
    session = stranger.session
    session[STARTED] -= 80 * 24 * 3600
    session.save()
    claim = not_me.read(mailed(stranger).split("/")[-2])
    assert 6.99 < (claim.issued - claim.since) / 86400 <= 7


def test_an_address_that_is_anothers_by_now_gives_nothing_back(stranger, make_person):
    change_address(stranger, EVIL)
    path = link_in(mails_to(EMAIL, "address was changed")[-1])
    make_person(EMAIL)
    assert press(path).status_code == 410
    assert User.objects.get(email=EMAIL).has_usable_password()


def test_an_unconfirmed_account_with_the_address_is_in_nobodys_way(
    stranger, make_person
):
    change_address(stranger, EVIL)
    path = link_in(mails_to(EMAIL, "address was changed")[-1])
    make_person(EMAIL, verified=False)
    owner = User.objects.get(email=EVIL).pk
    assert press(path).status_code == 303
    assert User.objects.get().pk == owner
    assert User.objects.get().email == EMAIL


def test_of_a_deleted_or_disabled_person(stranger):
    path = mailed(stranger)
    user = User.objects.get()
    user.is_active = False
    user.save()
    assert press(path).status_code == 410
    user.delete()
    assert press(path).status_code == 410


def test_presses_without_end_are_stopped(stranger):
    path = mailed(stranger)
    found = [press(path[:-5] + "/").status_code for _ in range(21)]
    assert found == [410] * 20 + [429]


def test_pages_behind_links_are_not_kept_and_tell_nobody_their_address(
    stranger, caplog
):
    path = mailed(stranger)
    undo = closing_link(stranger)
    for place in (path, undo, "/accounts/not-me/done/", "/accounts/not-me/x/"):
        answer = Client(SERVER_NAME="localhost").get(place)
        assert answer["Referrer-Policy"] == "strict-origin"
        assert "no-store" in answer["Cache-Control"]
    from authsite.logs import mask_paths

    for place in (path, undo):
        token = place.split("/")[-2]
        line = mask_paths(None, "", {"request": f"GET {place}", "event": f"at {place}"})
        assert token not in str(line)


def closing_link(browser):
    assert browser.post("/accounts/close/").status_code == 303
    (mail,) = mails_to(EMAIL, "closing")
    return re.search(r"http://localhost(/accounts/close/undo/\S+)", mail.body).group(1)


def test_a_link_that_keeps_works_once_for_one_closing(stranger):
    first = closing_link(stranger)
    assert press(first).status_code == 303
    assert press(first).status_code == 410
    sign_in_by_form(stranger)
    stranger.post("/accounts/close/")
    assert press(first).status_code == 410
    assert not User.objects.get().is_active


def test_nor_after_the_grace_nor_after_an_administrator(stranger):
    path = closing_link(stranger)
    with later(days=14, minutes=1):
        assert press(path).status_code == 410
    User.objects.update(closes_at=None)  # what "Deactivate" does
    assert press(path).status_code == 410
    assert not User.objects.get().is_active


def test_neither_link_signs_anybody_in(stranger):
    links = mailed(stranger), closing_link(stranger)
    for path in reversed(links):
        browser = Client(SERVER_NAME="localhost")
        assert press(path, browser).status_code == 303
        assert browser.get("/dashboard/").status_code == 302
        assert stranger.get("/dashboard/").status_code == 302
    assert signed_in() == (0, 0, 0)


def test_without_a_proven_address_nobody_shuts_themselves_out(stranger):
    EmailAddress.objects.update(verified=False)
    event = Event.objects.get(action=Action.SIGN_IN).pk
    answer = stranger.post(f"/accounts/activity/not-me/{event}/")
    assert answer["Location"] == "/accounts/email/"
    assert User.objects.get().has_usable_password()


def test_a_closing_account_is_a_wrong_password_at_every_door(
    stranger, make_person, api
):
    """Same bytes; also for who asks for a link. The mailbox alone learns more."""
    make_person("else@example.org")
    closing_link(stranger)
    deliver_mail().clear()
    pages, calls, links = [], [], []
    for email, password in ((EMAIL, PASSWORD), ("else@example.org", "wrong")):
        page = sign_in_by_form(Client(SERVER_NAME="localhost"), email, password)
        text = VARYING.sub("", page.content.decode()).replace(email, "")
        pages.append((page.status_code, text, sorted(page.headers)))
        answer = api.sign_in(email, password)
        calls.append((answer.status_code, answer.json()))
        reset = Client(SERVER_NAME="localhost").post(
            "/accounts/password/reset/", {"email": email}
        )
        links.append((reset.status_code, reset["Location"], sorted(reset.headers)))
    for found in (pages, calls, links):
        assert found[0] == found[1]
    # One for the right password, though it was tried twice; one for the link.
    told = mails_to(EMAIL)
    assert len(told) == 2
    assert all("/accounts/close/undo/" in mail.body for mail in told)
    assert not any("/accounts/not-me/" in mail.body for mail in told)


def test_a_wrong_password_mails_nothing(stranger):
    closing_link(stranger)
    deliver_mail().clear()
    sign_in_by_form(Client(SERVER_NAME="localhost"), EMAIL, "wrong")
    assert deliver_mail() == []


def test_the_right_password_mails_again_after_ten_minutes(stranger):
    closing_link(stranger)
    deliver_mail().clear()
    for minutes, told in ((0, 1), (5, 1), (11, 2)):
        with later(minutes=minutes):
            sign_in_by_form(Client(SERVER_NAME="localhost"), EMAIL, PASSWORD)
            assert len(deliver_mail()) == told


def test_a_closing_account_that_is_disabled_by_an_administrator_hears_nothing(stranger):
    closing_link(stranger)
    User.objects.update(closes_at=None)
    deliver_mail().clear()
    sign_in_by_form(Client(SERVER_NAME="localhost"), EMAIL, PASSWORD)
    assert deliver_mail() == []
    assert closing.of_address(EMAIL) is None


def test_a_new_address_is_seen_with_all_that_follows_from_it_or_not_at_all(stranger):
    """Between the two a mail would carry a link that reaches further back."""
    found = []

    def look(**kwargs):
        found.append(connection.in_atomic_block)

    email_changed.connect(look)
    try:
        change_address(stranger, EVIL)
    finally:
        email_changed.disconnect(look)
    assert found == [True]


def test_whoever_took_an_address_gets_no_link_with_the_news(stranger, monkeypatch):
    asked = []
    monkeypatch.setattr(not_me, "link", lambda user, email: asked.append(email) or "")
    change_address(stranger, EVIL)
    # The change begins; the code, to an address that is not proven; the notice.
    assert asked == [EMAIL, EVIL, EMAIL]


def test_nothing_older_than_a_link_can_be_is_taken_away(make_person):
    app = enrol_totp(make_person())
    browser = Client(SERVER_NAME="localhost")
    sign_in_by_form(browser, remember="on")
    second_step(browser, app.code())
    with later(days=6.9):
        browser.post("/accounts/2fa/reauthenticate/", {"code": app.code()})
        new_password(browser)
        path = link_in(mails_to(EMAIL)[-1])
    with later(days=13.8):
        assert press(path).status_code == 303
    assert Authenticator.objects.filter(type="totp").exists()


def test_an_account_that_was_switched_off_is_given_to_nobody(stranger):
    change_address(stranger, EVIL)
    path = link_in(mails_to(EMAIL, "address was changed")[-1])
    banned = User.objects.create_user(EMAIL, is_active=False)
    EmailAddress.objects.create(user=banned, email=EMAIL, primary=True)
    assert press(path).status_code == 410
    assert User.objects.filter(pk=banned.pk).exists()
