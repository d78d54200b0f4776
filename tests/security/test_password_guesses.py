"""Every check of a password goes through the adapter: counted and recorded."""

from __future__ import annotations

import ast
from pathlib import Path

import allauth
import pytest

from accounts.audit.models import Action, Event
from accounts.models import User
from accounts.pages.forms import ChangePasswordForm
from accounts.policy.current_password import CheckedPassword
from accounts.policy.headless import ChangePasswordInput
from tests.fixtures import PASSWORD, sign_in_by_form
from tests.flows.two_doors import Page, Program
from tests.security.first_party import guarded_calls

pytestmark = pytest.mark.django_db(transaction=True)
#: In allauth: the backend that the adapter drives, two that CheckedPassword replaces,
#: and an app that is not installed.
ASKERS = {
    "account/auth_backends.py:_check_password",
    "account/forms.py:clean_oldpassword",
    "headless/account/inputs.py:clean_current_password",
    "idp/oidc/models.py:check_secret",
}


def test_no_other_code_of_allauth_asks_for_a_password():
    """One that appears with an update has to be replaced as well."""
    root = Path(allauth.__file__).parent
    found = set()
    for file in root.rglob("*.py"):
        if "tests" in file.parts:
            continue
        for node in ast.walk(ast.parse(file.read_text())):
            if isinstance(node, ast.FunctionDef) and any(
                isinstance(one, ast.Call)
                and getattr(one.func, "attr", getattr(one.func, "id", ""))
                == "check_password"
                for one in ast.walk(node)
            ):
                found.add(f"{file.relative_to(root)}:{node.name}")
    assert found == ASKERS
    for form, name in (
        (ChangePasswordForm, "clean_oldpassword"),
        (ChangePasswordInput, "clean_current_password"),
    ):
        assert getattr(form, name) is getattr(CheckedPassword, name)


@pytest.mark.parametrize(
    "line",
    [
        "user.check_password(typed)",
        "ask = user.check_password",
        "getattr(user, 'check_password')(typed)",
        "from django.contrib.auth.hashers import check_password as right",
        "hashers.verify_password(typed, encoded)",
        "await user.acheck_password(typed)",
    ],
)
def test_our_own_code_may_not_name_such_a_check(tmp_path, line):
    app = tmp_path / "shop"
    app.mkdir()
    (app / "code.py").write_text(f"async def ask():\n    {line}\n")
    assert guarded_calls(tmp_path, [str(app)])


def guess(person, password, new="a new one 99"):
    if isinstance(person, Page):
        body = {"oldpassword": password, "password1": new}
        return person("/accounts/password/change/", body)
    body = {"current_password": password, "new_password": new}
    return person("POST", "account/password/change", body)


@pytest.mark.parametrize("door", [Page, Program])
def test_guesses_at_the_current_password_are_counted_with_all_others(
    make_person, browser, api, settings, door
):
    settings.ACCOUNT_RATE_LIMITS = {
        **settings.ACCOUNT_RATE_LIMITS, "change_password": "99/m/user"
    }  # fmt: skip
    user = make_person()
    person = door(browser, api)
    person.sign_in(user, None)
    for _ in range(5):
        answer = guess(person, "a guess")
        assert answer.status_code in {200, 400}
    wrong = Event.objects.filter(action=Action.SIGN_IN_FAILED, user=user.pk)
    assert wrong.count() == 5
    assert guess(person, PASSWORD).status_code in {429, 400}
    assert User.objects.get().password == user.password
    if door is Program:  # no browser of theirs: one bucket for both
        assert api.sign_in().status_code == 429


@pytest.mark.parametrize("door", [Page, Program])
def test_the_right_one_changes_it(make_person, browser, api, door):
    user = make_person()
    person = door(browser, api)
    person.sign_in(user, None)
    assert guess(person, PASSWORD).status_code in {200, 302}
    assert User.objects.get().password != user.password
    browser.post("/accounts/logout/")
    assert sign_in_by_form(browser, password="a new one 99").status_code == 302
