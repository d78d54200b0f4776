"""Colours of the style sheet: contrast in both schemes (WCAG 1.4.3, 1.4.11)."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

SHEET = Path(__file__).resolve().parents[2] / "accounts/static/accounts/app.css"
CSS = SHEET.read_text(encoding="utf-8")
GROUNDS = ("bg", "surface", "sunken")
SOFT = ("accent", "good", "warn", "bad")
TEXT = [(ink, ground) for ink in ("ink", "muted") for ground in GROUNDS]
TEXT += [(name, ground) for name in SOFT for ground in ("bg", "surface")]
TEXT += [(name, f"{name}-soft") for name in SOFT]
TEXT += [("ink", f"{name}-soft") for name in SOFT]
TEXT += [("accent-strong", "accent-soft"), ("accent-strong", "surface")]
TEXT += [("on-accent", "accent"), ("on-accent", "accent-strong")]
TEXT += [("on-bad", "bad"), ("on-bad", "bad-strong")]
#: Edges of controls, icons, the ring round what has the focus.
EDGES = [(name, ground) for name in ("edge", "focus") for ground in GROUNDS]
EDGES += [(name, "surface") for name in (*SOFT, "muted")]


def scheme(block):
    """The tokens of one :root block, written in full."""
    return {
        name: "".join(c * 2 for c in value) if len(value) == 3 else value
        for name, value in re.findall(r"--([\w-]+): #([0-9a-f]{3,6})\b", block)
    }


LIGHT, DARK = (
    scheme(re.search(r":root \{(.*?)\n\s*\}", part, re.DOTALL).group(1))
    for part in CSS.split("@media (prefers-color-scheme: dark)", 1)
)


def luminance(colour):
    """WCAG 2.2, relative luminance."""
    parts = (int(colour[at : at + 2], 16) / 255 for at in (0, 2, 4))
    r, g, b = (
        p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts
    )
    return 0.2126 * r + 0.7152 * g + 0.0722 * b


def contrast(one, other):
    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)


def test_the_measure_is_right():
    assert contrast("000000", "ffffff") == 21
    assert round(contrast("767676", "ffffff"), 2) == 4.54


@pytest.mark.parametrize("tokens", [LIGHT, DARK], ids=["light", "dark"])
def test_text_and_edges_can_be_seen(tokens):
    assert len(tokens) > 18
    for pairs, least in ((TEXT, 4.5), (EDGES, 3)):
        for one, other in pairs:
            found = contrast(tokens[one], tokens[other])
            assert found >= least, f"--{one} on --{other}: {found:.2f}"


def test_no_colour_stands_outside_the_tokens():
    rest = re.sub(r":root \{.*?\n\s*\}", "", CSS, flags=re.DOTALL)
    rest = re.sub(r"/\*.*?\*/", "", rest, flags=re.DOTALL)
    named = re.findall(r"#[0-9a-f]{3,8}\b|\brgba?\(|\bhsla?\(", rest)
    assert named == ["#fff"]  # behind the QR code, whatever the scheme


def test_nothing_moves_for_who_wants_no_motion():
    moving = re.sub(
        r"@media \(prefers-reduced-motion: no-preference\) \{.*?\n\}", "", CSS,
        flags=re.DOTALL,
    )  # fmt: skip
    assert moving != CSS
    assert re.findall(r"\b(?:transition|animation)\b", moving) == []
