"""The mail server is down, the worker is away: nothing is lost, nobody waits."""

from __future__ import annotations

import smtplib
import time

import pytest
import time_machine
from django.core import mail
from django.core.mail.backends.locmem import EmailBackend as Locmem
from django.db import transaction
from django_tasks_db.models import DBTaskResult

from accounts.policy import outbox
from tests.fixtures import PASSWORD, code_in, deliver_mail
from tests.services.ports import free_port

pytestmark = pytest.mark.django_db(transaction=True)
SIGN_UP = {"email": "new@example.org", "password1": PASSWORD}


@pytest.fixture
def mail_server_down(settings):
    """SMTP to a port that nobody listens on."""
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", free_port()


def up_again(settings):
    settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"


def test_signing_up_works_and_the_mail_comes_when_the_server_does(
    browser, settings, mail_server_down
):
    began = time.monotonic()
    answer = browser.post("/accounts/signup/", SIGN_UP)
    assert answer["Location"] == "/accounts/confirm-email/"
    assert time.monotonic() - began < 2
    for minutes in (0, 1, 5):
        with time_machine.travel(time.time() + minutes * 60):
            assert deliver_mail() == []
    up_again(settings)
    with time_machine.travel(time.time() + 3600):
        (message,) = deliver_mail()
    assert message.to == ["new@example.org"]
    assert code_in(message)


@pytest.mark.parametrize(
    "error",
    [
        smtplib.SMTPServerDisconnected("gone"),
        smtplib.SMTPResponseException(421, b"busy"),
        smtplib.SMTPRecipientsRefused({"new@example.org": (450, b"later")}),
        TimeoutError(),
        ConnectionResetError(),
    ],
)
def test_whatever_the_server_says_it_is_tried_again(
    browser, settings, monkeypatch, error
):
    def fail(self, messages):
        raise error

    with monkeypatch.context() as patched:
        patched.setattr(Locmem, "send_messages", fail)
        browser.post("/accounts/signup/", SIGN_UP)
        deliver_mail()
    with time_machine.travel(time.time() + 60):
        assert len(deliver_mail()) == 1


def test_it_gives_up_after_a_day_and_says_so(browser, monkeypatch, caplog):
    def fail(self, messages):
        raise ConnectionRefusedError

    monkeypatch.setattr(Locmem, "send_messages", fail)
    browser.post("/accounts/signup/", SIGN_UP)
    at = time.time()
    for wait in (0, *outbox.RETRIES):
        at += wait + 1
        with time_machine.travel(at):
            deliver_mail()
    assert not DBTaskResult.objects.ready().exists()
    assert "mail_given_up" in caplog.text
    assert 24 * 3600 < sum(outbox.RETRIES) < 30 * 3600
    assert "new@example.org" not in caplog.text


def test_a_mail_goes_with_its_transaction(db):
    message = mail.EmailMessage("subject", "body", "a@example.org", ["b@example.org"])
    with pytest.raises(RuntimeError), transaction.atomic():
        outbox.post(message)
        raise RuntimeError
    assert deliver_mail() == []
    with transaction.atomic():
        outbox.post(message)
    assert len(deliver_mail()) == 1


def test_what_waits_in_the_outbox_cannot_be_read_there(browser):
    browser.post("/accounts/signup/", SIGN_UP)
    rows = str(list(DBTaskResult.objects.values()))
    (message,) = deliver_mail()
    assert code_in(message) not in rows
    assert "new@example.org" not in rows


def test_how_long_the_oldest_mail_has_waited(browser):
    assert outbox.oldest_unsent() == 0
    browser.post("/accounts/signup/", SIGN_UP)
    with time_machine.travel(time.time() + 300):
        assert 295 < outbox.oldest_unsent() < 310


def test_a_mail_whose_worker_was_killed_is_sent_after_all(browser):
    browser.post("/accounts/signup/", SIGN_UP)
    row = DBTaskResult.objects.ready().get()
    row.claim("a worker that is killed now")
    assert outbox.requeue_abandoned() == 0  # it may be under way
    assert deliver_mail() == []
    with time_machine.travel(time.time() + 301):
        assert outbox.requeue_abandoned() == 1
        assert len(deliver_mail()) == 1
