"""Step-up: a call wants a fresher or stronger sign-in, and gets it (RFC 9470)."""

from __future__ import annotations

import json
import re
from datetime import timedelta

import jwt
import pytest
import time_machine
from django.test import Client, override_settings
from django.urls import include, path
from django.utils import timezone
from rest_framework.permissions import IsAuthenticated
from rest_framework.response import Response

from accounts.api.base import BearerView
from accounts.tokens.commit_order import Number
from accounts.tokens.models import Family
from accounts.tokens.step_up import RequireRecentAuthentication
from tests import passkeys
from tests.fixtures import (
    PASSWORD,
    enrol_totp,
    exchange,
    second_step,
    sign_in_by_form,
)

pytestmark = pytest.mark.django_db(transaction=True)
RECENT = "/api/protected-route/recent/"
LATER = timedelta(minutes=5, seconds=2)
APP = "/_allauth/app/v1/auth"


def claims(access):
    return jwt.decode(access, options={"verify_signature": False})


def strong(api, email="maya@example.org", **codes):
    """Sign in with password and code."""
    pending = api.sign_in(email).json()["pending_token"]
    done = api.post("/api/token/mfa/", {"pending_token": pending, **codes})
    assert done.status_code == 200, done.content
    return done.json()


def challenged(answer, *wanted):
    assert answer.status_code == 401
    assert answer["Content-Type"] == "application/problem+json"
    body = answer.json()
    assert body["code"] == "insufficient_user_authentication"
    header = answer["WWW-Authenticate"]
    assert header.startswith('Bearer realm="api", error="insufficient_user_authen')
    found = dict(re.findall(r'(\w+)="([^"]*)"', header))
    for name, value in wanted:
        assert body[name] == value
        assert found[name] == str(value)
    return True


def test_one_factor_is_challenged_and_two_are_let_in(make_person, api):
    person = make_person()
    weak = api.tokens()["access"]
    assert challenged(api.get(RECENT, weak), ("acr_values", "aal2"), ("max_age", 300))
    app = enrol_totp(person)
    pair = strong(api, code=app.code())
    answer = api.get(RECENT, pair["access"])
    assert answer.json() == {"message": "Hello maya@example.org"}


def test_an_old_proof_is_challenged_and_the_api_renews_it(make_person, api):
    person = make_person()
    app = enrol_totp(person)
    pair = strong(api, code=app.code())
    with time_machine.travel(timezone.now() + LATER):
        pair = api.refresh(pair["refresh"]).json()
        assert challenged(api.get(RECENT, pair["access"]), ("max_age", 300))
        before = claims(pair["access"])
        done = api.post(
            f"{APP}/2fa/reauthenticate",
            {"code": app.code()},
            x_session_token=pair["session_token"],
        )
        assert done.status_code == 200, done.content
        path = f"{APP}/reauthenticate"
        token = pair["session_token"]
        done = api.post(path, {"password": PASSWORD}, x_session_token=token)
        assert done.status_code == 200, done.content
        # The token in hand says what it said; the next one says more.
        assert api.get(RECENT, pair["access"]).status_code == 401
        pair = api.refresh(pair["refresh"]).json()
        after = claims(pair["access"])
        assert after["auth_time"] >= before["auth_time"] + 302
        assert (after["sid"], after["acr"]) == (before["sid"], "aal2")
        assert api.get(RECENT, pair["access"]).status_code == 200


MUCH_LATER = timedelta(minutes=20)


def said(claims_):
    return claims_["acr"], set(claims_["amr"])


class App:
    """An app with a session of its own, some time after the sign-in."""

    def __init__(self, api, app):
        self.api, self.app = api, app
        self.pair = strong(api, code=app.code(-1))

    def renew(self):
        self.pair = self.api.refresh(self.pair["refresh"]).json()
        return claims(self.pair["access"])

    def __call__(self, way, body):
        path = f"{APP}/{way}"
        return self.api.post(path, body, x_session_token=self.pair["session_token"])

    def password(self):
        return self("reauthenticate", {"password": PASSWORD})

    def factor(self):
        return self("2fa/reauthenticate", {"code": self.app.code()})


@pytest.fixture
def app(make_person, api):
    return App(api, enrol_totp(make_person()))


def test_a_factor_alone_is_aal1(app):
    with time_machine.travel(timezone.now() + MUCH_LATER):
        before = app.renew()
        assert app.factor().status_code == 200
        after = app.renew()
        assert said(after) == ("aal1", {"otp"})
        assert after["auth_time"] >= before["auth_time"] + 1200


def test_the_password_alone_changes_nothing(app):
    with time_machine.travel(timezone.now() + MUCH_LATER):
        before = app.renew()
        answer = app.password()
        assert answer.status_code == 401
        flows = [flow["id"] for flow in answer.json()["data"]["flows"]]
        assert flows == ["mfa_reauthenticate"]
        after = app.renew()
        assert after["auth_time"] == before["auth_time"]
        assert said(after) == said(before)
        assert app("reauthenticate", {"password": "a guess"}).status_code == 400


@pytest.mark.parametrize("order", [("password", "factor"), ("factor", "password")])
def test_both_in_one_event_are_aal2_in_either_order(app, order):
    with time_machine.travel(timezone.now() + MUCH_LATER):
        app.renew()
        for step in order:
            answer = getattr(app, step)()
        assert answer.status_code == 200
        assert said(app.renew()) == ("aal2", {"mfa", "otp", "pwd"})


@pytest.mark.parametrize("order", [("password", "factor"), ("factor", "password")])
def test_steps_more_than_15_minutes_apart_are_two_events(app, order):
    with time_machine.travel(timezone.now() + MUCH_LATER):
        app.renew()
        getattr(app, order[0])()
    with time_machine.travel(timezone.now() + 2 * MUCH_LATER):
        app.renew()
        getattr(app, order[1])()
        assert said(app.renew()) == ("aal1", {"otp"})


PAGE = "/accounts/reauthenticate/"
CODE = "/accounts/2fa/reauthenticate/"


def test_the_page_asks_for_both(make_person, api, browser):
    app = enrol_totp(make_person())
    sign_in_by_form(browser)
    second_step(browser, app.code(-1))
    pair = exchange(browser).json()
    with time_machine.travel(timezone.now() + MUCH_LATER):
        form = browser.get(f"{PAGE}?acr=aal2&next=/profile/").content.decode()
        assert 'name="acr" value="aal2"' in form
        body = {"password": PASSWORD, "acr": "aal2", "next": "/profile/"}
        answer = browser.post(PAGE, body)
        assert answer["Location"] == f"{CODE}?next=%2Fprofile%2F"
        pair = api.refresh(pair["refresh"]).json()
        assert claims(pair["access"])["auth_time"] < timezone.now().timestamp() - 1000
        answer = browser.post(CODE, {"code": app.code(), "next": "/profile/"})
        assert answer["Location"] == "/profile/"
        pair = api.refresh(pair["refresh"]).json()
        assert said(claims(pair["access"])) == ("aal2", {"mfa", "otp", "pwd"})


def test_the_page_leads_people_without_a_factor_to_one(make_person, browser):
    make_person()
    sign_in_by_form(browser)
    answer = browser.get(f"{PAGE}?acr=aal2&next=/profile/")
    assert answer["Location"] == "/accounts/2fa/"


def test_a_second_factor_lifts_a_sign_in_that_had_one(make_person, api, browser):
    person = make_person()
    sign_in_by_form(browser)
    pair = exchange(browser).json()
    assert claims(pair["access"])["acr"] == "aal1"
    app = enrol_totp(person)
    assert challenged(api.get(RECENT, pair["access"]))
    page = browser.post(
        "/accounts/2fa/reauthenticate/?next=/profile/", {"code": app.code()}
    )
    assert page["Location"] == "/profile/"
    pair = api.refresh(pair["refresh"]).json()
    assert claims(pair["access"])["acr"] == "aal2"
    assert set(claims(pair["access"])["amr"]) == {"pwd", "otp", "mfa"}
    assert api.get(RECENT, pair["access"]).status_code == 200


def test_the_password_page_renews_the_time_and_not_the_level(make_person, api, browser):
    make_person()
    sign_in_by_form(browser)
    pair = exchange(browser).json()
    with time_machine.travel(timezone.now() + LATER):
        browser.post("/accounts/reauthenticate/", {"password": PASSWORD})
        again = claims(api.refresh(pair["refresh"]).json()["access"])
    assert again["auth_time"] >= claims(pair["access"])["auth_time"] + 302
    assert again["acr"] == "aal1"


def test_a_wrong_code_proves_nothing(make_person, api):
    person = make_person()
    app = enrol_totp(person)
    pair = strong(api, code=app.code())
    with time_machine.travel(timezone.now() + LATER):
        pair = api.refresh(pair["refresh"]).json()
        answer = api.post(
            f"{APP}/2fa/reauthenticate",
            {"code": "000000"},
            x_session_token=pair["session_token"],
        )
        assert answer.status_code == 400
        pair = api.refresh(pair["refresh"]).json()
        assert challenged(api.get(RECENT, pair["access"]))


def test_nobody_gets_a_bare_challenge_and_a_revoked_token_its_own(make_person, api):
    assert api.get(RECENT)["WWW-Authenticate"] == 'Bearer realm="api"'
    person = make_person()
    app = enrol_totp(person)
    pair = strong(api, code=app.code())
    assert api.get(RECENT, pair["access"]).status_code == 200
    # Not told, not a second later: this view asks the database itself.
    Family.objects.update(
        revoked_at=timezone.now(), revoked_tx=Number(), revoked_reason="admin"
    )
    assert api.get(RECENT, pair["access"]).json()["code"] == "token_revoked"


class AgeView(BearerView):
    permission_classes = (IsAuthenticated & RequireRecentAuthentication(max_age=60),)

    def get(self, request):
        return Response({})


class LevelView(AgeView):
    permission_classes = (RequireRecentAuthentication(acr="aal2") & IsAuthenticated,)


class AnyProofView(AgeView):
    permission_classes = (RequireRecentAuthentication(acr="aal1", max_age=600),)


urlpatterns = [
    path("api/age/", AgeView.as_view()),
    path("api/level/", LevelView.as_view()),
    path("api/any/", AnyProofView.as_view()),
    path("", include("authsite.urls")),
]


@override_settings(ROOT_URLCONF=__name__)
def test_each_demand_stands_alone(make_person, api):
    from authsite import door

    door._match.cache_clear()
    make_person()
    pair = api.tokens()
    assert api.get("/api/age/", pair["access"]).status_code == 200
    assert api.get("/api/any/", pair["access"]).status_code == 200
    answer = api.get("/api/level/", pair["access"])
    assert challenged(answer, ("acr_values", "aal2"))
    assert "max_age" not in answer.json()
    with time_machine.travel(timezone.now() + timedelta(seconds=62)):
        answer = api.get("/api/age/", pair["access"])
        assert challenged(answer, ("max_age", 60))
        assert "acr_values" not in answer.json()
        assert api.get("/api/any/", pair["access"]).status_code == 200
    assert api.get("/api/any/").status_code == 401
    door._match.cache_clear()


def test_a_demand_that_demands_nothing_is_a_mistake():
    for wrong in ({}, {"acr": "aal3"}, {"acr": ""}):
        with pytest.raises(ValueError, match="max_age"):
            RequireRecentAuthentication(**wrong)


def test_a_session_beside_the_token_changes_nothing(make_person, browser):
    make_person()
    sign_in_by_form(browser)
    assert isinstance(browser, Client)
    assert browser.get(RECENT).json()["code"] == "not_authenticated"


@pytest.mark.parametrize(
    ("verifies", "wanted"), [(True, ("aal2", {"pop"})), (False, ("aal1", {"pop"}))]
)
def test_a_passkey_alone_is_aal2_when_it_verified_its_person(
    make_person, api, browser, verifies, wanted
):
    make_person()
    sign_in_by_form(browser)
    key = passkeys.SoftKey()
    passkeys.enrol(browser, key)
    pair = exchange(browser).json()
    with time_machine.travel(timezone.now() + MUCH_LATER):
        path = "/accounts/2fa/webauthn/reauthenticate/"
        key.verified = verifies
        options = passkeys.options_in(browser.get(path))
        body = {"credential": json.dumps(key.get(options)), "next": "/profile/"}
        assert browser.post(path, body)["Location"] == "/profile/"
        pair = api.refresh(pair["refresh"]).json()
        assert said(claims(pair["access"])) == wanted
