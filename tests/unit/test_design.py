"""The rules of the look, held by machine: tokens, contrast, nothing inline, no gaps."""

from __future__ import annotations

import re
from pathlib import Path

import allauth
import pytest
from django.conf import settings as configured
from django.template.loader import get_template

from accounts import brand, colours

ROOT = Path(__file__).resolve().parents[2]
TEMPLATES = ROOT / "templates"
ALLAUTH = Path(allauth.__file__).parent
SHEET = ROOT / "accounts" / "static" / "accounts" / "app.css"
CSS = re.sub(r"/\*(?! [0-9]).*?\*/", "", SHEET.read_text(encoding="utf-8"))
TOKENS, REST = CSS.split("/* 2. Base", maxsplit=1)

COLOUR = re.compile(
    r"#[0-9a-f]{3,8}\b|\b(?:rgba?|hsla?|oklch|oklab|lab|lch|color|color-mix)\("
    r"|:\s*(?:white|black|red|green|blue|gr[ae]y|silver|orange|yellow)\b",
    re.IGNORECASE,
)
#: Physical sides and sizes: wrong in a script that runs from right to left.
PHYSICAL = re.compile(
    r"(?<![\w-])(?:(?:margin|padding|border|inset|scroll-margin)-)?"
    r"(?:left|right|top|bottom)(?:-(?:width|style|color))?\s*:"
    r"|(?<![\w-])border-(?:top|bottom)-(?:left|right)-radius"
    r"|(?<![\w-])(?:max-|min-)?(?:width|height)\s*:(?![^(){}]*\))"
    r"|:\s*(?:left|right)\b"
)
INLINE = re.compile(
    r"""\sstyle\s*=|<style\b|<script(?![^>]*\ssrc=)|\son[a-z]+\s*=\s*["']"""
    r"""|javascript:""",
    re.IGNORECASE,
)
OURS = sorted(
    path
    for path in TEMPLATES.rglob("*.html")
    if not {"email", "mail"} & set(path.relative_to(TEMPLATES).parts)  # no policy there
)

TEXT_PAIRS = {
    "ink": ("bg", "surface", "sunken", "accent-soft",
            "good-soft", "warn-soft", "bad-soft"),
    "muted": ("bg", "surface", "sunken"),
    "accent": ("bg", "surface", "sunken", "accent-soft"),
    "accent-strong": ("bg", "surface", "sunken", "accent-soft"),
    "on-accent": ("accent", "accent-strong"),
    "good": ("good-soft", "surface"),
    "warn": ("warn-soft", "surface"),
    "bad": ("bad-soft", "surface"),
    "on-bad": ("bad", "bad-strong"),
}  # fmt: skip
EDGE_PAIRS = {
    "edge": ("bg", "surface", "sunken"),
    "focus": ("bg", "surface", "sunken"),
    "bad": ("surface", "bad-soft"),
}


def block_of(opening):
    """What stands between the braces of a :root after this text."""
    inside = TOKENS.split(opening, maxsplit=1)[1].split(":root {", maxsplit=1)[1]
    found = re.findall(r"--([\w-]+):\s*([^;]+);", inside.split("}", maxsplit=1)[0])
    return {name: value.strip() for name, value in found}


LIGHT = block_of("/* 1. Tokens")
DARK = {**LIGHT, **block_of("(prefers-color-scheme: dark)")}
SCHEMES = {"light": (LIGHT, colours.LIGHT), "dark": (DARK, colours.DARK)}


def full(value):
    return colours.mix(value, value, 0)


def test_colours_stand_among_the_tokens_alone():
    assert COLOUR.search(TOKENS)
    assert COLOUR.findall(REST) == []
    used = set(re.findall(r"var\(--([\w-]+)\)", CSS))
    assert used <= set(LIGHT)
    assert set(LIGHT) - used - {"t-body"} == set()


def test_nothing_moves_for_who_wants_no_motion():
    moving = re.sub(
        r"@media \(prefers-reduced-motion: no-preference\) \{.*?\n\}", "", CSS,
        flags=re.DOTALL,
    )  # fmt: skip
    assert moving != CSS
    assert re.findall(r"\b(?:transition|animation)\b", moving) == []


def test_no_side_is_left_or_right():
    assert PHYSICAL.search("a { margin-left: 0 }")
    assert PHYSICAL.search("a { text-align: right }")
    assert PHYSICAL.search("a { max-width: 1rem; }")
    assert [found.group() for found in PHYSICAL.finditer(CSS)] == []


@pytest.mark.parametrize("path", OURS, ids=lambda path: str(path.relative_to(ROOT)))
def test_templates_need_no_exception_from_the_policy(path):
    text = path.read_text(encoding="utf-8")
    assert [found.group() for found in INLINE.finditer(text)] == []


@pytest.mark.parametrize(
    "bad",
    [
        '<p style="x">', "<style>", "<script>", "<script defer>",
        '<a onclick="x">', '<a href="javascript:x">',
    ],
)  # fmt: skip
def test_an_inline_part_would_be_seen(bad):
    assert INLINE.search(bad)


@pytest.mark.parametrize("scheme", SCHEMES)
@pytest.mark.parametrize(
    ("pairs", "least"), [(TEXT_PAIRS, 4.5), (EDGE_PAIRS, 3)], ids=["text", "edges"]
)
def test_every_pair_in_use_can_be_seen(scheme, pairs, least):
    values, _ = SCHEMES[scheme]
    low = {
        f"{front} on {back}": round(ratio, 2)
        for front, backs in pairs.items()
        for back in backs
        if (ratio := colours.contrast(values[front], values[back])) < least
    }
    assert low == {}


def test_the_table_above_knows_every_rule_with_two_colours():
    unknown = set()
    for _, body in re.findall(r"([^{}]+)\{([^{}]*)\}", REST):
        front = re.search(r"(?<![\w-])color:\s*var\(--([\w-]+)\)", body)
        back = re.search(r"background:\s*var\(--([\w-]+)\)", body)
        if front and back and back[1] not in TEXT_PAIRS[front[1]]:
            unknown.add((front[1], back[1]))
    assert unknown == set()


@pytest.mark.parametrize("scheme", SCHEMES)
def test_the_arithmetic_has_the_grounds_and_tokens_of_the_stylesheet(scheme):
    values, known = SCHEMES[scheme]
    for ground in colours.GROUNDS:
        assert full(values[ground]) == getattr(known, ground), ground
    for token, value in brand.OURS[scheme].items():
        assert full(values[token]) == value, token
    mark = brand.MARK.read_text(encoding="utf-8")
    assert brand.OURS["light"]["accent"] in mark


def test_every_element_of_the_library_is_ours():
    theirs = {path.name for path in (ALLAUTH / "templates/allauth").rglob("*.html")}
    ours = {path.name for path in (TEMPLATES / "allauth").rglob("*.html")}
    assert {"h1.html", "base.html", "td.html"} <= theirs
    assert theirs - ours == set()


#: Pages of the library that our settings cannot reach, and the setting that says so.
UNREACHABLE = {
    "account/verification_sent": "ACCOUNT_EMAIL_VERIFICATION_BY_CODE_ENABLED",
    "account/email_confirm": "ACCOUNT_EMAIL_VERIFICATION_BY_CODE_ENABLED",
    "account/email": "ACCOUNT_CHANGE_EMAIL",
    "account/confirm_password_reset_code": "!ACCOUNT_PASSWORD_RESET_BY_CODE_ENABLED",
    "account/phone_change": "!ACCOUNT_PHONE_VERIFICATION_ENABLED",
    "account/confirm_phone_verification_code": "!ACCOUNT_PHONE_VERIFICATION_ENABLED",
    "socialaccount/login_redirect": "SESSION_COOKIE_SAMESITE",  # Strict alone
}
APPS = ("account", "mfa", "socialaccount", "usersessions")
PROVIDERS = {"base", "oauth2", "google", "github", "openid_connect"}


def pages_of_the_library():
    """Each page that its views name, as "account/login"."""
    named = re.compile(
        r'["\'](\w+(?:/\w+)+)\.(?:html|\{\w*\.?TEMPLATE_EXTENSION\})["\']|'
        r'["\'](\w+(?:/\w+)+)\.["\']\s*\+'
    )
    found = set()
    for app in APPS:
        for path in (ALLAUTH / app).rglob("*.py"):
            parts = path.relative_to(ALLAUTH / app).parts
            if "tests" in parts or path.name == "decorators.py":
                continue
            if parts[0] == "providers" and parts[1] not in PROVIDERS:
                continue
            for groups in named.findall(path.read_text(encoding="utf-8")):
                found.add(groups[0] or groups[1])
    return {page for page in found if (ALLAUTH / f"templates/{page}.html").exists()}


def test_every_page_of_the_library_that_can_come_is_ours():
    pages = pages_of_the_library()
    assert {"account/login", "mfa/index", "usersessions/usersession_list"} <= pages
    foreign = {
        page
        for page in pages
        if TEMPLATES not in Path(get_template(f"{page}.html").origin.name).parents
    }
    assert foreign == set(UNREACHABLE)
    for page, why in UNREACHABLE.items():
        value = getattr(configured, why.removeprefix("!"), False)
        assert bool(value) is not why.startswith("!"), page
    assert configured.SESSION_COOKIE_SAMESITE == "Lax"
