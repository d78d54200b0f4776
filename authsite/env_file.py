"""Reads NAME=value lines from a file such as .env.

python-dotenv parses each line: quotes, `export`, comments, spaces around `=`. A line
that it cannot read stops startup, since it may hold a security setting. Messages name
the file, the line and the variable, and never show the line: it may hold a secret.
"""

from __future__ import annotations

import re
from io import StringIO
from typing import TYPE_CHECKING

from django.core.exceptions import ImproperlyConfigured
from dotenv.parser import parse_stream

if TYPE_CHECKING:
    from pathlib import Path

LINE_END = re.compile(r"\r\n|\n|\r")
NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
#: What a message may quote from a line. Capital letters only: a piece of a secret that
#: was broken over two lines has digits or small letters.
QUOTABLE = re.compile(r"\s*(?:export\s+)?([A-Z]+(?:_[A-Z]+)*)\s*[=:]")
FORM = "Write NAME=value on one line, and close every quote."


def read(path: Path) -> dict[str, str]:
    """The variables in a UTF-8 file, with or without a byte order mark.

    Raises ImproperlyConfigured with one line for each problem.
    """
    values: dict[str, str] = {}
    lines: dict[str, int] = {}
    problems: list[str] = []
    try:
        text = _read_text(path)
    except Unreadable as error:
        msg = f"{path} {error}."
        raise ImproperlyConfigured(msg) from None
    for number, line in enumerate(LINE_END.split(text), start=1):
        if not line.strip():
            continue
        # Line by line: a quote that is never closed must not swallow later lines.
        [binding] = parse_stream(StringIO(line))
        if not binding.error and binding.key is None:
            continue  # a comment
        where = f"{path}, line {number}: {_quotable(line)}"
        name = binding.key or ""
        if binding.error or binding.value is None or not NAME.fullmatch(name):
            problems.append(f"{where} cannot be read. {FORM}")
        elif name in values:
            # Readers differ in which one wins.
            problems.append(f"{where} is set twice, first on line {lines[name]}.")
        else:
            values[name], lines[name] = binding.value, number
    if problems:
        raise ImproperlyConfigured("\n".join(problems))
    return values


def read_secret(name: str, path: Path) -> str:
    """What the file that NAME_FILE names holds, as it is.

    Raises ImproperlyConfigured, naming the variable.
    """
    try:
        return _read_text(path)
    except Unreadable as error:
        msg = f"{name}: {name}_FILE {error}"
        raise ImproperlyConfigured(msg) from None


class Unreadable(Exception):
    """A file without text that we can use: its message continues "the file …"."""


def _read_text(path: Path) -> str:
    try:
        text = path.read_bytes().decode("utf-8-sig")
    except OSError as error:
        msg = f"cannot be read ({error.strerror})"
        raise Unreadable(msg) from None
    except UnicodeDecodeError:
        text = "\x00"
    if "\x00" in text:  # UTF-16 without a byte order mark is valid UTF-8
        msg = "is not UTF-8 text"
        raise Unreadable(msg)
    return text


def _quotable(line: str) -> str:
    found = QUOTABLE.match(line)
    return found[1] if found else "this line"
