"""Readers for what strangers send: one spelling for each value, nothing said twice."""

from __future__ import annotations

import base64
import json
import re
from typing import Any, NoReturn, TypeGuard

#: How deep a value may be nested: a JWK Set has three levels.
MAX_DEPTH = 16
#: RFC 9562 section 4, in lower case.
UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")


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
        value = _decoder.decode(data.decode())
    except RecursionError:
        msg = "nested too deep"
        raise ValueError(msg) from None
    # How deep the decoder itself goes differs between versions of Python.
    if data.count(b"[") + data.count(b"{") > MAX_DEPTH:
        _refuse_depth(value)
    if type(value) is not dict:
        msg = "not an object"
        raise ValueError(msg)
    return value


def is_text(value: object, longest: int = 512) -> TypeGuard[str]:
    """Whether this is a string, not empty, that can be written as UTF-8."""
    return value != "" and is_unicode(value, longest)


def is_unicode(value: object, longest: int = 512) -> TypeGuard[str]:
    """Whether this is a string, maybe empty, that can be written as UTF-8."""
    if type(value) is not str or len(value) > longest:
        return False
    # A lone surrogate is legal in JSON and would fail only in the answer.
    return value.isascii() or not any("\ud800" <= one <= "\udfff" for one in value)


def is_whole(value: object) -> TypeGuard[int]:
    """Whether this is an integer that every JSON reader reads alike (RFC 7493 2.2).

    `type(...) is`, not isinstance: True is an int to Python.
    """
    return type(value) is int and abs(value) < 2**53


def is_texts(value: object) -> TypeGuard[list[str]]:
    """Whether this is a list of strings that can be written as UTF-8."""
    return type(value) is list and all(map(is_unicode, value))


def is_uuid(value: object) -> bool:
    """Whether this is a UUID in its one spelling."""
    return type(value) is str and UUID.fullmatch(value) is not None


def _refuse_depth(value: object) -> None:
    level = [value]
    for _ in range(MAX_DEPTH + 1):
        inner: list[object] = []
        for one in level:
            if type(one) is dict:
                inner += one.values()
            elif type(one) is list:
                inner += one
        if not inner:
            return
        level = inner
    msg = "nested too deep"
    raise ValueError(msg)


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        msg = "a name stands twice"
        raise ValueError(msg)
    return found


def _refuse(constant: str) -> NoReturn:
    raise ValueError(constant)


_decoder = json.JSONDecoder(object_pairs_hook=_unique, parse_constant=_refuse)
