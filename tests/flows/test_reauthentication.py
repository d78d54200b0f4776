"""Proof is asked for again after five minutes: on each page and by each call."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any

import pytest
from allauth.account.models import EmailAddress
from allauth.core import context
from allauth.mfa.models import Authenticator
from allauth.socialaccount.internal.flows.connect import connect
from allauth.socialaccount.models import SocialAccount, SocialLogin
from django.test import RequestFactory

from accounts.models import User
from tests.fixtures import Authenticator as App
from tests.fixtures import code_in, deliver_mail, enrol_totp, sign_in_by_form
from tests.flows.two_doors import EMAIL, PROOF_PAGES, Page, Program, later

pytestmark = pytest.mark.django_db(transaction=True)
OTHER, NEW = "other@example.org", "new@example.org"


@pytest.fixture(autouse=True)
def ways_in(settings):
    settings.ACCOUNT_LOGIN_BY_CODE_ENABLED = True
    settings.SOCIALACCOUNT_PROVIDERS = {
        "google": {"APPS": [{"client_id": "gid", "secret": "s"}]}
    }


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


def test_the_old_address_is_told_of_the_new_one(make_person, browser, api):
    make_person()
    sign_in_by_form(browser)
    browser.post("/accounts/email/", {"action_add": "", "email": NEW})
    code = code_in(deliver_mail()[-1])
    browser.post("/accounts/confirm-email/", {"code": code})
    told = [mail for mail in deliver_mail() if mail.to == [EMAIL]]
    assert f"from {EMAIL} to {NEW}" in told[-1].body
