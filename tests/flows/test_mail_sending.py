"""Mails on their way: to whom, in which language, what a mail server gets."""

from __future__ import annotations

import re
import subprocess
import sys

import pytest
from allauth.account.models import EmailAddress
from allauth.core import context as current
from django.test import Client

from accounts.models import User
from accounts.policy.factors import remove_factors
from tests.fixtures import PASSWORD, code_in, deliver_mail, later, sign_in_by_form
from tests.mails import html_of, links
from tests.services.smtp import mail_server

pytestmark = pytest.mark.django_db(transaction=True)
EMAIL, NEW = "maya@example.org", "new@example.org"
SIGN_UP = {"email": NEW, "password1": PASSWORD}
URL = re.compile(r"https?://\S+")


def test_a_code_that_is_asked_for_once_more_gets_no_new_time(browser):
    browser.post("/accounts/signup/", SIGN_UP)
    first = deliver_mail()[-1]
    with later(minutes=4):
        browser.post("/accounts/confirm-email/", {"action": "resend"})
        again = deliver_mail()[-1]
    assert code_in(again) != code_in(first)
    told = {
        re.search(r"until (\d\d:\d\d) UTC", mail.body)[1] for mail in (first, again)
    }
    assert len(told) == 1
    with later(minutes=11):  # and that is the truth
        browser.post("/accounts/confirm-email/", {"code": code_in(again)})
        assert not EmailAddress.objects.exists()


def test_mails_that_are_asked_for_by_address_know_their_person(
    make_person, browser, settings
):
    settings.LANGUAGES = [("en", "English"), ("ar", "Arabic")]
    make_person(language="ar")
    make_person("unproven@example.org", verified=False, language="ar")
    browser.post("/accounts/signup/", SIGN_UP | {"email": EMAIL})
    mail = deliver_mail()[-1]
    assert mail.to == [EMAIL]
    assert 'dir="rtl"' in html_of(mail)
    browser.post("/accounts/password/reset/", {"email": EMAIL})
    assert 'dir="rtl"' in html_of(deliver_mail()[-1])
    browser.post("/accounts/password/reset/", {"email": "nobody@example.org"})
    assert 'dir="ltr"' in html_of(deliver_mail()[-1])


def test_a_server_gets_both_parts_and_headers_that_stop_answers(
    make_person, browser, settings
):
    make_person()
    settings.BRAND_SUPPORT_EMAIL = "help@example.org"
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    with mail_server() as server:
        settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", server.port
        browser.post("/accounts/password/reset/", {"email": EMAIL})
        deliver_mail()
    (mail,) = server.mails
    assert mail["To"] == EMAIL
    assert mail["Reply-To"] == "help@example.org"
    assert mail["Auto-Submitted"] == "auto-generated"
    assert mail["X-Auto-Response-Suppress"] == "All"
    parts = [part.get_content_type() for part in mail.walk()]
    assert parts == ["multipart/alternative", "text/plain", "text/html"]
    links_of_both = [URL.findall(part.get_content()) for part in mail.iter_parts()]
    assert links_of_both[0]
    assert links_of_both[0][0] in mail.get_body(("html",)).get_content()
    assert max(len(line) for line in server.raw[0].splitlines()) < 998


def test_both_the_old_and_the_new_address_learn_of_a_change(make_person, browser):
    make_person()
    sign_in_by_form(browser)
    browser.post("/accounts/email/", {"action_add": "", "email": NEW})
    browser.post("/accounts/confirm-email/", {"code": code_in(deliver_mail()[-1])})
    assert User.objects.get().email == NEW
    told = {mail.subject: mail for mail in deliver_mail()}
    old = told["Authsite: your e-mail address was changed"]
    new = told["Authsite: this is your e-mail address now"]
    assert (old.to, new.to) == ([EMAIL], [NEW])
    assert f"from {EMAIL} to {NEW}" in old.body
    assert f"from {EMAIL} to {NEW}" in new.body


def test_a_first_address_is_no_change(browser):
    browser.post("/accounts/signup/", SIGN_UP)
    browser.post("/accounts/confirm-email/", {"code": code_in(deliver_mail()[-1])})
    assert [mail.subject for mail in deliver_mail()] == ["Authsite: your code"]


def test_a_mail_at_an_administrators_hand_tells_nothing_of_them(make_person, rf):
    with current.request_context(rf.get("/admin/")):
        remove_factors(make_person())
    mail = deliver_mail()[-1]
    assert mail.to == [EMAIL]
    assert "From:" not in mail.body
    assert "With:" not in mail.body


def test_a_library_in_the_worker_alone():
    code = (
        "import django, sys; django.setup();"
        "from django.urls import get_resolver; get_resolver().url_patterns;"
        "from allauth.account.adapter import get_adapter; get_adapter();"
        "print('css_inline' in sys.modules)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "False"


def test_clients_keep_their_links_when_the_host_is_another(make_person):
    make_person()
    Client(SERVER_NAME="127.0.0.1").post("/accounts/password/reset/", {"email": EMAIL})
    for mail in deliver_mail():
        assert all(
            link.startswith("http://localhost/") for link in links(html_of(mail))
        )
