"""Strict JSON (RFC 8259) for text from outside: shallow, unambiguous, plain data.

Python's json.loads() raises a plain ValueError for integers of more than 4,300 digits
and RecursionError for deep nesting. Read JSON from a request through here, so that a
body and JSON within a field are refused alike.
"""

from __future__ import annotations

import json
import math
from typing import Any

MAX_DEPTH = 16
CONTAINERS = frozenset({dict, list})
TOO_DEEP = f"JSON may nest {MAX_DEPTH} deep."


class Invalid(ValueError):
    """The text is not such JSON; the message says why and repeats none of it."""


def read(text: str) -> Any:
    """The data. Raises Invalid for malformed, deep, ambiguous or not plain JSON."""
    try:
        data = json.loads(text, object_pairs_hook=_unique, parse_constant=_no_constant)
    except Invalid:
        raise
    except ValueError:
        msg = "The body is not valid JSON."
        raise Invalid(msg) from None
    except RecursionError:  # a thousand deep
        raise Invalid(TOO_DEEP) from None
    _check_values(data)
    return data


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        msg = "An object repeats a name."
        raise Invalid(msg)
    return found


def _no_constant(name: str) -> None:
    msg = "NaN and Infinity are not JSON."
    raise Invalid(msg)


def _check_values(data: Any) -> None:
    """Level by level, so that no depth of nesting can exhaust the stack."""
    level = [data]
    for depth in range(MAX_DEPTH + 1):
        inner: list[Any] = []
        for value in level:
            kind = type(value)
            if kind is dict:
                inner += value.keys()
                inner += value.values()
            elif kind is list:
                inner += value
            elif trouble := _trouble(value):
                raise Invalid(trouble)
            if kind in CONTAINERS and depth == MAX_DEPTH:
                raise Invalid(TOO_DEEP)
        level = inner


def _trouble(value: Any) -> str:
    """What is wrong with a text or a number; "" when nothing is."""
    if isinstance(value, str) and not _is_text(value):
        return "Text must not hold NUL or lone surrogates."
    if isinstance(value, float) and not math.isfinite(value):
        return "Numbers must be finite."
    return ""


def _is_text(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return "\x00" not in text
