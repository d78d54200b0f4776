"""A session signs in the person whom the pipeline signed in, or nobody.

What a magic link, an impersonation view or a middleware of a team's own would do ends
at once, with a line in the log and an event.
"""

from __future__ import annotations

import pytest
from allauth.account.models import EmailAddress
from allauth.usersessions.models import UserSession
from django.contrib.auth import HASH_SESSION_KEY, SESSION_KEY, login
from django.contrib.auth.decorators import login_not_required
from django.contrib.sessions.models import Session
from django.http import HttpResponse
from django.test import Client
from django.urls import path

from accounts.audit.models import Action, Event
from accounts.models import User
from accounts.policy.session_owner import PERSON
from accounts.policy.sessions import has_ended, is_of_pipeline
from accounts.tokens.models import Family
from tests.fixtures import PASSWORD, Api, enrol_totp, exchange, sign_in_by_form
from tests.flows.test_passkeys import APP

pytestmark = pytest.mark.django_db(transaction=True)
BACKEND = "accounts.policy.backend.PolicyBackend"


@pytest.fixture
def maya(make_person):
    return make_person("maya@example.org")


@pytest.fixture
def ada(make_person):
    return make_person("ada@example.org", name="Ada")


@pytest.fixture
def signed_in(maya, browser):
    """Maya's browser, signed in by the form."""
    sign_in_by_form(browser)
    assert browser.get("/dashboard/").status_code == 200
    return browser


def change(browser, **values):
    session = browser.session
    for key, value in values.items():
        session.pop(key, None)
        if value is not None:
            session[key] = value
    session.save()


def is_out(browser):
    answer = browser.get("/dashboard/")
    shut = answer.status_code == 302
    return shut and answer["Location"].startswith("/accounts/login/")


def refusals():
    return Event.objects.filter(action=Action.SESSION_REFUSED)


def test_a_session_made_beside_the_pipeline_ends_at_its_next_request(maya, browser):
    browser.force_login(maya)
    key = browser.session.session_key
    assert is_out(browser)
    assert not Session.objects.filter(pk=key).exists()
    event = refusals().get()
    assert (event.user, event.data["path"]) == (maya, "/dashboard/")
    assert is_out(browser)
    assert refusals().count() == 1


def test_it_gets_neither_tokens_nor_the_headless_api(maya, browser):
    browser.force_login(maya)
    answer = exchange(browser)
    assert (answer.status_code, answer.json()["code"]) == (403, "no_policy_session")
    browser.force_login(maya)
    at = "/_allauth/browser/v1/auth/session"
    assert browser.get(at).status_code == 401
    browser.force_login(maya)
    token = browser.session.session_key
    app = Api().client().get(f"{APP}/auth/session", headers={"x-session-token": token})
    assert app.status_code == 410
    assert not Family.objects.exists()


def test_a_swapped_session_is_no_session_token(signed_in, ada):
    swapped = {
        SESSION_KEY: str(ada.pk),
        HASH_SESSION_KEY: ada.get_session_auth_hash(),
    }
    change(signed_in, **swapped)
    token = signed_in.session.session_key
    app = Api().client().get(f"{APP}/auth/session", headers={"x-session-token": token})
    assert app.status_code == 410


def test_a_swapped_person_ends_the_session_and_its_tokens(signed_in, maya, ada):
    pair = exchange(signed_in).json()
    swapped = {
        SESSION_KEY: str(ada.pk),
        HASH_SESSION_KEY: ada.get_session_auth_hash(),
    }
    change(signed_in, **swapped)
    assert is_out(signed_in)
    assert refusals().get().user == ada
    assert Api().refresh(pair["refresh"]).status_code == 401
    assert not UserSession.objects.filter(user=maya).exists()
    assert Family.objects.get().revoked_at


def view_that_logs_in(email):
    @login_not_required
    def view(request):
        login(request, User.objects.get(email=email), backend=BACKEND)
        return HttpResponse("Welcome")

    return view


def test_login_as_another_in_a_policy_session_ends_it(signed_in, ada, plant):
    plant(path("impersonate/", view_that_logs_in(ada.email)))
    signed_in.get("/impersonate/")
    assert is_out(signed_in)


def test_login_by_a_stranger_ends_with_the_same_request(browser, ada, plant):
    enrol_totp(ada)
    plant(path("magic/", view_that_logs_in(ada.email)))
    browser.get("/magic/")
    assert not Session.objects.exists()
    assert refusals().get().data["path"] == "/magic/"
    assert is_out(browser)


def test_login_of_the_same_person_changes_nothing(signed_in, maya, plant):
    plant(path("again/", view_that_logs_in(maya.email)))
    signed_in.get("/again/")
    assert signed_in.get("/dashboard/").status_code == 200


def test_a_middleware_that_sets_request_user_is_refused(
    signed_in, ada, settings, caplog
):
    here = f"{__name__}.as_another"
    settings.MIDDLEWARE = [*settings.MIDDLEWARE, here]
    stranger, maya = Client(SERVER_NAME="localhost"), Client(SERVER_NAME="localhost")
    maya.cookies = signed_in.cookies
    for browser in (stranger, maya):
        answer = browser.get("/dashboard/", {"as": ada.email})
        assert answer.status_code == 403
    assert caplog.text.count("user_replaced") == 2
    assert maya.get("/dashboard/").status_code == 200


def as_another(get_response):
    def middleware(request):
        if who := request.GET.get("as"):
            request.user = User.objects.get(email=who)
        return get_response(request)

    return middleware


def test_sessions_from_before_the_update_go_on_and_are_bound(signed_in, maya):
    change(signed_in, **{PERSON: None})
    assert signed_in.get("/dashboard/").status_code == 200
    assert signed_in.session[PERSON] == str(maya.pk)


def test_an_older_session_goes_on_when_another_sign_in_begins_in_it(signed_in, ada):
    change(signed_in, **{PERSON: None})
    pair = exchange(signed_in).json()
    records = "account_authentication_methods_user"
    change(signed_in, **{records: str(ada.pk)})
    assert signed_in.get("/dashboard/").status_code == 200
    # And what was proven by another is no proof of this one's.
    before = Family.objects.get()
    assert Api().refresh(pair["refresh"]).status_code == 200
    after = Family.objects.get()
    assert (after.auth_time, after.amr) == (before.auth_time, before.amr)
    assert exchange(signed_in).json()["code"] == "no_policy_session"


@pytest.mark.parametrize("records", ["another's", "none"])
def test_an_older_session_without_its_persons_records_ends(signed_in, ada, records):
    change(
        signed_in,
        **{
            PERSON: None,
            "account_authentication_methods_user": (
                str(ada.pk) if records == "another's" else None
            ),
        },
    )
    assert is_out(signed_in)


def test_refresh_without_any_records_keeps_what_was_proven(signed_in):
    pair = exchange(signed_in).json()
    change(signed_in, account_authentication_methods=None)
    assert Api().refresh(pair["refresh"]).status_code == 200


def test_signing_in_over_anothers_session_makes_a_whole_one(signed_in, maya, rf):
    """By the adapter itself: most doors refuse it before."""
    from allauth.account.adapter import get_adapter
    from allauth.account.internal.flows.login import (
        get_authentication_records,
        record_authentication,
    )
    from allauth.core import context
    from django.contrib.auth.middleware import AuthenticationMiddleware
    from django.contrib.messages.middleware import MessageMiddleware
    from django.contrib.sessions.middleware import SessionMiddleware

    ada = User.objects.create_user("ada@example.org", PASSWORD)
    EmailAddress.objects.create(user=ada, email=ada.email, verified=True, primary=True)
    pair = exchange(signed_in).json()
    request = rf.get("/", HTTP_HOST="localhost")
    request.COOKIES["sessionid"] = signed_in.session.session_key
    request.allauth = type("Allauth", (), {})()
    for middleware in (
        SessionMiddleware,
        AuthenticationMiddleware,
        MessageMiddleware,
    ):
        middleware(lambda request: HttpResponse()).process_request(request)
    assert request.user == maya
    with context.request_context(request):
        record_authentication(request, ada, "mfa", type="webauthn", passwordless=True)
        [record] = get_authentication_records(request, ada)
        get_adapter().login(request, ada)
    session = request.session
    assert request.user == ada
    assert is_of_pipeline(session)
    assert not has_ended(session)
    assert get_authentication_records(request, ada) == [record]
    # Maya has been signed out, with what her session held.
    assert Event.objects.filter(action=Action.SIGN_OUT, user=maya).exists()
    assert Api().refresh(pair["refresh"]).status_code == 401
    assert session["policy_sid"]
    assert not session.get("policy_trusted")
