"""The admin asks for the factor before each press, and after 30 idle minutes."""

from __future__ import annotations

import re
from urllib.parse import quote
from uuid import uuid4

import pytest
from django.contrib.auth.models import Group
from django.test import Client
from django.urls import URLPattern, get_resolver

from accounts.models import User
from tests.fixtures import PASSWORD, enrol_totp, later, second_step, sign_in_by_form

pytestmark = pytest.mark.django_db(transaction=True)
FACTOR = "/accounts/2fa/reauthenticate/"
PEOPLE, GROUPS = "/admin/accounts/user/", "/admin/auth/group/"
#: What a POST may do without a confirmation: leave, go elsewhere, or only look.
OPEN = {
    "/admin/login/",
    "/admin/logout/",
    "/admin/password_change/",
    "/admin/tokens/family/explain/",
}


@pytest.fixture
def signed_in(make_person):
    """A browser of the site's owner, and their app."""
    user = make_person("owner@example.org", is_staff=True, is_superuser=True)
    app = enrol_totp(user)
    browser = Client(SERVER_NAME="localhost", enforce_csrf_checks=True)
    browser.get("/accounts/login/")
    sign_in_by_form(browser, "owner@example.org", csrfmiddlewaretoken=token_of(browser))
    browser.handler.enforce_csrf_checks = False
    second_step(browser, app.code(-1))
    browser.get("/admin/")
    browser.handler.enforce_csrf_checks = True
    return browser, app


def token_of(browser):
    return browser.cookies["csrftoken"].value


def post(browser, path, body=None):
    body = {**(body or {}), "csrfmiddlewaretoken": token_of(browser)}
    return browser.post(path, body)


def admin_paths():
    """Every path under /admin/, with an id where one belongs."""
    resolver = next(
        one
        for one in get_resolver().url_patterns
        if getattr(one, "namespace", "") == "admin"
    )

    def walk(patterns, before):
        for one in patterns:
            path = before + str(one.pattern)
            if isinstance(one, URLPattern):
                yield path
            else:
                yield from walk(one.url_patterns, path)

    for path in walk(resolver.url_patterns, f"/{resolver.pattern}"):
        # The last one only finds paths without a final slash, to redirect them.
        if not path.endswith("(?P<url>.*)$"):
            yield re.sub(r"<[^>]*>", str(uuid4()), path)


def test_every_post_of_the_admin_waits_for_the_factor(signed_in):
    browser, _ = signed_in
    paths = [path for path in admin_paths() if "(" not in path]
    assert len(paths) > 20
    walked = set()
    with later(minutes=6):
        for path in sorted(paths, key=lambda one: "logout" in one):
            answer = post(browser, path)
            asked = answer.status_code == 302 and answer["Location"].startswith(FACTOR)
            assert asked != (path in OPEN), (path, answer)
            walked.add(path)
    assert walked >= OPEN


def test_what_was_typed_is_sent_again_after_the_factor(signed_in):
    browser, app = signed_in
    with later(minutes=6):
        body = {
            "name": "Editors",
            "policy-TOTAL_FORMS": "0",
            "policy-INITIAL_FORMS": "0",
        }
        answer = post(browser, f"{GROUPS}add/?_changelist_filters=q%3Dx", body)
        assert answer["Location"] == f"{FACTOR}?next={quote(GROUPS + 'add/', safe='')}"
        assert not Group.objects.exists()
        done = post(browser, FACTOR, {"code": app.code(), "next": f"{GROUPS}add/"})
        assert done["Location"].startswith(GROUPS)
        assert Group.objects.get().name == "Editors"
        # For five minutes the next press is done at once.
        key = Group.objects.get().pk
        post(browser, f"{GROUPS}{key}/delete/", {"post": "yes"})
        assert not Group.objects.exists()


def test_a_guarded_action_waits_too(signed_in, make_person):
    browser, app = signed_in
    victim = make_person("ada@example.org")
    body = {
        "action": "deactivate", "_selected_action": str(victim.pk),
        "confirm": "yes", "reason": "left",
    }  # fmt: skip
    with later(minutes=6):
        answer = post(browser, PEOPLE, body)
        assert answer["Location"].startswith(FACTOR)
        # The password does not do.
        answer = post(
            browser, "/accounts/reauthenticate/",
            {"password": PASSWORD, "next": PEOPLE},
        )  # fmt: skip
        assert answer["Location"].startswith(FACTOR)
        assert User.objects.get(pk=victim.pk).is_active
        post(browser, FACTOR, {"code": app.code(), "next": PEOPLE})
        assert not User.objects.get(pk=victim.pk).is_active


def test_thirty_idle_minutes_end_the_admin_and_not_the_session(signed_in):
    browser, app = signed_in
    for minutes in (25, 50):  # no pause of 30
        with later(minutes=minutes):
            assert browser.get(PEOPLE).status_code == 200
    with later(minutes=81):
        answer = browser.get(PEOPLE, follow=True)
        assert answer.redirect_chain[-1][0].startswith(FACTOR)
        assert browser.get("/profile/").status_code == 200
        done = post(browser, FACTOR, {"code": app.code(), "next": PEOPLE})
        assert done["Location"] == PEOPLE
        assert browser.get(PEOPLE).status_code == 200


def test_a_first_visit_long_after_the_sign_in_is_asked(make_person, browser):
    app = enrol_totp(make_person(is_staff=True, is_superuser=True))
    sign_in_by_form(browser)
    second_step(browser, app.code(-1))
    with later(minutes=31):
        answer = browser.get("/admin/", follow=True)
        assert answer.redirect_chain[-1][0].startswith(FACTOR)


def test_without_a_factor_the_password_confirms(make_person, browser, settings):
    settings.STAFF_MFA_REQUIRED = False
    make_person(is_staff=True, is_superuser=True)
    sign_in_by_form(browser)
    password = "/accounts/reauthenticate/"
    with later(minutes=6):
        browser.get("/admin/")
        path = f"{GROUPS}add/"
        answer = browser.post(path, {"name": "x"})
        assert answer["Location"].startswith(password)
        done = browser.post(password, {"password": PASSWORD, "next": path})
        assert done.status_code == 200  # the form, with what is missing
        assert b'value="x"' in done.content
