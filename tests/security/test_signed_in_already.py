"""While someone is signed in, another person's credentials get 409 and end nothing."""

from __future__ import annotations

import pytest
from django.test import Client

from accounts.models import User
from tests.fixtures import PASSWORD, sign_in_by_form

pytestmark = pytest.mark.django_db(transaction=True)
JSON = {"content_type": "application/json"}
OTHER = {"email": "ada@example.org", "password": PASSWORD}
#: Each way in of the headless API, and what a client would send to it.
CALLS = {
    "auth/login": OTHER,
    "auth/signup": {"email": "new@example.org", "password": PASSWORD},
    "auth/webauthn/login": {"credential": {}},
    "auth/webauthn/signup": {"email": "new@example.org"},
    "auth/code/confirm": {"code": "1234-1234"},
}


@pytest.fixture
def maya(make_person):
    make_person()
    make_person("ada@example.org")
    client = Client()
    sign_in_by_form(client)
    return client


def is_in(client):
    return b"maya@example.org" in client.get("/dashboard/").content


@pytest.mark.parametrize("path", CALLS)
def test_the_browser_client_is_refused_unchecked(maya, path):
    answer = maya.post(f"/_allauth/browser/v1/{path}", CALLS[path], **JSON)
    assert answer.status_code == 409
    assert is_in(maya)


@pytest.mark.parametrize("path", CALLS)
def test_the_app_client_is_refused_and_its_session_goes_on(maya, api, path):
    token = api.tokens()["session_token"]
    headers = {"X-Session-Token": token}
    app = Client()
    url = f"/_allauth/app/v1/{path}"
    assert app.post(url, CALLS[path], headers=headers, **JSON).status_code == 409
    me = app.get("/_allauth/app/v1/auth/session", headers=headers)
    assert me.json()["data"]["user"]["email"] == "maya@example.org"


@pytest.mark.parametrize("password", [PASSWORD, "wrong"])
def test_the_page_names_who_is_in_and_keeps_what_was_typed(maya, password):
    answer = sign_in_by_form(maya, OTHER["email"], password, next="/profile/")
    assert answer.status_code == 409
    page = answer.content.decode()
    assert "You are signed in as maya@example.org" in page
    assert is_in(maya)
    form = {"login": OTHER["email"], "next": "/profile/"}
    assert all(f'value="{value}"' in page for value in form.values())
    left = maya.post("/accounts/login/other/", form)
    assert left["Location"] == "/accounts/login/?next=%2Fprofile%2F"
    again = maya.get(left["Location"]).content.decode()
    assert f'value="{OTHER["email"]}"' in again
    assert sign_in_by_form(maya, OTHER["email"], next="/profile/")["Location"] == (
        "/profile/"
    )


def test_ones_own_address_leads_to_the_confirmation(maya):
    answer = sign_in_by_form(maya, "Maya@example.org", next="/profile/")
    assert answer["Location"] == "/accounts/reauthenticate/?next=%2Fprofile%2F"


def test_a_sign_up_is_refused_too(maya):
    body = {"email": "new@example.org", "password1": PASSWORD}
    assert maya.post("/accounts/signup/", body).status_code == 409
    assert not User.objects.filter(email="new@example.org").exists()
    assert is_in(maya)


def test_no_way_in_of_the_pipeline_goes_past_the_last_guard(maya, rf):
    from allauth.account.adapter import get_adapter
    from allauth.core.exceptions import ImmediateHttpResponse

    request = rf.post("/accounts/any/")
    request.user = User.objects.get(email="maya@example.org")
    ada = User.objects.get(email="ada@example.org")
    with pytest.raises(ImmediateHttpResponse) as refused:
        get_adapter().pre_login(
            request, ada, email_verification="none", signal_kwargs=None, email=None,
            signup=False, redirect_url=None,
        )  # fmt: skip
    assert refused.value.response.status_code == 409
