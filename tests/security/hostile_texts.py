"""Texts that make careless readers slow; each is made in any size."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable


def repeated(seed: str, head: str = "", tail: str = "") -> Callable[[int], str]:
    """As often as fits: sizes are in bytes of UTF-8."""
    fixed, each = len((head + tail).encode()), len(seed.encode())
    return lambda size: head + seed * max(0, (size - fixed) // each) + tail


def marks(size: int) -> str:
    """Combining marks in the wrong order: normalizing sorts them, one by one."""
    half = size // 4
    return "a" + "\u0315" * half + "\u0300" * half


#: For everything that reads text.
ANYWHERE = {
    "letters": repeated("a"),
    "blanks": repeated(" "),
    "blanks, then a letter": repeated(" ", "a", "b"),
    "dots": repeated("."),
    "quotes": repeated('"'),
    "escaped quotes": repeated('\\"', '"'),
    "open brackets": repeated("["),
    "digits": repeated("9"),
    "percent signs": repeated("%"),
    "combining marks": marks,
}
#: For headers beside those; they hold no letter beyond Latin-1.
IN_HEADERS = {
    "commas": repeated(","),
    "semicolons": repeated(";"),
    "quoted semicolons": repeated(';"'),
    "parameters": repeated(";a=b"),
    "parameters in pieces": repeated(";a*1*=b"),
    "cookies": repeated("a=b; "),
    "ranges with weights": repeated("a-a;q=0.1,"),
    "etags": repeated('W/"a",'),
    "open etags": repeated('W/"'),
    "colons": repeated(":", "["),
    "slashes": repeated("/"),
    "open parentheses": repeated("("),
    "signatures": repeated(":a"),
}
FOR_HEADERS = {
    **{name: text for name, text in ANYWHERE.items() if name != "combining marks"},
    **IN_HEADERS,
}
#: For addresses of people.
FOR_EMAILS = {
    **ANYWHERE,
    "at signs": repeated("@"),
    "an address with labels": repeated("a.", "a@", "com"),
    "an address with hyphens": repeated("-", "a@a", "a.com"),
    "a quoted local part": repeated("\\a", '"', '"@example.com'),
    "look-alikes": repeated("\u212a"),
    "wide letters": repeated("\ufdfa"),
}


def json_of(inner: Callable[[int], str]) -> Callable[[int], bytes]:
    """That text as the body."""
    return lambda size: inner(size).encode()


def _keys(size: int) -> str:
    return "{" + ",".join(f'"{number}":1' for number in range(size // 9)) + "}"


#: For parsers of JSON.
FOR_JSON = {
    "nothing but escaped quotes": repeated('\\"', "[" * 17 + '"'),
    "escaped quotes in a text": repeated('\\"', '["', '"]'),
    "brackets in a text": repeated("[", '["', '"]'),
    "backslashes": repeated("\\", '"'),
    "open lists": repeated("["),
    "open objects": repeated('{"a":'),
    "lists side by side": repeated("[],", "[", "1]"),
    "objects side by side": repeated("{},", "[", "1]"),
    "many names": _keys,
    "one name many times": repeated('"a":1,', "{", '"b":1}'),
    "digits": repeated("9"),
    "a fraction": repeated("9", "0."),
    "a fraction of nothing": repeated("0", "0.", "1"),
    "an exponent": repeated("9", "1e"),
    "minus signs": repeated("-"),
    "numbers": repeated("1,", "[", "1]"),
    "fractions": repeated("1.5,", "[", "1]"),
    "escaped letters": repeated("\\u0041", '"', '"'),
    "half surrogates": repeated("\\ud800", '"', '"'),
    "blanks": repeated(" ", "", "1"),
    "lines": repeated("\n", "", "x"),
    "combining marks": lambda size: f'["{marks(size - 4)}"]',
}
#: For parsers of forms: urlencoded, and the parts of a multipart one.
FOR_FORMS = {
    "percent signs": repeated("%"),
    "escapes": repeated("%41"),
    "half escapes": repeated("%4"),
    "ampersands": repeated("&"),
    "names": repeated("a=b&"),
    "one name": repeated("a"),
    "equals signs": repeated("="),
    "plus signs": repeated("+", "a="),
}
FOR_MULTIPART = {
    "no boundary": repeated("a"),
    "nothing but boundaries": repeated("--x\r\n"),
    "half boundaries": repeated("\r\n--"),
    "lines": repeated("\r\n", "--x\r\n"),
    "parameters in a header": repeated(
        ";", '--x\r\nContent-Disposition: form-data; name="a"'
    ),
    "parts with long headers": repeated(
        '--x\r\nContent-Disposition: form-data; name="a"' + ";" * 900 + "\r\n\r\n\r\n"
    ),
    "nameless parts": repeated("--x\r\n\r\n\r\n"),
    "one long field": repeated(
        "a", '--x\r\nContent-Disposition: form-data; name="a"\r\n\r\n', "\r\n--x--"
    ),
    "base64 of blanks": repeated(
        " ", '--x\r\nContent-Disposition: form-data; name="a"\r\n'
        "Content-Transfer-Encoding: base64\r\n\r\n", "\r\n--x--",
    ),
    "a base64 file of blanks": repeated(
        " ", '--x\r\nContent-Disposition: form-data; name="a"; filename="b"\r\n'
        "Content-Transfer-Encoding: base64\r\n\r\n", "\r\n--x--",
    ),
}  # fmt: skip

#: JSON inside a text for which json.loads() raises something other than
#: JSONDecodeError. All fields of one body can hold one of these at once.
JSON_IN_TEXT = {
    "long digits": "9" * 5000,
    "long digits in an object": '{"a":' + "9" * 4400 + "}",
    "many open lists": "[" * 5000,
    "many lists": "[" * 2500 + "]" * 2500,
}
