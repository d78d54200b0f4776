"""Every mail: text and HTML from the same words, in one look."""

from __future__ import annotations

import re
from datetime import timedelta
from pathlib import Path

import allauth
import pytest
from allauth.account.adapter import get_adapter
from django.utils import timezone, translation

from accounts.policy.outbox import styled
from tests.fixtures import code_in
from tests.mails import (
    ADDRESS,
    CONTEXTS,
    NOT_ME,
    RESET,
    TEMPLATES,
    all_mails,
    html_of,
    links,
    make,
    words,
)
from tests.pseudo.make import bare, write

EMAIL, NEW = "maya@example.org", "new@example.org"
URL = re.compile(r"https?://\S+")
EACH = pytest.mark.parametrize("name", all_mails())
#: Mails of allauth that our settings never send.
NEVER = {
    "account/email/base",
    "account/email/email_confirm",
    "account/email/password_reset_code",
}


def test_every_mail_is_known_here():
    assert all_mails() == sorted(CONTEXTS)


def test_no_mail_has_its_words_in_other_files():
    assert list(TEMPLATES.glob("**/email/*.txt")) == []


def test_every_mail_that_allauth_can_send_is_in_our_words():
    theirs = Path(allauth.__file__).parent / "templates"
    sent = {
        str(file.relative_to(theirs)).removesuffix("_message.txt")
        for file in theirs.glob("*/email/*_message.txt")
    }
    assert len(sent) > 15
    assert sent - NEVER - set(all_mails()) == set()


def test_a_mail_that_has_no_template_of_ours_is_sent_as_the_library_has_it(rf):
    mail = get_adapter().render_mail(
        "account/email/password_reset_code",
        EMAIL,
        {"code": "1234-5678", "email": EMAIL},
    )
    assert "1234-5678" in mail.body


@EACH
@pytest.mark.parametrize("not_me", ["", NOT_ME])
def test_both_parts_say_the_same(name, not_me):
    mail = make(name, not_me_url=not_me)
    html = html_of(mail)
    text = URL.sub("", mail.body)
    assert set(re.findall(r"\w+", text)) == set(re.findall(r"\w+", words(html)))
    assert set(URL.findall(mail.body)) == set(links(html))
    assert not re.search(r"\n\s*\n\s*\n", mail.body)
    assert mail.body == mail.body.strip()
    assert "{{" not in mail.body + html
    assert "{%" not in mail.body + html


@EACH
@pytest.mark.parametrize("not_me", ["", NOT_ME])
def test_one_thing_to_do_and_links_home(name, not_me):
    html = html_of(make(name, not_me_url=not_me))
    buttons, code = html.count('class="button"'), html.count('class="code"')
    found = links(html)
    assert buttons + code <= 1
    assert len(found) - buttons <= 1  # beside it: what to do if it was not you
    assert all(link.startswith("http://localhost/") for link in found)
    extends_notice = "mail/notice.html" in (TEMPLATES / f"{name}.html").read_text()
    assert (NOT_ME in found) == (bool(not_me) and extends_notice)


@EACH
def test_nothing_remote_nothing_that_runs(name):
    html = html_of(make(name)).lower()
    for never in ("<img", "<script", "<link", "<iframe", "<form", " src=", "url(",
                  "@import", "@font-face", "background=", "javascript:"):  # fmt: skip
        assert never not in html, never


@EACH
def test_it_says_who_writes_to_whom_when_and_for_whom(name, settings):
    settings.BRAND_NAME, settings.SITE_URL = "Northwind", "http://localhost"
    mail = make(name)
    assert "Northwind" in mail.subject
    assert mail.subject.count("\n") == 0
    for part in (mail.body, words(html_of(mail))):
        assert f"Sent to {ADDRESS} by Northwind at localhost." in part
        assert f"When: {timezone.now():%-d %B %Y}" in part
        assert "UTC" in part
        assert "Was this not you?" in part
        by_admin = name == "mfa/email/factors_removed"
        assert ("Chrome on macOS" in part) == ("127.0.0.1" in part) == (not by_admin)


@EACH
def test_it_is_read_in_light_and_dark_and_aloud(name):
    html = html_of(make(name))
    assert html.count("@media (prefers-color-scheme: dark)") == 1
    assert '<html lang="en" dir="ltr">' in html
    (page,) = re.findall(r'<div class="page"[^>]*>', html)
    assert all(one in page for one in ('lang="en"', 'dir="ltr"', "font: 16px"))
    assert '<meta name="color-scheme" content="light dark">' in html
    assert re.search(r'<main class="mail" style="[^"]*max-width: ?440px', html)
    assert re.search(r'class="preview" aria-hidden="true" style="display: ?none', html)
    preview = re.search(r'(?s)class="preview"[^>]*>(.*?)</div>', html)[1].strip()
    assert preview
    assert "4829" not in preview  # a locked screen shows it


CODES = sorted(name for name, context in CONTEXTS.items() if "code" in context)


@pytest.mark.parametrize("name", CODES)
def test_a_code_is_large_and_is_never_turned_round(name):
    mail = make(name)
    found = re.search(
        r'<p class="code" dir="ltr" style="([^"]*)">([^<]*)', html_of(mail)
    )
    assert found[2] == code_in(mail) == "4829-1375"
    assert "direction: ltr" in found[1]
    assert "monospace" in found[1]
    assert int(re.search(r"font: ?600 (\d+)px", found[1])[1]) >= 24
    until = f"until {timezone.now() + timedelta(minutes=10):%H:%M} UTC"
    assert f"for 10 minutes: {until}" in mail.body


def test_a_link_says_until_when_it_works():
    mail = make("account/email/password_reset_key")
    until = f"until {timezone.now() + timedelta(hours=1):%H:%M} UTC"
    assert f"once, for 60 minutes: {until}" in mail.body
    assert RESET.replace("wrong.example", "localhost") in links(html_of(mail))


HOSTILE = "<b>x</b>\r\nBcc: evil@evil.example http://evil.example/ www.evil.example"


@EACH
def test_what_others_chose_is_neither_markup_nor_a_link_nor_a_header(name):
    told = {
        key: HOSTILE
        for key in ("provider", "device", "deleted_email", "from_email", "method")
        if key in CONTEXTS[name]
    }
    mail = make(name, agent=HOSTILE.replace("\r\n", " "), **told)
    html = html_of(mail)
    assert "<b>x" not in html
    assert "\n" not in mail.subject
    assert "\r" not in mail.subject
    assert "\nBcc" not in mail.message().as_string().partition("\n\n")[0]
    facts = re.search(r"(?s)When:.*?Was this", mail.body)[0]
    assert "evil.example" not in facts.replace(HOSTILE, "")
    if name == "tokens/email/refresh_replayed":
        assert "App: an unknown browser or app" in facts


@pytest.mark.parametrize(("language", "direction"), [("ar", "rtl"), ("de", "ltr")])
def test_it_is_in_the_language_of_its_person(settings, language, direction):
    settings.LANGUAGES = [("en", "English"), ("de", "Deutsch"), ("ar", "Arabic")]
    mail = make("account/email/login_code", language=language)
    assert f'<html lang="{language}" dir="{direction}">' in html_of(mail)
    assert '<p class="code" dir="ltr"' in html_of(mail)
    with translation.override("de"):
        mail = make("account/email/login_code", language=language)
        assert f'<html lang="{language}"' in html_of(mail)
        assert translation.get_language() == "de"


def test_without_one_it_is_in_that_of_the_request(settings):
    settings.LANGUAGES = [("en", "English"), ("de", "Deutsch")]
    with translation.override("de"):
        assert '<html lang="de"' in html_of(make("account/email/password_changed"))
        gone = make("account/email/password_changed", language="tlh")
        assert '<html lang="de"' in html_of(gone)


def test_no_word_is_left_as_it_stands_in_the_code(settings, tmp_path):
    """In a language that has all of them in brackets: see tests.pseudo."""
    write(tmp_path)
    settings.LOCALE_PATHS, settings.LANGUAGES = [tmp_path], [("xx", "Pseudo")]
    known = r"Authsite|Chrome|macOS|https?://\S+"
    left = {}
    for name in all_mails():
        mail = make(name, language="xx", not_me_url=NOT_ME)
        html = re.sub(r"(?s)<style.*?</style>|<[^>]*>", " ", html_of(mail))
        parts = bare(f"{mail.subject}\n{mail.body}\n{html}")
        left[name] = re.findall(r"[^\W\d_]{2,}", re.sub(known, "", parts))
    assert {name: some for name, some in left.items() if some} == {}
    assert bare("⟦Hélló ⟦a⟧⟧ you ⟦thére⟧!") == " you !"


@pytest.mark.parametrize("support", ["", "help@example.org"])
def test_a_reply_goes_to_people_or_is_not_asked_for(settings, support):
    settings.BRAND_SUPPORT_EMAIL = support
    for name in all_mails():
        mail = make(name)
        assert mail.reply_to == ([support] if support else [])
        for part in (mail.body, words(html_of(mail))):
            assert ("Reply to this mail" in part) == bool(support)


def test_without_open_sign_up_nobody_is_led_there(settings):
    settings.ACCOUNT_SIGNUP_ENABLED = False
    assert "signup" not in make("account/email/unknown_account").body


def test_a_stylesheet_elsewhere_is_not_fetched():
    html = '<link rel="stylesheet" href="http://127.0.0.1:9/x.css"><p>A</p>'
    assert "<p>A</p>" in styled(html)
