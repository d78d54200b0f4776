"""The brand of this site: its colours, logo and icon, from the BRAND_ settings.

For pages, mails and the check at start alike. Nothing is written to disk; what is
derived is kept, by what it is derived from.
"""

from __future__ import annotations

import functools
import hashlib
import re
from dataclasses import dataclass
from pathlib import Path

from django.conf import settings
from django.templatetags.static import static
from django.urls import reverse

from accounts.colours import DARK, LIGHT, for_dark, tokens

#: The tokens of app.css, for a site that names no accent.
OURS = {
    "light": {
        "accent": "#0d5b6e",
        "accent-strong": "#09434f",
        "accent-soft": "#e2eff2",
        "on-accent": "#ffffff",
    },
    "dark": {
        "accent": "#7fcbdc",
        "accent-strong": "#a9e0ec",
        "accent-soft": "#17343c",
        "on-accent": "#062329",
    },
}
MARK = Path(__file__).parent / "static" / "accounts" / "brand.svg"
TYPES = {".svg": "image/svg+xml", ".png": "image/png"}
#: It comes with the first page that somebody sees, which has 30 KB for everything.
LOGO_BYTES = 12 * 1024
LOGO_HEIGHT = 32
PNG = b"\x89PNG\r\n\x1a\n"
VIEW_BOX = re.compile(rb"""viewBox\s*=\s*["']([^"']+)["']""")


class BadLogo(Exception):
    """BRAND_LOGO is no picture that a page can show; says why."""


@dataclass(frozen=True)
class Logo:
    """The operator's own mark, and the room that a page leaves for it."""

    content: bytes
    type: str
    width: int
    height: int = LOGO_HEIGHT


def palette(scheme: str = "light") -> dict[str, str]:
    """accent, accent-strong, accent-soft, on-accent as #rrggbb: for mails too."""
    return dict(
        _palettes(settings.BRAND_ACCENT, settings.BRAND_ACCENT_DARK)[scheme],
    )


def stylesheet() -> str:
    """Nothing but the tokens, for both schemes."""
    light, dark = (
        "".join(f"--{name}:{value};" for name, value in palette(scheme).items())
        for scheme in ("light", "dark")
    )
    return f":root{{{light}}}@media(prefers-color-scheme:dark){{:root{{{dark}}}}}\n"


def icon() -> str:
    """Our mark in the accent, for the tab: an SVG."""
    mine, ours = palette(), OURS["light"]
    drawing = _mark().replace(ours["accent"], mine["accent"])
    return drawing.replace("#fff", mine["on-accent"])


def logo() -> Logo | None:
    """What BRAND_LOGO names; raises BadLogo."""
    return read_logo(settings.BRAND_LOGO) if settings.BRAND_LOGO else None


def css_url() -> str:
    """Where the tokens are, "" when app.css has them right already."""
    if not (settings.BRAND_ACCENT or settings.BRAND_ACCENT_DARK):
        return ""
    return f"{reverse('brand_css')}?v={version(stylesheet().encode())}"


def logo_url() -> str:
    """Where the logo is, if there is one."""
    found = logo()
    return f"{reverse('brand_logo')}?v={version(found.content)}" if found else ""


def icon_url() -> str:
    """The tab's picture: the logo, or our mark in the accent."""
    if settings.BRAND_LOGO:
        return logo_url()
    if settings.BRAND_ACCENT:
        return f"{reverse('brand_icon')}?v={version(icon().encode())}"
    return static("accounts/brand.svg")


def icon_type() -> str:
    """The media type of what icon_url() leads to."""
    found = logo()
    return found.type if found else TYPES[".svg"]


def version(content: bytes) -> str:
    """What changes with a file: for its address and its ETag."""
    return hashlib.sha256(content).hexdigest()[:16]


@functools.lru_cache(maxsize=8)
def read_logo(path: Path) -> Logo:
    """Read it once; raises BadLogo for what no page should show."""
    content = path.read_bytes()
    if len(content) > LOGO_BYTES:
        msg = f"is larger than {LOGO_BYTES // 1024} KB"
        raise BadLogo(msg)
    kind = TYPES[path.suffix.lower()]
    wide, high = _png_size(content) if kind == TYPES[".png"] else _svg_size(content)
    if wide <= 0 or high <= 0:
        msg = "has no size"
        raise BadLogo(msg)
    return Logo(content, kind, width=max(1, round(LOGO_HEIGHT * wide / high)))


def _png_size(content: bytes) -> tuple[float, float]:
    if not content.startswith(PNG) or len(content) < len(PNG) + 16:
        msg = "is no PNG"
        raise BadLogo(msg)
    wide, high = content[16:20], content[20:24]
    return int.from_bytes(wide), int.from_bytes(high)


def _svg_size(content: bytes) -> tuple[float, float]:
    found = VIEW_BOX.search(content)
    if b"<svg" not in content or not found:
        msg = "is no SVG with a viewBox"
        raise BadLogo(msg)
    try:
        _, _, wide, high = (
            float(number) for number in found[1].replace(b",", b" ").split()
        )
    except ValueError:
        msg = "has a viewBox that cannot be read"
        raise BadLogo(msg) from None
    return wide, high


@functools.lru_cache(maxsize=8)
def _palettes(accent: str, accent_dark: str) -> dict[str, dict[str, str]]:
    found = {name: dict(values) for name, values in OURS.items()}
    if accent:
        found["light"] = tokens(accent, LIGHT)
    if accent or accent_dark:
        found["dark"] = tokens(accent_dark or for_dark(accent), DARK)
    return found


@functools.cache
def _mark() -> str:
    return MARK.read_text(encoding="utf-8").strip()
