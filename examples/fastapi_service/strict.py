"""Readers for what strangers send: one spelling for each value, nothing said twice."""

from __future__ import annotations

import base64
import json
from typing import Any, NoReturn


def base64url(text: bytes) -> bytes:
    """The bytes that unpadded base64url text stands for (RFC 7515 section 2).

    Raises ValueError for padding, foreign characters and stray trailing bits: Python's
    decoder lets all three pass, so that one signature could be written in many ways.
    """
    data = base64.urlsafe_b64decode(text + b"=" * (-len(text) % 4))
    if base64.urlsafe_b64encode(data).rstrip(b"=") != text:
        msg = "not canonical base64url"
        raise ValueError(msg)
    return data


def json_object(data: bytes) -> dict[str, Any]:
    """The JSON object in UTF-8 bytes.

    Raises ValueError when it is none, when it repeats a name (two readers could then
    see two different things, RFC 8725 section 2.4), and for NaN or too deep nesting.
    """
    try:
        value = json.loads(
            data.decode(), object_pairs_hook=_unique, parse_constant=_refuse
        )
    except RecursionError:
        msg = "nested too deep"
        raise ValueError(msg) from None
    if type(value) is not dict:
        msg = "not an object"
        raise ValueError(msg)
    return value


def is_text(value: object, longest: int = 512) -> bool:
    """Whether this is a string, not empty, that can be written as UTF-8."""
    if type(value) is not str or not 0 < len(value) <= longest:
        return False
    # A lone surrogate is legal in JSON and would fail only in the answer.
    return not any("\ud800" <= character <= "\udfff" for character in value)


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        msg = "a name stands twice"
        raise ValueError(msg)
    return found


def _refuse(constant: str) -> NoReturn:
    raise ValueError(constant)
