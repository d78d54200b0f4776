"""Names of browsers and apps: in emails none that the client made up."""

from __future__ import annotations

import re

import pytest

from accounts.audit import user_agents
from accounts.audit.history import device_name, known_device_name
from tests.mails import all_mails, html_of, make

UNKNOWN = "an unknown browser or app"
WINDOWS = "Mozilla/5.0 (Windows NT 10.0; Win64; x64)"
IPHONE = (
    "Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15 "
    "(KHTML, like Gecko) Version/18.5 Mobile/15E148 Safari/604.1"
)
WEBKIT = "AppleWebKit/537.36 (KHTML, like Gecko) Chrome/120.0.0.0"


@pytest.mark.parametrize(
    ("text", "name"),
    [
        (f"{WINDOWS} {WEBKIT} Safari/537.36", "Chrome on Windows"),
        (f"{WINDOWS} {WEBKIT} Safari/537.36 Edg/120.0", "Edge on Windows"),
        (
            "Mozilla/5.0 (X11; Ubuntu; Linux x86_64; rv:1) Gecko/1 Firefox/120.0",
            "Firefox on Ubuntu",
        ),
        (
            IPHONE,
            "Safari on iOS",
        ),
        ("curl/8.5.0", "curl"),
        ("okhttp/4.9.1", "okhttp"),
        ("", UNKNOWN),
        ("MyApp/2.1", UNKNOWN),
    ],
)
def test_known_names_are_told(text, name):
    assert known_device_name(text) == name


#: ua-parser copies names out of these.
COPIED = (
    "Call 0800 555/1 CFNetwork/1",
    "Call 0800 555-iPhone/1 CFNetwork/1",
    "Call 0800 Bot/1.0",
    "call-0800-crawler/1.0",
    f"{WINDOWS} CallUsNowBot/1.0",
    "HbbTV/1.1.1 (; Callus ;201 2015 )",
    "URGENT account locked call +1-202-555-0136/1",
    "www.evil.example Bot/1.0",
    "Microsoft call us now Bot",
    "Nutch call us now/1.0",
)


@pytest.mark.parametrize("text", COPIED)
def test_names_that_the_text_made_up_are_not_told(text):
    shown = known_device_name(text)
    words = set(re.findall(r"\w+", shown.removeprefix(UNKNOWN).lower()))
    assert words <= {"hbbtv", "windows", "on", "spider"}


def test_ua_parser_does_copy_names():
    """Else the test above would show nothing."""
    copied = [one for one in COPIED if "call" in device_name(one).lower()]
    assert len(copied) >= 5


def test_known_names_are_words_of_ua_parsers_data():
    names = user_agents.known_names()
    assert len(names) > 500
    assert {"Chrome", "Mobile Safari", "Firefox", "Edge", "Windows", "iOS", "Ubuntu",
            "Mac OS X", "Android", "curl"} <= names  # fmt: skip
    assert all(re.fullmatch(r"[A-Za-z0-9 ()+-]{1,40}", name) for name in names)


@pytest.mark.parametrize("text", COPIED)
def test_no_mail_holds_a_word_of_it(text):
    words = set(re.findall(r"[a-z0-9]{4,}", text.lower())) & {
        "call", "0800", "urgent", "callus", "callusnowbot", "locked", "evil",
    }  # fmt: skip
    assert words
    for name in all_mails():
        told = {"device": text} if name == "tokens/email/refresh_replayed" else {}
        mail = make(name, agent=text, **told)
        for part in (mail.subject, mail.body, html_of(mail)):
            shown = set(re.findall(r"[a-z0-9]+", part.lower()))
            assert not words & shown, name


def test_only_so_much_is_parsed(monkeypatch):
    seen = []
    monkeypatch.setattr(user_agents, "parse_os", seen.append)
    monkeypatch.setattr(user_agents, "parse_user_agent", seen.append)
    user_agents.read("x" * 8000)
    assert [len(one) for one in seen] == [400, 400]
