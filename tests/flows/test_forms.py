"""What browsers and password managers look for in forms, and what stays the same."""

from __future__ import annotations

import re
from html.parser import HTMLParser

import pytest

from tests.fixtures import PASSWORD, deliver_mail, enrol_totp, sign_in_by_form
from tests.passkeys import SoftKey, enrol

pytestmark = pytest.mark.django_db(transaction=True)
LOGIN = "/accounts/login/"
SIGNUP = "/accounts/signup/"
CHANGE = "/accounts/password/change/"
OPEN = (LOGIN, SIGNUP, "/accounts/password/reset/")


class Fields(HTMLParser):
    """The inputs of a page, by name."""

    def __init__(self, response):
        super().__init__()
        self.found = {}
        self.feed(response.content.decode())

    def handle_starttag(self, tag, attrs):
        attrs = dict(attrs)
        if tag == "input" and attrs.get("name"):
            self.found[attrs["name"]] = attrs


def fields(response):
    return Fields(response).found


def reset_page(browser, user):
    browser.post("/accounts/password/reset/", {"email": user.email})
    body = deliver_mail()[-1].body
    path = re.search(r"http://localhost(/\S+/reset/key/\S+)", body).group(1)
    return browser.get(path, follow=True)


def test_the_address_at_sign_in(browser):
    field = fields(browser.get(LOGIN))["login"]
    assert (field["type"], field["name"]) == ("email", "login")
    # "webauthn" has to come last
    assert field["autocomplete"] == "username webauthn"
    assert (field["autocapitalize"], field["spellcheck"]) == ("none", "false")
    assert "autofocus" in field
    refused = fields(browser.post(LOGIN, {"login": "a@example.org", "password": "x"}))
    assert "autofocus" not in refused["login"]
    assert refused["login"]["value"] == "a@example.org"
    assert "value" not in refused["password"]


def test_passwords_are_typed_once_beside_their_user_name(make_person, browser):
    user = make_person()
    assert fields(browser.get(LOGIN))["password"]["autocomplete"] == "current-password"
    pages = {SIGNUP: browser.get(SIGNUP), "reset": reset_page(browser, user)}
    sign_in_by_form(browser)
    pages[CHANGE] = browser.get(CHANGE)
    for name, page in pages.items():
        found = fields(page)
        new = [f for f in found.values() if f.get("autocomplete") == "new-password"]
        assert len(new) == 1, name
        assert new[0]["type"] == "password"
        user_names = [f for f in found.values() if f.get("autocomplete") == "username"]
        assert len(user_names) == 1, name
        if name != SIGNUP:  # where it is typed
            assert (user_names[0]["value"], "hidden" in user_names[0]) == (
                user.email,
                True,
            )
    assert fields(pages[CHANGE])["oldpassword"]["autocomplete"] == "current-password"


def test_no_password_field_has_a_bound_under_128(make_person, browser):
    make_person()
    pages = [browser.get(path) for path in OPEN]
    sign_in_by_form(browser)
    pages.append(browser.get(CHANGE))
    for page in pages:
        for field in fields(page).values():
            if field["type"] == "password":
                assert int(field.get("maxlength", 128)) >= 128


@pytest.mark.parametrize("path", ["/accounts/2fa/authenticate/", "sign up"])
def test_a_code_has_one_field_that_a_phone_fills(make_person, browser, path):
    if path == "sign up":
        given = {"email": "new@example.org", "password1": PASSWORD}
        page = browser.post(SIGNUP, given, follow=True)
    else:
        enrol_totp(make_person())
        sign_in_by_form(browser)
        page = browser.get(path)
    found = [f for f in fields(page).values() if f["type"] != "hidden"]
    assert len(found) == 1
    field = found[0]
    assert field["inputmode"] == "numeric"
    assert field["autocomplete"] == "one-time-code"
    assert "maxlength" not in field  # a paste with spaces must not be cut
    assert field["dir"] == "ltr"


def test_a_code_with_spaces_is_taken(make_person, browser):
    app = enrol_totp(make_person())
    sign_in_by_form(browser)
    code = app.code()
    spaced = f" {code[:3]} {code[3:]} "
    answer = browser.post("/accounts/2fa/authenticate/", {"code": spaced})
    assert (answer.status_code, answer["Location"]) == (302, "/accounts/2fa/trust/")


@pytest.mark.parametrize("path", OPEN)
def test_names_and_ids_never_change(browser, path):
    def names(response):
        kept = fields(response).items()
        return {name: field.get("id") for name, field in kept}

    first, again = names(browser.get(path)), names(browser.get(path))
    refused = names(browser.post(path, {"login": "x", "email": "nonsense"}))
    assert first == again == refused


@pytest.mark.parametrize("path", OPEN)
def test_forms_are_sent_by_post_and_end_in_a_redirect(make_person, browser, path):
    make_person()
    given = {"login": "maya@example.org", "password": PASSWORD}
    given |= {"email": "other@example.org", "password1": PASSWORD}
    page = browser.get(path).content.decode()
    methods = re.findall(r"<form[^>]* method=\"(\w+)\"", page)
    assert methods
    assert set(methods) == {"post"}
    assert browser.post(path, given).status_code in {302, 303}


def test_signing_out_empties_the_browsers_cache(make_person, browser):
    make_person()
    sign_in_by_form(browser)
    assert browser.get("/accounts/logout/").status_code == 200  # asks, does nothing
    kept = browser.get("/dashboard/")
    assert "no-store" in kept["Cache-Control"]
    answer = browser.post("/accounts/logout/")
    assert answer["Clear-Site-Data"] == '"cache"'
    assert browser.get("/dashboard/").status_code == 302


def test_a_refused_recovery_code_is_asked_for_in_the_same_words(make_person, browser):
    make_person()
    sign_in_by_form(browser)
    enrol(browser, SoftKey(), "Yubi", alone=False)
    browser.post("/accounts/logout/")
    sign_in_by_form(browser)
    path = "/accounts/2fa/authenticate/"
    label = re.compile(r'<label for="id_code">(.*?)</label>')
    first = label.findall(browser.get(path).content.decode())
    assert first == ["Recovery code"]
    page = browser.post(path, {"code": "00000000"}).content.decode()
    assert label.findall(page) == first
    assert "id_code_error" in page
