"""Colours as arithmetic: contrast (WCAG 2.2) and what is derived from one accent.

Free of Django and of settings, so that a check, a page, a mail and a test count alike.
"""

from __future__ import annotations

import colorsys
from dataclasses import dataclass

#: Text on its ground (WCAG 1.4.3).
TEXT = 4.5
#: What an accent made for the dark scheme has on its surface: bright, not just legal.
BRIGHT = 8.0
WHITE, BLACK = "#ffffff", "#000000"
STEPS = 200
#: Where text in the accent stands: tokens of app.css.
GROUNDS = ("surface", "bg", "sunken")


@dataclass(frozen=True)
class Scheme:
    """One of the two grounds of app.css, and where an accent goes on it."""

    name: str
    bg: str
    surface: str
    sunken: str
    #: Away from the ground: to here an accent is moved for more contrast.
    away: str


LIGHT = Scheme("light", bg="#f2f5f5", surface="#ffffff", sunken="#f4f7f8", away=BLACK)
DARK = Scheme("dark", bg="#0d1417", surface="#151e22", sunken="#1a252a", away=WHITE)


def channels(colour: str) -> tuple[int, int, int]:
    """#0d5b6e or #fff as three numbers from 0 to 255."""
    digits = colour.removeprefix("#")
    if len(digits) == len("fff"):
        digits = "".join(digit * 2 for digit in digits)
    red, green, blue = bytes.fromhex(digits)
    return red, green, blue


def luminance(colour: str) -> float:
    """Relative luminance as WCAG defines it, from 0 to 1."""

    def linear(channel: int) -> float:
        share = channel / 255
        return share / 12.92 if share <= 0.04045 else ((share + 0.055) / 1.055) ** 2.4

    red, green, blue = map(linear, channels(colour))
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    """From 1 (the same) to 21 (black on white)."""
    darker, lighter = sorted((luminance(one), luminance(other)))
    return (lighter + 0.05) / (darker + 0.05)


def mix(colour: str, other: str, share: float) -> str:
    """A colour with a share (0 to 1) of another in it."""
    pairs = zip(channels(colour), channels(other), strict=True)
    return "#" + "".join(f"{round(a + (b - a) * share):02x}" for a, b in pairs)


def nearest(accent: str, scheme: Scheme, ratio: float = TEXT) -> str:
    """The accent itself, or the nearest of its hue with this contrast on the scheme."""
    hue, light, saturation = colorsys.rgb_to_hls(*(c / 255 for c in channels(accent)))
    goal = 1.0 if scheme.away == WHITE else 0.0
    found = "#" + "".join(f"{channel:02x}" for channel in channels(accent))
    for step in range(1, STEPS + 1):
        if min(contrast(found, getattr(scheme, on)) for on in GROUNDS) >= ratio:
            break
        moved = light + (goal - light) * step / STEPS
        rgb = colorsys.hls_to_rgb(hue, moved, saturation)
        found = "#" + "".join(f"{round(channel * 255):02x}" for channel in rgb)
    return found


def for_dark(accent: str) -> str:
    """The accent of the dark scheme for whoever names none: the same hue, bright."""
    return nearest(accent, DARK, BRIGHT)


def tokens(accent: str, scheme: Scheme) -> dict[str, str]:
    """The four tokens of app.css that follow an accent, by their names there."""
    return {
        "accent": mix(accent, accent, 0),  # #abc in full
        "accent-strong": mix(accent, scheme.away, 0.28),
        "accent-soft": _soft(accent, scheme),
        "on-accent": _on(accent, scheme),
    }


def pairs(values: dict[str, str], scheme: Scheme) -> dict[str, float]:
    """The contrast of every pair that pages use an accent in, by its names."""
    accent, on = values["accent"], values["on-accent"]
    return {
        **{f"accent on {on}": contrast(accent, getattr(scheme, on)) for on in GROUNDS},
        "accent on accent-soft": contrast(accent, values["accent-soft"]),
        "accent-strong on accent-soft": contrast(
            values["accent-strong"], values["accent-soft"]
        ),
        "on-accent on accent": contrast(on, accent),
        "on-accent on accent-strong": contrast(on, values["accent-strong"]),
    }


def _soft(accent: str, scheme: Scheme) -> str:
    # A tint of the surface, as strong as text in the accent can bear on it.
    for percent in range(12, 0, -1):
        soft = mix(scheme.surface, accent, percent / 100)
        if contrast(accent, soft) >= TEXT:
            return soft
    return scheme.surface


def _on(accent: str, scheme: Scheme) -> str:
    if scheme.away == BLACK:
        return WHITE
    for percent in range(80, 100):
        on = mix(accent, BLACK, percent / 100)
        if contrast(on, accent) >= TEXT:
            return on
    return BLACK
