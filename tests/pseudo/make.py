"""Catalogues of languages that nobody speaks, to see what a real one would break.

Made from the msgids of the German catalogue. Texts stand in ⟦…⟧, so that what was not
translated is seen, and are 40 % longer; in the right-to-left one they hold Hebrew.
"""

from __future__ import annotations

import re
from pathlib import Path

import polib

ROOT = Path(__file__).resolve().parents[2]
SOURCE = ROOT / "locale/de/LC_MESSAGES/django.po"
#: What must come out as it went in: places, tags, entities, addresses.
KEPT = re.compile(r"(%\(\w+\)[sd]|%[sd%]|\{\w*\}|<[^>]+>|&\w+;|\n)")
ACCENTS = str.maketrans("aceinouyACEINOUY", "áçéíñóúýÁÇÉÍÑÓÚÝ")
_LETTERS = "אבגדהוזחטיכלמנסעפצקרשתםןףץ"
HEBREW = str.maketrans(
    "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ", _LETTERS * 2
)
FILLER = "lórém ípsúm dólór sít ámét " * 30


def said(words: str, language: str) -> str:
    """English words of a page as they stand there in a language; the same in others."""
    return words.translate({"xx": ACCENTS, "he": HEBREW}.get(language, {}))


def longer(text: str) -> str:
    """Accented, and 40 % longer by words of usual length."""
    more = max(3, round(len(KEPT.sub("", text)) * 0.4))
    return f"{changed(text, ACCENTS)} {FILLER[:more].rstrip()}"


def mirrored(text: str) -> str:
    """In letters that are written from right to left."""
    return changed(text, HEBREW)


def changed(text: str, table: dict[int, int]) -> str:
    """With other letters, but for what is kept."""
    return "".join(
        part if KEPT.fullmatch(part) else part.translate(table)
        for part in KEPT.split(text)
    )


def bracketed(text: str) -> str:
    """In brackets; white space at its ends stays outside."""
    inner = text.strip()
    return text.replace(inner, f"⟦{inner}⟧", 1) if inner else text


def bare(text: str) -> str:
    """What stands outside all brackets: nobody has translated it."""
    outside, depth = "", 0
    for letter in text:
        depth += {"⟦": 1, "⟧": -1}.get(letter, 0)
        outside += letter if depth == 0 and letter != "⟧" else ""
    return outside


LANGUAGES = {"xx": longer, "he": mirrored}


def write(folder: Path) -> None:
    """A compiled catalogue for each, under folder/<code>/LC_MESSAGES."""
    for code, change in LANGUAGES.items():
        made = polib.POFile()
        made.metadata = {
            "Content-Type": "text/plain; charset=UTF-8",
            "Plural-Forms": "nplurals=2; plural=(n != 1);",
        }
        for entry in polib.pofile(str(SOURCE)):
            if entry.obsolete:
                continue
            own = polib.POEntry(
                msgid=entry.msgid,
                msgid_plural=entry.msgid_plural,
                msgctxt=entry.msgctxt,
            )
            if entry.msgid_plural:
                forms = (entry.msgid, entry.msgid_plural)
                own.msgstr_plural = {
                    number: bracketed(change(text)) for number, text in enumerate(forms)
                }
            else:
                own.msgstr = bracketed(change(entry.msgid))
            made.append(own)
        place = folder / code / "LC_MESSAGES"
        place.mkdir(parents=True, exist_ok=True)
        made.save_as_mofile(str(place / "django.mo"))
