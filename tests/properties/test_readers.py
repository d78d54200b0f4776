"""What strangers send, in any form: our readers answer or refuse, and never break."""

from __future__ import annotations

import json
from urllib.parse import urlsplit

import pytest
from allauth.account.adapter import get_adapter
from hypothesis import example, given, settings
from hypothesis import strategies as st

from accounts.audit.history import device_name, method_name
from accounts.audit.record import printable
from accounts.models import normalise_email
from accounts.policy.addresses import is_look_alike
from accounts.tokens import claims as rules
from authsite.bounds import Refused, check_form, check_json
from tests.counts import count

many = settings(max_examples=count(300, 20_000), deadline=None)
json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=20,
)


@many
@given(st.binary())
@example(b'"\xff"')
@example(b"[" * 5000)
@example(b'{"a":"\\ud800"}')
def test_any_bytes_as_json(body):
    try:
        check_json(body)
    except Refused as refused:
        assert refused.status == 400
    else:
        assert not body.strip() or json.loads(body) is not Ellipsis


@many
@given(json_values)
def test_what_passes_as_json_is_text_of_bounded_depth(value):
    body = json.dumps(value).encode()
    try:
        check_json(body)
    except Refused:
        return
    text = json.dumps(json.loads(body), ensure_ascii=False)
    text.encode()  # no lone surrogates
    assert "\\u0000" not in text


@many
@given(st.binary())
def test_any_bytes_as_a_form(body):
    try:
        check_form(body)
    except Refused as refused:
        assert refused.status == 400


LEADS_AWAY = ("//", "\\", ":", "\t", "\r", "\n", "\x00", "/", "@", "evil.example", "a")


@many
@given(st.lists(st.sampled_from(LEADS_AWAY), max_size=8).map("".join) | st.text())
def test_a_safe_next_stays_on_this_site(where):
    if not get_adapter().is_safe_url(where):
        return
    parts = urlsplit(where)
    assert (parts.scheme, parts.netloc) == ("", "")
    assert where.startswith("/")
    assert not where.startswith("//")
    # browsers read a backslash as a slash and skip tabs and line ends
    assert not {"\\", "\t", "\r", "\n", "\x00"} & set(where)


@many
@given(st.text())
def test_one_spelling_of_an_address_and_no_look_alikes(text):
    once = normalise_email(text)
    assert normalise_email(once) == once
    if text.isascii():
        assert not is_look_alike(text)
    elif once.isascii() and not is_look_alike(text):
        # letters beyond ASCII may only go when they were white space around it
        assert text.strip().isascii()


@many
@given(json_values)
def test_any_claims_are_refused_or_expired_and_never_an_error(value):
    with pytest.raises(rules.InvalidClaims):
        rules.check(value, now=0, issuer="i", audiences=("a",), kind="access")


GOOD = {
    "iss": "i",
    "aud": "a",
    "sub": "6f2c6a3e-6d3c-4a9e-8b1d-0d9f9b4f7f10",
    "sid": "0b8a3c52-93b6-4a3e-9d0e-0f4f5c1c7a11",
    "jti": "x",
    "email": "e",
    "token_type": "access",
    "iat": 1,
    "exp": 2**32,
    "email_verified": True,
    "groups": ["staff"],
}


@many
@given(st.sampled_from(sorted(GOOD)), json_values)
def test_one_odd_claim_among_good_ones(name, value):
    assert rules.check(dict(GOOD), now=2, issuer="i", audiences=("a",), kind="access")
    if value == GOOD[name] or (name in {"jti", "email"} and isinstance(value, str)):
        return
    texts = isinstance(value, list) and all(isinstance(one, str) for one in value)
    if texts and name == "groups":
        return
    if name == "email_verified" and isinstance(value, bool):
        return
    if name in {"iat", "exp"} and type(value) is int and 0 <= value < 253_402_300_800:
        return
    with pytest.raises(rules.InvalidClaims):
        rules.check(
            {**GOOD, name: value}, now=2, issuer="i", audiences=("a",), kind="access"
        )


@many
@given(st.text())
def test_names_of_devices_and_methods_are_text(text):
    assert isinstance(device_name(text), str)
    assert isinstance(method_name(text), str)
    assert printable(text).isprintable() or not text
