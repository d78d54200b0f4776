"""Catalogues in step with the code and whole; no English left on a German page."""

from __future__ import annotations

import gettext
import re
import shutil
from datetime import UTC, datetime, timedelta
from html.parser import HTMLParser
from pathlib import Path

import polib
import pytest
from django.conf import settings
from django.utils import timezone, translation
from django.utils.formats import date_format

from accounts.templatetags.pages import ago
from tests import messages
from tests.fixtures import sign_in_by_form
from tests.scenes.table import SCENES

ROOT = Path(__file__).resolve().parents[2]
CATALOGUES = sorted(ROOT.glob("locale/*/LC_MESSAGES/django.po"))
NAMES = [path.parts[-3] for path in CATALOGUES]
PLACE = re.compile(r"%\(\w+\)[sd]|%[sd]|\{\w*\}")
TAG = re.compile(r"</?[a-z][^>]*>")
LITERAL_DATE = re.compile(r"""\|date:(["'])(?!c\1|l\1|[A-Z_]{4,}\1)""")


def entries(path):
    return [entry for entry in polib.pofile(str(path)) if not entry.obsolete]


def texts(entry):
    return list(entry.msgstr_plural.values()) or [entry.msgstr]


def test_every_language_has_a_catalogue():
    assert {*NAMES, settings.LANGUAGE_CODE} == dict(settings.LANGUAGES).keys()


@pytest.mark.skipif(not shutil.which("xgettext"), reason="gettext is not installed")
def test_make_messages_changes_nothing(tmp_path):
    copy = tmp_path / "authsite"
    left_out = shutil.ignore_patterns(".*", "var", "tests", "examples", "__pycache__")
    shutil.copytree(ROOT, copy, ignore=left_out)
    assert messages.main(copy) == 0
    for path in CATALOGUES:
        again = copy / path.relative_to(ROOT)
        assert again.read_text() == path.read_text(), "run `make messages`"


@pytest.mark.parametrize("path", CATALOGUES, ids=NAMES)
def test_it_is_whole(path):
    left = [e.msgid for e in entries(path) if e.fuzzy or not all(texts(e))]
    assert left == []
    for entry in entries(path):
        assert bool(entry.msgid_plural) == bool(entry.msgstr_plural), entry.msgid


@pytest.mark.parametrize("path", CATALOGUES, ids=NAMES)
def test_places_and_tags_are_those_of_the_english(path):
    wrong = []
    for entry in entries(path):
        own = entry.msgid_plural or entry.msgid
        for text in texts(entry):
            places, tags = set(PLACE.findall(text)), sorted(TAG.findall(text))
            # A singular may do without its number.
            if not (set(PLACE.findall(own)) - {"%(n)s", "%(n)d"} <= places):
                wrong.append(text)
            if not places <= set(PLACE.findall(own)) or tags != sorted(
                TAG.findall(own)
            ):
                wrong.append(text)
    assert wrong == []


@pytest.mark.parametrize("path", CATALOGUES, ids=NAMES)
def test_what_is_served_is_what_was_translated(path):
    with path.with_suffix(".mo").open("rb") as compiled:
        served = gettext.GNUTranslations(compiled)
    for entry in entries(path):
        if entry.msgid_plural:
            for number, text in entry.msgstr_plural.items():
                assert served._catalog[entry.msgid, number] == text
        elif entry.msgctxt:
            assert served.pgettext(entry.msgctxt, entry.msgid) == entry.msgstr
        else:
            assert served.gettext(entry.msgid) == entry.msgstr


def test_templates_name_formats_of_dates_never_their_letters():
    assert LITERAL_DATE.search('{{ x|date:"j F Y" }}')
    for path in ROOT.glob("templates/**/*.*"):
        assert not LITERAL_DATE.search(path.read_text()), path


def test_german_dates():
    at = datetime(2026, 11, 25, 10, 14, tzinfo=UTC)
    with translation.override("de"):
        assert date_format(at, "DATETIME_FORMAT") == "25. November 2026, 10:14"
        assert date_format(at, "DATE_FORMAT") == "25. November 2026"
        assert date_format(at, "MONTH_DAY_FORMAT") == "25. November"
    with translation.override("en"):
        assert date_format(at, "DATETIME_FORMAT") == "25 November 2026, 10:14"
        assert date_format(at, "SHORT_DATETIME_FORMAT") == "25 Nov 2026, 10:14"


@pytest.mark.parametrize(
    ("passed", "english", "german"),
    [
        ({"seconds": 200}, "a moment ago", "gerade eben"),
        ({"minutes": 59}, "59 minutes ago", "vor 59 Minuten"),
        ({"hours": 1}, "1 hour ago", "vor 1 Stunde"),
        ({"days": 2}, "2 days ago", "vor 2 Tagen"),
        ({"days": 13}, "1 week ago", "vor 1 Woche"),
        ({"days": 65}, "2 months ago", "vor 2 Monaten"),
        ({"days": 800}, "2 years ago", "vor 2 Jahren"),
    ],
)
def test_how_long_ago(passed, english, german):
    at = timezone.now() - timedelta(**passed)
    with translation.override("en"):
        assert ago(at) == english
    with translation.override("de"):
        assert ago(at) == german


class Texts(HTMLParser):
    """Every text that a person sees or hears."""

    def __init__(self):
        super().__init__()
        self.found = []

    def handle_starttag(self, tag, attrs):
        told = {"aria-label", "title", "placeholder", "alt"}
        self.found += [
            value for name, value in attrs
            if value and (name in told or name.startswith("data-"))
        ]  # fmt: skip

    def handle_data(self, data):
        self.found.append(" ".join(data.split()))


def english_on(page, path):
    parser = Texts()
    parser.feed(page)
    foreign = {
        entry.msgid for entry in entries(path)
        if not entry.msgid_plural and entry.msgid not in texts(entry)
    }  # fmt: skip
    return [text for text in parser.found if text in foreign]


def places(who):
    """Where pages of the scenes are that one reaches without doing anything."""
    return {
        scene.path for scene in SCENES
        if scene.who == who and scene.ours and not scene.act
        and "{" not in scene.path and not scene.path.startswith("/scenes/")
    }  # fmt: skip


@pytest.mark.django_db
@pytest.mark.parametrize("path", CATALOGUES, ids=NAMES)
def test_no_page_has_a_sentence_in_english(path, make_person, browser):
    own = {"accept-language": path.parts[-3]}
    assert english_on("<p>Sign in</p><b aria-label='Account'></b>", path)
    for place in places(""):
        page = browser.get(place, headers=own).content.decode()
        assert english_on(page, path) == [], place
    form = {"login": "nobody@example.org", "password": "x"}
    refused = browser.post("/accounts/login/", form, headers=own)
    assert english_on(refused.content.decode(), path) == []
    make_person(language=path.parts[-3])
    sign_in_by_form(browser)
    for place in places("new"):
        page = browser.get(place, headers={"accept-language": "en"}).content.decode()
        assert english_on(page, path) == [], place
