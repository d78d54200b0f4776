"""What JSON may be: exact bounds of depth and numbers, whatever texts hold."""

from __future__ import annotations

import pytest

from authsite.bounds import Refused, check_json, check_parts


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b" \n",
        b"[" * 16 + b"]" * 16,
        b'{"a":' * 16 + b"1" + b"}" * 16,
        b'[{"a":' * 8 + b"1" + b"}]" * 8,
        b'["' + b"[{" * 1000 + b'"]',
        b'["\\"[[[[[[[[[[[[[[[[[[[[[[", "\\\\", "]"]',
        b'{"' + b"[" * 100 + b'": 1}',
        b"[" + b"[]," * 1000 + b"1]",
        b"[9223372036854775807, -9223372036854775808, 1.5, -0.0, 1e308, true, null]",
        '["\u00e9\U0001f600"]'.encode(),
        b'["\\ud83d\\ude00"]',
    ],
)
def test_it_is_taken(body):
    check_json(body)


@pytest.mark.parametrize(
    ("body", "why"),
    [
        (b"[" * 17 + b"]" * 17, "16 deep"),
        (b'{"a":' * 16 + b"[]" + b"}" * 16, "16 deep"),
        (b"[1," + b"[" * 16 + b"]" * 16 + b"]", "16 deep"),
        (b"[" * 100_000 + b"]" * 100_000, "16 deep"),
        (b"[" * 100_000, "16 deep"),
        (b'{"a": 1, "a": 1}', "repeats"),
        (b'[{"a": 1, "b": 2, "a": 1}]', "repeats"),
        (b"[NaN]", "NaN"),
        (b"[-Infinity]", "NaN"),
        (b"[1e999]", "finite"),
        (b"[-1e999]", "finite"),
        (b"9" * 262_144, "not valid"),
        (b'["\\u0000"]', "NUL"),
        (b'{"\\ud800": 1}', "surrogates"),
        (b'["\\ude00\\ud83d"]', "surrogates"),
        (b'["\xed\xa0\x80"]', "not valid"),
        (b'["\xff"]', "not valid"),
        ('["x"]'.encode("utf-16"), "not valid"),
        (b'["', "not valid"),
        (b"[1]]", "not valid"),
    ],
)
def test_it_is_refused_and_told_why(body, why):
    with pytest.raises(Refused, match=why) as refused:
        check_json(body)
    assert (refused.value.status, refused.value.code) == (400, "parse_error")


def part(headers, text=b"a"):
    """A form of one part."""
    return b"--x\r\n" + headers + b"\r\n\r\n" + text + b"\r\n--x--\r\n"


FIELD = b'Content-Disposition: form-data; name="a"'
ENCODED = b"Content-Transfer-Encoding: base64"


@pytest.mark.parametrize(
    "body",
    [
        part(FIELD),
        part(FIELD + b'; filename="a.txt"\r\nContent-Type: text/plain'),
        part(FIELD, ENCODED),
        part(FIELD, ENCODED + b"\r\n\r\nYQBi"),
        b"--x\r\nnonsense",
        b"",
    ],
)
def test_a_form_of_parts_is_taken(body):
    check_parts(body, {"boundary": "x"})


@pytest.mark.parametrize(
    "body",
    [
        part(FIELD + b"\r\n" + ENCODED),
        part(ENCODED + b"\r\n" + FIELD),
        part(FIELD + b"\r\n" + ENCODED.upper() + b"; a=b"),
        part(FIELD + b"\r\n  content-transfer-encoding:base64"),
        part(FIELD + b"\r\nContent-Transfer-Encoding: quoted-printable"),
        part(FIELD) + part(FIELD + b"\r\n" + ENCODED),
        part(b"a: " + b"b" * 3000 + b"\r\n" + FIELD + b"\r\n" + ENCODED),
    ],
)
def test_a_part_in_a_transfer_encoding_is_refused(body):
    with pytest.raises(Refused, match="Transfer-Encoding") as refused:
        check_parts(body, {"boundary": "x"})
    assert (refused.value.status, refused.value.code) == (400, "parse_error")
