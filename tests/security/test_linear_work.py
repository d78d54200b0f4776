"""Work on what anybody may send grows no faster than its length.

A longer text must not take a process away from everybody else. All that reads something
before sign-in is listed in hostile_inputs.py and hostile_readers.py and timed here with
texts of a quarter, half and all of the size that it can be handed. `make test` takes
some paths and texts where the whole site is read through; `make test-long` takes all.
"""

from __future__ import annotations

import contextlib
import re
from importlib import import_module

import pytest
from django.core.cache import cache
from django.test import Client

from authsite import head
from authsite.bounds import MAX_BODY
from tests.counts import LONG
from tests.fixtures import enrol_totp, sign_in_by_form
from tests.security import anonymous, hostile_inputs, hostile_texts
from tests.security.growth import grows_faster
from tests.security.hostile_inputs import COOKIES, HEADERS, MIDDLEWARE, QUERY
from tests.security.hostile_readers import READERS

pytestmark = pytest.mark.django_db
FIELDS = {**hostile_inputs.SERIALIZER_FIELDS, **hostile_inputs.FORM_FIELDS}
#: Through the door, and through the whole chain.
PATHS = ("/api/me/", "/_allauth/browser/v1/config")
if LONG:  # and through both and a view's own work
    PATHS += (
        "/.well-known/change-password",
        "/_allauth/app/v1/config",
        "/accounts/brand.css",
        "/static/nothing",
    )
META = sorted({*HEADERS, *(name for names in MIDDLEWARE.values() for name in names)})


def some(first, *others):
    """The first, the most telling one; all of them with full counts."""
    return (first, *others) if LONG else (first,)


def too_slow(reader):
    """What grows faster than linearly, by the name of its text."""
    found = {
        name: grows_faster(reader.read, make, reader.most)
        for name, make in reader.texts.items()
    }
    return {name: seen for name, seen in found.items() if seen}


@pytest.mark.parametrize("name", READERS)
def test_each_reader(name):
    assert too_slow(READERS[name]) == {}


def field_named(name):
    """The field, and the name of the form or serializer that has it."""
    owner, _, field = name.rpartition(".")
    module, _, kind = owner.rpartition(".")
    kind = getattr(import_module(module), kind)
    declared = getattr(kind, "_declared_fields", None)
    if name in hostile_inputs.SERIALIZER_FIELDS:
        return kind().fields[field]
    return {**(declared or {}), **anonymous.fields_of(kind)}[field]


@pytest.mark.parametrize("name", FIELDS)
def test_each_field(name):
    field, texts = field_named(name), hostile_inputs.KINDS[FIELDS[name]]
    clean = getattr(field, "clean", None) or field.run_validation

    def read(text):
        with contextlib.suppress(Exception):
            clean(text)

    found = {text: grows_faster(read, make, MAX_BODY) for text, make in texts.items()}
    assert {text: seen for text, seen in found.items() if seen} == {}


def ask(path, method="GET", body=b"", kind="", **meta):
    """One request by somebody unknown, in its own network; never a 500."""
    client = Client(SERVER_NAME="localhost", raise_request_exception=False)
    answer = client.generic(method, path, body, kind, **meta)
    assert answer.status_code < 500, (path, answer.status_code)
    return answer


def header_texts(name):
    """Hostile texts for something in META, by name."""
    texts = hostile_texts.FOR_HEADERS
    yield from texts.items()
    names = {"HTTP_COOKIE": COOKIES, "QUERY_STRING": QUERY[:2]}.get(name, ())
    for one in names:
        for text in ("letters", "dots", "signatures", "escaped quotes"):
            make = texts[text]
            yield (
                f"{one}={text}",
                lambda size, one=one, make=make: f"{one}={make(size - len(one) - 1)}",
            )


def read_by_the_site(name, path):
    """A call that hands a text to the whole site."""
    if name == "PATH_INFO":
        return lambda text: ask(path + text.replace("?", "").replace("#", ""))
    if name == "HTTP_COOKIE":
        return lambda text: ask(path, HTTP_COOKIE=head.plain_cookies(text))
    method = "POST" if name in {"CONTENT_TYPE", "HTTP_X_CSRFTOKEN"} else "GET"
    body = b"a=b" if method == "POST" else b""
    return lambda text: ask(path, method, body, **{name: text})


@pytest.mark.parametrize("name", META)
def test_each_header_and_address(name):
    found = {}
    for text, make in header_texts(name):
        for path in PATHS:
            call, most = read_by_the_site(name, path), hostile_inputs.most_of(name)
            if seen := grows_faster(call, make, most):
                found[path, text] = seen
    assert found == {}


SAMPLE = re.compile(r"(?<=/)1(?:-1)?(?=/|$)")


def test_each_address_with_something_in_it():
    found = {}
    for place in anonymous.open_places():
        if not SAMPLE.search(place.path):
            continue
        for text in some("signatures", "percent signs", "letters", "dots", "digits"):
            make = hostile_texts.FOR_HEADERS[text]
            for tail in ("", "-1") if "1-1" in place.path else ("",):

                def call(text, path=place.path, tail=tail):
                    ask(SAMPLE.sub(lambda _: text + tail, path, count=1))

                if seen := grows_faster(call, make, hostile_inputs.TARGET):
                    found[place.path, text] = seen
    assert found == {}


def test_each_query_of_each_open_page():
    found = {}
    for place in anonymous.open_places():
        for text in some("percent signs", "letters", "dots"):
            make = hostile_texts.FOR_HEADERS[text]

            def call(text, path=place.path):
                cache.clear()
                ask(path, QUERY_STRING="&".join(f"{one}={text}" for one in QUERY))

            most = hostile_inputs.TARGET // len(QUERY)
            if seen := grows_faster(call, make, most):
                found[place.path, text] = seen
    assert found == {}


BODIES = {
    "form": (
        "application/x-www-form-urlencoded",
        lambda text: "&".join(f"{one}={text}" for one in hostile_inputs.NAMES).encode(),
    ),
    "json": ("application/json", hostile_inputs.body_of),
}


@pytest.mark.parametrize("kind", BODIES)
@pytest.mark.parametrize("text", some("combining marks", "letters", "at signs"))
def test_each_body_of_each_open_page(kind, text):
    """All that a form's own checks do with its fields, and what follows from them."""
    content_type, body = BODIES[kind]
    make = hostile_texts.FOR_EMAILS[text]
    programs = ("/api/", "/_allauth/")
    found = {}
    for place in anonymous.open_places():
        if place.path.startswith(programs) != (kind == "json"):
            continue

        def call(text, path=place.path):
            cache.clear()
            ask(path, "POST", body(text), content_type)

        most = MAX_BODY // len(hostile_inputs.NAMES) // 2
        if seen := grows_faster(call, make, most):
            found[place.path] = seen
    assert found == {}


@pytest.mark.parametrize("text", ["letters", "combining marks"])
def test_one_long_address_where_a_limit_is_reached(text, settings):
    """The page about a limit reads the address once more, as it was typed."""
    settings.ACCOUNT_RATE_LIMITS = {**settings.ACCOUNT_RATE_LIMITS, "login": "1/h/ip"}
    make = hostile_texts.FOR_EMAILS[text]
    assert sign_in_by_form(Client(SERVER_NAME="localhost")).status_code == 200

    def call(text):
        data = {"login": text, "password": "x"}
        Client(SERVER_NAME="localhost").post("/accounts/login/", data)

    assert grows_faster(call, make, MAX_BODY // 2) == ""


@pytest.mark.parametrize("text", ["letters", "combining marks", "digits", "blanks"])
def test_what_is_typed_half_way_through_a_sign_in(make_person, text):
    enrol_totp(make_person())
    browser = Client(SERVER_NAME="localhost")
    assert sign_in_by_form(browser).status_code == 302

    def call(text):
        cache.clear()
        browser.post("/accounts/2fa/authenticate/", {"code": text, "credential": text})

    assert grows_faster(call, hostile_texts.ANYWHERE[text], MAX_BODY // 3) == ""
