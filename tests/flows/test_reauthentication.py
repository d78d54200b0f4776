"""Proof is asked for again after five minutes: each action, on its page and by a call.

Whoever has neither password nor factor proves themselves by a mailed code.
"""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Callable
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any

import pytest
import time_machine
from allauth.account.models import EmailAddress
from allauth.core import context
from allauth.mfa.models import Authenticator
from allauth.socialaccount.internal.flows.connect import connect
from allauth.socialaccount.models import SocialAccount, SocialLogin
from django.test import RequestFactory
from django.utils import timezone

from accounts.models import User
from tests.fixtures import Authenticator as App
from tests.fixtures import code_in, deliver_mail, enrol_totp, sign_in_by_form

pytestmark = pytest.mark.django_db(transaction=True)
EMAIL, OTHER, NEW = "maya@example.org", "other@example.org", "new@example.org"
API = "/_allauth/app/v1"
PROOF = "/accounts/reauthenticate/code/"
PROOF_PAGES = ("/accounts/reauthenticate/", "/accounts/2fa/reauthenticate/")
STALE = dt.timedelta(minutes=5, seconds=5)


@pytest.fixture(autouse=True)
def ways_in(settings):
    settings.ACCOUNT_LOGIN_BY_CODE_ENABLED = True
    settings.SOCIALACCOUNT_PROVIDERS = {
        "google": {"APPS": [{"client_id": "gid", "secret": "s"}]}
    }


def later(delta=STALE):
    return time_machine.travel(timezone.now() + delta, tick=True)


class Page:
    """The person in a browser."""

    def __init__(self, browser: Any, api: Any) -> None:
        self.browser = browser

    def sign_in(self, user: User, app: App | None) -> None:
        """By password where there is one, else by code; and the second step."""
        if user.has_usable_password():
            sign_in_by_form(self.browser)
        else:
            self.browser.post("/accounts/login/code/", {"email": EMAIL})
            code = code_in(deliver_mail()[-1])
            self.browser.post("/accounts/login/code/confirm/", {"code": code})
        if app:
            self.browser.post("/accounts/2fa/authenticate/", {"code": app.code(-1)})
        assert self.browser.get("/dashboard/").status_code == 200

    def renew(self, before: Page) -> None:
        """The same browser later: nothing to do."""

    def __call__(self, path: str, body: dict[str, str] | None = None) -> Any:
        if body is None:
            return self.browser.get(path)
        return self.browser.post(path, body)

    def asks(self, answer: Any) -> bool:
        """Whether this is the way to a page that asks for proof."""
        return answer.status_code == 302 and answer["Location"].startswith(PROOF_PAGES)


class Program:
    """The person in an app."""

    def __init__(self, browser: Any, api: Any) -> None:
        self.api = api

    def sign_in(self, user: User, app: App | None) -> None:
        """The same by calls."""
        if user.has_usable_password():
            done = self.api.sign_in().json()
            token = done.get("pending_token")
        else:
            asked = self.api.post(f"{API}/auth/code/request", {"email": EMAIL})
            token = asked.json()["meta"]["session_token"]
            body = {"code": code_in(deliver_mail()[-1])}
            done = self.api.post(
                f"{API}/auth/code/confirm", body, x_session_token=token
            ).json()
        if app:
            body = {"pending_token": token, "code": app.code(-1)}
            done = self.api.post("/api/token/mfa/", body).json()
        meta = done.get("meta", {})
        self.refresh = done.get("refresh") or meta["refresh_token"]
        self.renew(self)

    def renew(self, before: Program) -> None:
        """The same app later: access tokens live as long as a proof."""
        pair = self.api.refresh(before.refresh).json()
        self.refresh, self.access = pair["refresh"], pair["access"]

    def __call__(self, method: str, path: str, body: Any = None) -> Any:
        return self.api.client().generic(
            method,
            f"{API}/{path}",
            json.dumps(body or {}),
            content_type="application/json",
            headers={"authorization": f"Bearer {self.access}"},
        )

    def asks(self, answer: Any) -> bool:
        """Whether allauth's answer names flows to prove oneself by."""
        if answer.status_code != 401:
            return False
        body = answer.json()
        assert body["meta"]["is_authenticated"]
        return any("reauthenticate" in one["id"] for one in body["data"]["flows"])


@dataclass(frozen=True)
class Action:
    """Something that matters: on a page, and by a call."""

    page: Callable[[Page, SimpleNamespace], Any]
    call: Callable[[Program, SimpleNamespace], Any]
    password: bool = True
    totp: bool = False
    #: Whether the person is told at once. A new address is told when it is proven.
    tells: bool = True


def activate(secret_of: Callable[[], str]) -> dict[str, str]:
    return {"code": App(secret_of()).code()}


def secret_on(page: Page) -> str:
    answer = page("/accounts/2fa/totp/activate/")
    return answer.context["form"].secret if answer.status_code == 200 else "A" * 32


def secret_by(program: Program) -> str:
    found = program("GET", "account/authenticators/totp").json()
    return str(found["meta"]["secret"])


TOTP, CODES = "account/authenticators/totp", "account/authenticators/recovery-codes"
ACTIONS = {
    "add an address": Action(
        lambda page, _: page("/accounts/email/", {"action_add": "", "email": NEW}),
        lambda call, _: call("POST", "account/email", {"email": NEW}),
        tells=False,
    ),
    "remove an address": Action(
        lambda page, _: page("/accounts/email/", {"action_remove": "", "email": OTHER}),
        lambda call, _: call("DELETE", "account/email", {"email": OTHER}),
    ),
    "make an address the primary one": Action(
        lambda page, _: page(
            "/accounts/email/", {"action_primary": "", "email": OTHER}
        ),
        lambda call, _: call(
            "PATCH", "account/email", {"email": OTHER, "primary": True}
        ),
    ),
    "set a first password": Action(
        lambda page, _: page("/accounts/password/set/", {"password1": "a new one 99"}),
        lambda call, _: call(
            "POST", "account/password/change", {"new_password": "a new one 99"}
        ),
        password=False,
    ),
    "turn an authenticator on": Action(
        lambda page, _: page(
            "/accounts/2fa/totp/activate/", activate(lambda: secret_on(page))
        ),
        lambda call, _: call("POST", TOTP, activate(lambda: secret_by(call))),
    ),
    "turn it off": Action(
        lambda page, _: page("/accounts/2fa/totp/deactivate/", {}),
        lambda call, _: call("DELETE", TOTP),
        totp=True,
    ),
    "see recovery codes": Action(
        lambda page, _: page("/accounts/2fa/recovery-codes/"),
        lambda call, _: call("GET", CODES),
        totp=True,
        tells=False,
    ),
    "make recovery codes": Action(
        lambda page, _: page("/accounts/2fa/recovery-codes/generate/", {}),
        lambda call, _: call("POST", CODES),
        totp=True,
    ),
    "disconnect a provider": Action(
        lambda page, of: page("/accounts/3rdparty/", {"account": of.social.pk}),
        lambda call, of: call(
            "DELETE", "account/providers", {"provider": "google", "account": "uid-1"}
        ),
    ),
}
ACTIONS["disconnect a provider, without a password"] = Action(
    # Another stays, so that they can still get in.
    ACTIONS["disconnect a provider"].page,
    ACTIONS["disconnect a provider"].call,
    password=False,
)


@pytest.fixture
def prepare(make_person: Any) -> Callable[[Action], SimpleNamespace]:
    """A person for an action."""

    def made(action: Action) -> SimpleNamespace:
        user = make_person(**({} if action.password else {"password": None}))
        EmailAddress.objects.create(user=user, email=OTHER, verified=True)
        social, _ = (
            SocialAccount.objects.create(user=user, provider="google", uid=uid)
            for uid in ("uid-1", "uid-2")
        )
        app = enrol_totp(user) if action.totp else None
        return SimpleNamespace(user=user, app=app, social=social)

    return made


def picture(user: User) -> list[Any]:
    """All that these actions change."""
    return [
        list(EmailAddress.objects.order_by("pk").values_list("email", "primary")),
        list(Authenticator.objects.order_by("pk").values_list("pk", "type")),
        list(SocialAccount.objects.order_by("pk").values_list("uid")),
        User.objects.get(pk=user.pk).password,
    ]


@pytest.mark.parametrize("door", [Page, Program])
@pytest.mark.parametrize("name", ACTIONS)
def test_a_fresh_session_may_and_a_stale_one_is_asked(
    prepare, browser, api, name, door
):
    action = ACTIONS[name]
    of = prepare(action)
    person = door(browser, api)
    act = action.page if door is Page else action.call
    person.sign_in(of.user, of.app)
    before = picture(of.user)
    with later():
        old = door(browser, api)
        old.renew(person)
        deliver_mail().clear()
        assert old.asks(act(old, of)), name
        assert picture(of.user) == before
        assert deliver_mail() == []
    answer = act(person, of)
    assert not person.asks(answer), name
    assert answer.status_code in {200, 302}, answer.content
    told = [mail.to[0] for mail in deliver_mail()]
    assert (EMAIL in told) == action.tells, told


@pytest.mark.parametrize("password", [True, False])
def test_a_provider_is_connected_after_proof_alone(prepare, browser, api, password):
    of = prepare(Action(lambda *_: None, lambda *_: None, password=password))
    Page(browser, api).sign_in(of.user, None)

    def arrive():
        """What the callback does when the provider has answered."""
        request = RequestFactory(SERVER_NAME="localhost").get("/accounts/google/x/")
        request.session, request.user = browser.session, of.user
        request.allauth = SimpleNamespace()
        request._messages = SimpleNamespace(add=lambda *_, **__: None)
        account = SocialAccount(provider="google", uid="uid-3")
        social = SocialLogin(User(email=EMAIL), account)
        social.provider = account.get_provider(request)
        social.state = {"process": "connect"}
        with context.request_context(request):
            return connect(request, social)["Location"]

    def connected():
        return SocialAccount.objects.filter(uid="uid-3").exists()

    with later():
        assert arrive().startswith(PROOF_PAGES)
        assert not connected()
    assert arrive() == "/accounts/3rdparty/"
    assert connected()


def test_a_password_is_changed_by_whoever_knows_it(make_person, browser, api):
    make_person()
    page = Page(browser, api)
    page.sign_in(User.objects.get(), None)
    with later():
        body = {"oldpassword": "a guess", "password1": "a new one 99"}
        before = picture(User.objects.get())
        assert page("/accounts/password/change/", body).status_code == 200
        assert picture(User.objects.get()) == before


def test_the_old_address_is_told_of_the_new_one(make_person, browser, api):
    make_person()
    sign_in_by_form(browser)
    browser.post("/accounts/email/", {"action_add": "", "email": NEW})
    code = code_in(deliver_mail()[-1])
    browser.post("/accounts/confirm-email/", {"code": code})
    told = [mail for mail in deliver_mail() if mail.to == [EMAIL]]
    assert f"from {EMAIL} to {NEW}" in told[-1].body


@pytest.fixture
def by_provider(prepare, browser, api):
    """Somebody whom a provider signs in: no password, no factor. On both doors."""
    of = prepare(ACTIONS["set a first password"])
    page, program = Page(browser, api), Program(browser, api)
    page.sign_in(of.user, None)
    program.sign_in(of.user, None)
    deliver_mail().clear()
    return SimpleNamespace(page=page, program=program, **vars(of))


def wrong(code):
    return code[:-1] + str((int(code[-1]) + 1) % 10)


def test_without_password_and_factor_a_mailed_code_is_the_proof(by_provider):
    page = by_provider.page
    with later():
        asked = page("/accounts/2fa/totp/activate/")
        assert (
            asked["Location"] == f"{PROOF}?next=%2Faccounts%2F2fa%2Ftotp%2Factivate%2F"
        )
        shown = page(asked["Location"])
        assert "We will send a code to" in shown.content.decode()
        assert deliver_mail() == []  # nothing is sent for a look
        page(asked["Location"], {"action": "send"})
        message = deliver_mail()[-1]
        assert message.to == [EMAIL]
        assert "/accounts/sessions/" in message.body
        code = code_in(message)
        refused = page(asked["Location"], {"code": wrong(code)})
        assert "does not fit" in refused.content.decode()
        done = page(asked["Location"], {"code": code})
        assert done["Location"] == "/accounts/2fa/totp/activate/"
        assert page("/accounts/2fa/totp/activate/").status_code == 200
    with later(2 * STALE):
        assert page.asks(page("/accounts/2fa/totp/activate/"))


def test_the_request_that_waited_for_proof_goes_on(by_provider):
    page = by_provider.page
    with later():
        body = {"account": by_provider.social.pk}
        asked = page("/accounts/3rdparty/", body)["Location"]
        page(asked, {"action": "send"})
        page(
            asked, {"code": code_in(deliver_mail()[-1]), "next": "/accounts/3rdparty/"}
        )
    assert not SocialAccount.objects.filter(pk=by_provider.social.pk).exists()


def test_no_password_waits_in_the_session_for_proof(by_provider):
    with later():
        by_provider.page("/accounts/password/set/", {"password1": "a new one 99"})
        assert "a new one 99" not in str(dict(by_provider.page.browser.session))


def test_an_app_proves_itself_the_same_way(by_provider):
    call = by_provider.program
    with later():
        call.renew(call)
        assert (
            call("POST", "auth/code/reauthenticate", {"code": "1"}).status_code == 409
        )
        assert call("POST", "auth/code/reauthenticate/request").status_code == 200
        code = code_in(deliver_mail()[-1])
        refused = call("POST", "auth/code/reauthenticate", {"code": wrong(code)})
        assert refused.status_code == 400
        done = call("POST", "auth/code/reauthenticate", {"code": code})
        assert done.status_code == 200
        assert done.json()["data"]["methods"][-1]["reauthenticated"]
        body = {"new_password": "a new one 99"}
        assert call("POST", "account/password/change", body).status_code == 200
        again = call("POST", "auth/code/reauthenticate", {"code": code})
        assert again.status_code in {401, 409}


def test_a_code_for_proof_has_five_tries_ten_minutes_and_one_session(
    by_provider, client
):
    page, call = by_provider.page, by_provider.program
    page(PROOF, {"action": "send"})
    code = code_in(deliver_mail()[-1])
    call("POST", "auth/code/reauthenticate/request")
    other = code_in(deliver_mail()[-1])
    assert call("POST", "auth/code/reauthenticate", {"code": code}).status_code == 400
    with later(dt.timedelta(minutes=10, seconds=5)):
        page(PROOF, {"code": code})
        assert page.asks(page("/accounts/2fa/totp/activate/"))
    page(PROOF, {"action": "send"})
    code = code_in(deliver_mail()[-1])
    for _ in range(3):
        assert page(PROOF, {"code": other}).status_code == 200
    with later():  # the counter of wrong codes is the one of all sign-ins: five
        for _ in range(2):
            page(PROOF, {"code": other})
        page(PROOF, {"code": code})
        assert page.asks(page("/accounts/2fa/totp/activate/"))


def test_whoever_has_a_password_gets_no_code_instead(make_person, browser, api):
    make_person()
    page, call = Page(browser, api), Program(browser, api)
    page.sign_in(User.objects.get(), None)
    call.sign_in(User.objects.get(), None)
    assert page(PROOF)["Location"] == "/accounts/reauthenticate/"
    assert call("POST", "auth/code/reauthenticate/request").status_code == 409
    assert deliver_mail() == []


def test_without_a_verified_address_nothing_is_let_through(by_provider):
    EmailAddress.objects.update(verified=False)
    with later():
        assert by_provider.page("/accounts/password/set/").status_code == 302
        assert by_provider.page(PROOF, {"action": "send"}).status_code == 403
        by_provider.program.renew(by_provider.program)
        call = by_provider.program
        assert call("POST", "auth/code/reauthenticate/request").status_code == 409
    assert deliver_mail() == []
