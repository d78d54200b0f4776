"""A thief and the removal of factors: it cannot be shortened, hidden or guessed."""

from __future__ import annotations

import re

import pytest
from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from django.core import signing

from accounts.audit.models import Action, Event, Outcome
from accounts.models import User
from accounts.policy import removal, removal_due
from accounts.policy.models import FactorRemoval
from tests.fixtures import (
    PASSWORD,
    code_in,
    deliver_mail,
    enrol_totp,
    hashed,
    later,
    second_step,
    sign_in_by_form,
)
from tests.flows.test_factor_removal import (
    BANNER,
    CANCEL,
    CODE,
    LOST,
    a_browser,
    ask,
    emails,
    halfway,
    link,
    reset_password,
    row,
)

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def maya(make_person):
    user = make_person()
    user.app = enrol_totp(user)
    EmailAddress.objects.create(user=user, email="second@example.org", verified=True)
    return user


def remembered(user, steps=0):
    browser = a_browser()
    sign_in_by_form(browser, remember="on")
    second_step(browser, user.app.code(steps))
    return browser


def test_a_week_old_session_and_the_saved_password_do_not_shorten_it(maya):
    stolen = remembered(maya)
    with later(days=7):
        assert stolen.post(LOST, {"password": PASSWORD})["Location"] == CODE
        deliver_mail()
        # Without the mailbox there is no code, so no request.
        assert stolen.post(CODE, {"code": "0000-0000"}).status_code == 200
        assert not FactorRemoval.objects.exists()
        ask(stolen, PASSWORD)
        began = row().due_at
        for path in (LOST, CODE):
            stolen.post(path, {"password": PASSWORD, "due_at": "2020-01-01"})
        assert row().due_at == began
    with later(days=7, hours=71):
        assert removal_due.run_due() == 0
        assert Authenticator.objects.count() == 2
        # A thief who reads the mailbox can reset the password: that ends the request.
        reset_password(PASSWORD + " again")
        assert row().cancelled_by == "password"
    with later(days=7, hours=96):
        assert removal_due.run_due() == 0
        assert Authenticator.objects.count() == 2


def test_a_thief_cannot_hide_it(maya):
    owner, stolen = remembered(maya, -1), remembered(maya)
    with later(days=7):
        ask(stolen, PASSWORD)
        told = ["maya@example.org", "second@example.org"]
        assert emails("your second steps will be removed") == told
        # What a thief would do next: sign the others out, take an address away.
        stolen.post("/accounts/email/", {"action_remove": "", "email": told[1]})
        assert BANNER in owner.get("/dashboard/").content.decode()
        answer = owner.post(CANCEL)
        assert answer.status_code == 303
        assert row().cancelled_by == "session"


def test_an_address_that_a_thief_removes_still_cancels(maya):
    ask(halfway())
    path = link()
    EmailAddress.objects.filter(email="second@example.org").delete()
    assert a_browser().post(path).status_code == 303
    assert row().cancelled_by == "email"


def test_a_password_alone_requests_and_cancels_nothing(maya):
    ask(halfway())
    thief = halfway()
    assert thief.post(CANCEL)["Location"].startswith("/accounts/login/")
    assert row().cancelled_at is None


def test_a_code_is_good_for_its_session_person_and_password(maya, make_person):
    browser = halfway()
    browser.post(LOST)
    code = code_in(deliver_mail()[-1])
    assert halfway().post(CODE, {"code": code})["Location"] == LOST
    User.objects.filter(pk=maya.pk).update(password="!")
    assert browser.post(CODE, {"code": code})["Location"] == "/accounts/login/"
    assert not row_exists()


def row_exists():
    return FactorRemoval.objects.exists()


def test_a_code_expires_and_goes_with_its_address(maya):
    browser = a_browser()
    sign_in_by_form(browser, remember="on")
    second_step(browser, maya.app.code())
    browser.post(LOST, {"password": PASSWORD})
    code = code_in(deliver_mail()[-1])
    with later(minutes=11):
        assert browser.post(CODE, {"code": code})["Location"] == LOST
    browser.post(LOST, {"password": PASSWORD})
    code = code_in(deliver_mail()[-1])
    EmailAddress.objects.filter(email="maya@example.org").delete()
    assert browser.post(CODE, {"code": code})["Location"] == LOST
    assert not row_exists()


def test_wrong_codes_are_limited_and_recorded(maya):
    browser = halfway()
    browser.post(LOST)
    code = code_in(deliver_mail()[-1])
    for _ in range(5):
        answer = browser.post(CODE, {"code": "0000-0000"})
    wrong = Event.objects.filter(action=Action.FACTOR_REFUSED, method="code")
    assert wrong.count() == 5
    # The code is gone, and a new one does not give five more tries.
    assert browser.post(CODE, {"code": code})["Location"] == LOST
    browser.post(LOST)
    fresh = code_in(deliver_mail()[-1])
    answer = browser.post(CODE, {"code": fresh})
    assert answer.status_code == 429
    assert b"too many wrong codes" in answer.content
    assert Event.objects.filter(
        action=Action.SIGN_IN_LIMITED, outcome=Outcome.LIMITED
    ).exists()
    assert not row_exists()


def test_wrong_passwords_are_limited_as_at_the_sign_in(maya):
    browser = remembered(maya)
    answers = [browser.post(LOST, {"password": "wrong"}) for _ in range(6)]
    assert [one.status_code for one in answers] == [200] * 5 + [429]
    assert browser.post(LOST, {"password": PASSWORD}).status_code == 429
    refused = Event.objects.filter(action=Action.SIGN_IN_FAILED, user=maya)
    assert refused.count() == 5


def test_codes_that_are_sent_are_limited(maya):
    browser = halfway()
    for _ in range(5):
        assert browser.post(LOST).status_code == 303
    limited = browser.post(LOST)
    assert limited.status_code == 429
    assert int(limited["Retry-After"]) > 600
    assert browser.post(CODE, {"action": "resend"}).status_code == 429
    sent = [m for m in deliver_mail() if "code to remove" in m.subject]
    assert len(sent) == 5
    # A browser that signed the owner in before has its own count.
    owner = remembered(maya)
    assert owner.post(LOST, {"password": PASSWORD}).status_code == 303


def test_a_link_must_be_ours(maya):
    ask(halfway())
    for token in (
        "x",
        str(row().pk),
        signing.dumps(row().pk),
        signing.dumps("x", salt=removal.SALT),
        signing.dumps([row().pk], salt=removal.SALT),
        signing.dumps(2**70, salt=removal.SALT),
    ):
        assert a_browser().post(f"{CANCEL}{token}/").status_code == 410
    assert row().cancelled_at is None


def test_only_posts_of_our_own_pages_cancel(maya, settings):
    from django.test import Client

    ask(halfway())
    path = link()
    strict = Client(SERVER_NAME="localhost", enforce_csrf_checks=True)
    assert strict.post(path).status_code == 403
    strict.get(path)
    token = re.search(
        r'csrfmiddlewaretoken" value="(\w+)"', strict.get(path).content.decode()
    )
    assert strict.post(path, {"csrfmiddlewaretoken": token[1]}).status_code == 303


def test_a_code_does_not_outlive_its_password(maya):
    browser = remembered(maya)
    browser.post(LOST, {"password": PASSWORD})
    code = code_in(deliver_mail()[-1])
    # As in the session that changes the password, which goes on.
    User.objects.filter(pk=maya.pk).update(password=hashed("another long phrase"))
    session = browser.session
    session["_auth_user_hash"] = User.objects.get().get_session_auth_hash()
    session.save()
    assert browser.post(CODE, {"code": code})["Location"] == LOST
    assert not row_exists()
