"""No side door: every session and token comes out of the one pipeline.

Walks URLconf, backends, authentication classes, admin and headless. A new door beside
the pipeline turns this red, which the planted ones at the end show.
"""

from __future__ import annotations

import pytest
from allauth.headless import app_settings as headless
from django.conf import settings
from django.contrib.admin.sites import all_sites
from django.contrib.auth import get_backends
from rest_framework.settings import api_settings

from accounts.admin_site import PolicyAdminSite
from accounts.policy.backend import PolicyBackend
from accounts.tokens.authentication import (
    BearerAuthentication,
)
from accounts.tokens.strategy import FamilyTokenStrategy
from authsite import checks_doors
from tests.fixtures import PASSWORD, enrol_totp
from tests.security.doors import knock, places
from tests.security.first_party import guarded_calls
from tests.security.oracle import tells

pytestmark = pytest.mark.django_db(transaction=True)
EMAIL = "maya@example.org"

#: Where a password alone lets a person in who has no second factor. Each of these is
#: the pipeline; a new line here is a decision.
DOORS = {
    "/accounts/login/",
    "/_allauth/app/v1/auth/login",
    "/_allauth/browser/v1/auth/login",
    "/api/token/",
}


def oracles() -> dict[str, str]:
    """The URLs beside DOORS that tell the right password from a wrong one, and how."""
    asked = {place.path for place in places()} - DOORS
    found = {path: tells(path, EMAIL, PASSWORD) for path in sorted(asked)}
    return {path: how for path, how in found.items() if how}


def open_doors() -> set[str]:
    """The URLs at which EMAIL and PASSWORD let somebody in."""
    return {place.path for place in places() if knock(place.path, EMAIL, PASSWORD)}


def test_the_walk_sees_the_whole_site():
    paths = {place.path for place in places()}
    assert paths >= DOORS | {"/admin/login/", "/api/me/", "/accounts/google/login/"}
    assert len(paths) > 120
    assert [place for place in places() if not place.is_found] == []


def test_a_password_opens_the_known_doors_and_no_other(make_person):
    make_person(EMAIL)
    assert open_doors() == DOORS


def test_no_other_url_tells_a_right_password_from_a_wrong_one(make_person):
    make_person(EMAIL)
    assert oracles() == {}, "only the pipeline may check passwords"


@pytest.mark.parametrize("kind", ["with a second factor", "unverified", "disabled"])
def test_a_password_alone_opens_nothing_for_a_person(make_person, kind):
    user = make_person(
        EMAIL, verified=kind != "unverified", is_active=kind != "disabled"
    )
    if kind == "with a second factor":
        enrol_totp(user)
    assert open_doors() == set()


def test_staff_and_owners_have_no_door_of_their_own(make_person):
    enrol_totp(make_person(EMAIL, is_staff=True, is_superuser=True))
    assert open_doors() == set()


def test_there_is_one_backend_and_it_is_shut_beside_the_pipeline(make_person, rf):
    from django.contrib.auth import authenticate

    make_person(EMAIL)
    assert [type(one) for one in get_backends()] == [PolicyBackend]
    for request in (None, rf.post("/")):
        assert authenticate(request, email=EMAIL, password=PASSWORD) is None
        assert authenticate(request, username=EMAIL, password=PASSWORD) is None


def test_the_api_knows_no_authentication_class_but_ours():
    assert set(api_settings.DEFAULT_AUTHENTICATION_CLASSES) == {BearerAuthentication}
    assert checks_doors.views() == []


def test_every_admin_is_behind_the_pipeline():
    assert {type(site._wrapped) if hasattr(site, "_wrapped") else type(site)
            for site in all_sites} <= {PolicyAdminSite}  # fmt: skip
    assert "django.contrib.admin" not in settings.INSTALLED_APPS


def test_headless_sign_ins_end_with_our_tokens():
    assert isinstance(headless.TOKEN_STRATEGY, FamilyTokenStrategy)


def test_nothing_in_our_code_makes_sessions_or_tokens_beside_the_pipeline():
    assert guarded_calls() == []


def test_a_session_that_skipped_the_pipeline_gets_no_token(make_person, browser):
    browser.force_login(make_person(EMAIL))
    answer = browser.post("/api/token/session/", content_type="application/json")
    assert (answer.status_code, answer.json()["code"]) == (403, "no_policy_session")


def test_tokens_cannot_be_minted_for_a_user_by_hand(make_person):
    from accounts.tokens.classes import AccessToken, RefreshToken

    user = make_person(EMAIL)
    for kind in (AccessToken, RefreshToken):
        with pytest.raises(RuntimeError):
            kind.for_user(user)


#: Pages that anybody may see. A new line here is a decision.
OPEN_PAGES = {
    "/",
    "/accounts/2fa/lost/cancel/1/",  # keeps second steps; signs nobody in
    "/accounts/2fa/lost/cancelled/",
    "/accounts/2fa/webauthn/signup/",
    "/accounts/3rdparty/login/cancelled/",
    "/accounts/3rdparty/signup/",
    "/accounts/close/done/",
    "/accounts/close/undo/1/",  # keeps an account; signs nobody in
    "/accounts/brand.css",
    "/accounts/brand.svg",
    "/accounts/brand/logo",
    "/accounts/confirm-email/",
    "/accounts/confirm-email/1/",
    "/accounts/github/login/",
    "/accounts/github/login/callback/",
    "/accounts/google/login/",
    "/accounts/google/login/callback/",
    "/accounts/inactive/",
    "/accounts/login/",
    "/accounts/login/other/",  # signs out
    "/accounts/login/code/",  # 404 unless LOGIN_BY_CODE
    "/accounts/logout/",
    "/accounts/not-me/1/",  # takes an account back; signs nobody in
    "/accounts/not-me/done/",
    "/accounts/oidc/1/login/",
    "/accounts/oidc/1/login/callback/",
    "/accounts/password/reset/",
    "/accounts/password/reset/done/",
    "/accounts/password/reset/key/1-1/",
    "/accounts/password/reset/key/done/",
    "/accounts/signup/",
    "/accounts/signup/passkey/",
    "/favicon.ico",
    "/language/",  # the switch in the footer
}


def test_pages_are_protected_unless_they_are_named_here(client):
    open_ones = set()
    for place in places():
        if place.path.startswith(("/api/", "/_allauth/", "/.well-known/", "/healthz")):
            continue
        answer = client.get(place.path)
        to = answer.get("Location", "")
        ways_in = ("/accounts/login/", "/admin/login/")
        if not (answer.status_code == 302 and to.startswith(ways_in)):
            open_ones.add(place.path)
    assert open_ones <= OPEN_PAGES, open_ones - OPEN_PAGES


def test_calls_are_protected_unless_they_are_the_way_in(client):
    open_ones = set()
    for place in places():
        if place.path.startswith("/api/"):
            answers = [client.get(place.path), client.post(place.path)]
            if 401 not in {answer.status_code for answer in answers}:
                open_ones.add(place.path)
    assert open_ones == {
        "/api/token/", "/api/token/mfa/", "/api/token/refresh/", "/api/token/verify/",
        "/api/token/revoke/", "/api/token/blacklist/", "/api/schema/", "/api/docs/",
        "/api/revocations/", "/api/1",
    }  # fmt: skip
