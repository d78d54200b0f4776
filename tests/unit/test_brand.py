"""The brand: colours that everybody can read, a logo, and where they are served."""

from __future__ import annotations

import struct

import pytest
from django.template.loader import render_to_string

from accounts import brand, colours
from authsite import checks

SVG = (
    '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 90 30"><path d="M0 0"/></svg>'
)


@pytest.fixture
def branded(settings, tmp_path):
    """A site with an accent, a logo and links of its own."""
    settings.BRAND_ACCENT = "#7a1fa2"
    settings.BRAND_LOGO = tmp_path / "logo.svg"
    settings.BRAND_LOGO.write_text(SVG)
    settings.BRAND_NAME = "Example <& Sons>"
    settings.BRAND_SUPPORT_EMAIL = "help@example.com"
    settings.BRAND_TERMS_URL = "https://example.com/terms/?a=1"
    return settings


@pytest.mark.parametrize(
    ("one", "other", "ratio"),
    [("#000", "#fff", 21), ("#777777", "#fff", 4.48), ("#767676", "#ffffff", 4.54)],
)
def test_contrast_is_what_wcag_says(one, other, ratio):
    assert round(colours.contrast(one, other), 2) == ratio
    assert colours.contrast(other, one) == colours.contrast(one, other)


@pytest.mark.parametrize("scheme", [colours.LIGHT, colours.DARK], ids=["light", "dark"])
def test_what_is_derived_from_any_accent_that_passes_passes(scheme):
    values = range(0, 256, 51)
    accents = [
        f"#{r:02x}{g:02x}{b:02x}" for r in values for g in values for b in values
    ]
    for accent in accents:
        near = colours.nearest(accent, scheme)
        low = min(colours.pairs(colours.tokens(near, scheme), scheme).values())
        assert low >= 4.5, (accent, near)
        dark = colours.for_dark(accent)
        bright = colours.pairs(colours.tokens(dark, colours.DARK), colours.DARK)
        assert min(bright.values()) >= 4.5, (accent, dark)


def test_an_accent_that_passes_is_left_alone():
    assert colours.nearest("#0d5b6e", colours.LIGHT) == "#0d5b6e"
    assert colours.nearest("#7fcbdc", colours.DARK) == "#7fcbdc"


def test_the_check_names_variable_ratio_and_the_nearest_colour(settings):
    assert checks.brand_colours(None) == []
    settings.BRAND_ACCENT, settings.BRAND_ACCENT_DARK = "#e0457b", "#303030"
    light, dark = checks.brand_colours(None)
    assert light.id == dark.id == "authsite.E008"
    assert "BRAND_ACCENT=#e0457b" in light.msg
    assert "contrast of 3.61, not 4.5" in light.msg
    assert "BRAND_ACCENT_DARK=#303030" in dark.msg
    for found, scheme in ((light, colours.LIGHT), (dark, colours.DARK)):
        near = found.hint.rpartition("=")[2]
        settings.BRAND_ACCENT = settings.BRAND_ACCENT_DARK = ""
        setattr(settings, found.hint.split(": ")[1].partition("=")[0], near)
        assert checks.brand_colours(None) == [], scheme.name


@pytest.mark.django_db
def test_without_an_accent_the_tokens_are_the_stylesheets(client):
    assert brand.palette() == brand.OURS["light"]
    assert brand.palette("dark") == brand.OURS["dark"]
    assert brand.css_url() == ""
    assert b"brand.css" not in client.get("/accounts/login/").content


def test_one_colour_is_enough_and_two_are_possible(settings):
    settings.BRAND_ACCENT = "#7a1fa2"
    derived = brand.palette("dark")["accent"]
    assert colours.contrast(derived, colours.DARK.surface) >= 8
    settings.BRAND_ACCENT_DARK = "#ffcc00"
    assert brand.palette("dark")["accent"] == "#ffcc00"
    settings.BRAND_ACCENT = ""
    assert brand.palette()["accent"] == brand.OURS["light"]["accent"]
    assert brand.palette("dark")["accent"] == "#ffcc00"


def test_files_are_kept_for_good_at_the_address_that_pages_name(branded, client):
    for address, kind, word in (
        (brand.css_url(), "text/css; charset=utf-8", b"--accent:#7a1fa2;"),
        (brand.logo_url(), "image/svg+xml", b"0 0 90 30"),
    ):
        answer = client.get(address)
        assert answer.status_code == 200
        assert answer["Content-Type"] == kind
        assert word in answer.content
        kept = answer["Cache-Control"]
        assert {"public", "immutable", "max-age=31536000"} <= set(kept.split(", "))
        assert "Vary" not in answer
        assert not answer.cookies
        again = client.get(address, headers={"if-none-match": answer["ETag"]})
        assert (again.status_code, again.content) == (304, b"")
        other = client.get(address.partition("?")[0] + "?v=0")
        assert other["Cache-Control"] == "no-cache"
        assert client.post(address).status_code == 405


def test_the_address_changes_with_the_colour(branded):
    before = brand.css_url()
    branded.BRAND_ACCENT = "#114488"
    assert brand.css_url() != before


@pytest.mark.django_db
def test_they_ask_no_session_and_no_database(
    branded, client, django_assert_num_queries
):
    client.cookies["sessionid"] = "x" * 32
    for address in (brand.css_url(), brand.logo_url(), "/accounts/brand.svg"):
        with django_assert_num_queries(0):
            answer = client.get(address)
        assert answer.status_code == 200
        assert "default-src 'none'" in answer["Content-Security-Policy"]


def test_without_a_logo_there_is_nothing_at_its_address(client):
    assert client.get("/accounts/brand/logo").status_code == 404


@pytest.mark.parametrize("name", ["500.html", "503.html"])
def test_pages_without_a_request_have_the_brand(branded, name):
    page = render_to_string(name)
    assert f'href="{brand.css_url()}"' in page
    assert f'src="{brand.logo_url()}" width="96" height="32"' in page
    assert f'<link rel="icon" href="{brand.logo_url()}" type="image/svg+xml">' in page
    assert '<meta name="theme-color" content="#7a1fa2" media' in page
    assert "Example &lt;&amp; Sons&gt;" in page


@pytest.mark.django_db
def test_the_foot_has_the_links_that_are_set(branded, client):
    page = client.get("/accounts/login/").content.decode()
    foot = page.partition('<footer class="foot">')[2]
    assert "Only type your password at <b>localhost</b>" in foot
    assert '<a href="mailto:help@example.com">Help</a>' in foot
    assert '<a href="https://example.com/terms/?a=1">Terms</a>' in foot
    assert "Privacy" not in foot


def test_the_tab_follows_the_accent(settings, client):
    assert client.get("/favicon.ico")["Location"].endswith("accounts/brand.svg")
    settings.BRAND_ACCENT = "#7a1fa2"
    answer = client.get("/favicon.ico")
    assert answer["Location"] == brand.icon_url() != ""
    drawn = client.get(answer["Location"]).content.decode()
    assert 'fill="#7a1fa2"' in drawn
    assert brand.OURS["light"]["accent"] not in drawn


def png(wide, high):
    return brand.PNG + b"\0\0\0\rIHDR" + struct.pack(">II", wide, high) + b"\0" * 9


@pytest.mark.parametrize(
    ("name", "content", "width"),
    [
        ("a.svg", SVG.encode(), 96),
        ("b.svg", b"<svg viewBox='0,0,24,24'/>", 32),
        ("c.png", png(64, 32), 64),
    ],
)
def test_a_logo_has_its_room_before_it_comes(settings, tmp_path, name, content, width):
    settings.BRAND_LOGO = tmp_path / name
    settings.BRAND_LOGO.write_bytes(content)
    assert (brand.logo().width, brand.logo().height) == (width, 32)
    assert checks.brand_logo(None) == []


@pytest.mark.parametrize(
    ("name", "content", "why"),
    [
        ("a.svg", b"<p>", "is no SVG"),
        ("b.svg", b"<svg viewBox='0 0 x 1'>", "has a viewBox that cannot be read"),
        ("c.svg", b"<svg viewBox='0 0 0 1'>", "has no size"),
        ("d.png", SVG.encode(), "is no PNG"),
        ("e.png", png(9, 9) + b"\0" * brand.LOGO_BYTES, "is larger than 12 KB"),
    ],
)
def test_what_is_no_logo_stops_the_start(settings, tmp_path, name, content, why):
    settings.BRAND_LOGO = tmp_path / name
    settings.BRAND_LOGO.write_bytes(content)
    (found,) = checks.brand_logo(None)
    assert found.id == "authsite.E009"
    assert f"BRAND_LOGO {why}" in found.msg
