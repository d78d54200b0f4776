"""Who must have a second factor gets nothing, by no door, until they have one."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import Group
from django.contrib.sessions.models import Session

from accounts.audit.models import Action, Event
from accounts.policy.models import GroupPolicy
from accounts.tokens.models import Family
from tests.fixtures import Api, enrol_totp, exchange, sign_in_by_form

pytestmark = pytest.mark.django_db(transaction=True)
CODE = "mfa_enrolment_required"


def strict_group(*people):
    group = Group.objects.create(name="Finance")
    GroupPolicy.objects.create(group=group, second_factor_required=True)
    group.user_set.set(people)
    return group


@pytest.fixture(params=["staff", "group"])
def bound_person(request, make_person, settings):
    """Somebody whom the policy asks for a second factor, and who has none."""
    settings.STAFF_MFA_REQUIRED = request.param == "staff"
    user = make_person(is_staff=request.param == "staff")
    if request.param == "group":
        strict_group(user)
    return user


def is_sent_to_enrol(answer):
    return (answer.status_code, answer["Location"]) == (302, "/accounts/2fa/")


def test_every_page_leads_to_the_security_page(bound_person, browser):
    sign_in_by_form(browser)
    for page in ("/dashboard/", "/profile/", "/accounts/activity/",
                 "/accounts/sessions/", "/accounts/password/change/"):  # fmt: skip
        assert is_sent_to_enrol(browser.get(page)), page
    assert is_sent_to_enrol(browser.post("/profile/", {"name": "X"}))
    bound_person.refresh_from_db()
    assert bound_person.name == ""
    page = browser.get("/accounts/2fa/")
    assert "Your account needs a second step" in page.content.decode()


def test_the_pages_that_set_it_up_are_open_and_so_is_the_way_out(bound_person, browser):
    sign_in_by_form(browser)
    assert browser.get("/accounts/2fa/totp/activate/").status_code == 200
    assert browser.get("/accounts/email/").status_code == 200
    assert browser.get("/").status_code == 302
    assert browser.post("/accounts/logout/")["Location"] == "/"


def test_once_set_up_all_is_open(bound_person, browser):
    sign_in_by_form(browser)
    assert is_sent_to_enrol(browser.get("/dashboard/"))
    enrol_totp(bound_person)
    assert browser.get("/dashboard/").status_code == 200
    assert exchange(browser).status_code == 200


def test_no_token_comes_out_of_any_call(bound_person, api, browser):
    answer = api.sign_in()
    assert (answer.status_code, answer.json()["code"]) == (403, CODE)
    assert answer.json()["enrol_url"].endswith("/accounts/2fa/")
    body = {"email": "maya@example.org", "password": "correct horse battery"}
    headless = api.post("/_allauth/app/v1/auth/login", body)
    assert headless.status_code == 403
    assert [e["code"] for e in headless.json()["errors"]] == [CODE]
    assert "session_token" not in headless.json().get("meta", {})
    assert not Session.objects.exists()
    sign_in_by_form(browser)
    answer = exchange(browser)
    assert (answer.status_code, answer.json()["code"]) == (403, CODE)
    assert not Family.objects.exists()
    assert Event.objects.filter(action=Action.ENROLMENT_REQUIRED).count() == 3


def test_a_wrong_password_does_not_learn_of_the_rule(bound_person, api):
    answer = api.sign_in(password="wrong")
    assert (answer.status_code, answer.json()["code"]) == (401, "no_active_account")


def test_with_a_factor_the_second_step_gives_tokens(bound_person, api):
    app = enrol_totp(bound_person)
    pending = api.sign_in().json()["pending_token"]
    answer = api.post("/api/token/mfa/", {"pending_token": pending, "code": app.code()})
    assert answer.status_code == 200


def test_a_rule_that_comes_later_stops_the_next_refresh_and_ends_nothing(
    make_person, api
):
    user = make_person()
    pair = api.tokens()
    strict_group(user)
    for path, body in (
        ("/api/token/refresh/", {"refresh": pair["refresh"]}),
        ("/_allauth/app/v1/tokens/refresh", {"refresh_token": pair["refresh"]}),
    ):
        answer = api.post(path, body)
        assert answer.status_code == 403
        assert CODE in answer.content.decode()
    enrol_totp(user)
    assert api.refresh(pair["refresh"]).status_code == 200


def test_others_are_not_asked(make_person, api, browser):
    make_person()
    strict_group(make_person("noor@example.org"))
    sign_in_by_form(browser)
    assert browser.get("/dashboard/").status_code == 200
    assert Api().sign_in().status_code == 200


def test_a_group_may_ask_it_of_staff_at_the_admin_too(make_person, browser, settings):
    settings.STAFF_MFA_REQUIRED = False
    user = make_person(is_staff=True, is_superuser=True)
    sign_in_by_form(browser)
    assert browser.get("/admin/").status_code == 200
    strict_group(user)
    answer = browser.get("/admin/", follow=True)
    assert answer.redirect_chain[-1][0].startswith("/accounts/2fa/totp/activate/")
    enrol_totp(user)
    answer = browser.get("/admin/", follow=True)
    assert answer.redirect_chain[-1][0].startswith("/accounts/2fa/reauthenticate/")


def test_an_owner_sets_the_rule_on_the_group_s_page(owner):
    group = Group.objects.create(name="Finance")
    page = owner.get(f"/admin/auth/group/{group.pk}/change/").content.decode()
    assert "Second step required" in page
    form = {
        "name": "Finance",
        "policy-TOTAL_FORMS": "1",
        "policy-INITIAL_FORMS": "0",
        "policy-0-group": group.pk,
        "policy-0-second_factor_required": "on",
    }
    answer = owner.post(f"/admin/auth/group/{group.pk}/change/", form)
    assert answer.status_code == 302
    assert GroupPolicy.objects.get(group=group).second_factor_required


SHUT = (
    ("get", "auth/sessions"),
    ("delete", "auth/sessions"),
    ("post", "account/password/change"),
    ("get", "account/providers"),
)
OPEN = (("get", "auth/session"), ("get", "account/authenticators"), ("get", "config"))


def test_calls_with_the_browser_s_session_are_shut_too(bound_person, browser):
    sign_in_by_form(browser)
    for method, call in SHUT:
        sent = {"content_type": "application/json"} if method == "post" else {}
        answer = getattr(browser, method)(f"/_allauth/browser/v1/{call}", **sent)
        assert answer.status_code == 403, call
        assert [e["code"] for e in answer.json()["errors"]] == [CODE]
    for method, call in OPEN:
        answer = getattr(browser, method)(f"/_allauth/browser/v1/{call}")
        assert answer.status_code == 200, call
    enrol_totp(bound_person)
    assert browser.get("/_allauth/browser/v1/auth/sessions").status_code == 200
