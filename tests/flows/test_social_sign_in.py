"""social_sign_in: the button, the provider over real HTTP, the same pipeline."""

from __future__ import annotations

import pytest
from allauth.account.models import EmailAddress
from allauth.socialaccount.models import SocialAccount
from django.test import Client

from accounts.audit.models import Action, Event
from accounts.models import User
from authsite import social
from tests.fixtures import (
    code_in,
    deliver_mail,
    enrol_totp,
    exchange,
    second_step,
    sign_in_by_form,
)
from tests.standins.fixtures import (
    come_back,
    query_of,
    sign_in_by,
    start,
)

pytestmark = pytest.mark.django_db
BOTH = pytest.mark.parametrize("provider", ["google", "github"])
#: The mail worker sees what is committed.
WITH_MAIL = pytest.mark.django_db(transaction=True)
CODE_PAGE = "/accounts/confirm-email/"
SIGN_UP_PAGE = "/accounts/3rdparty/signup/"
#: misfortune → status and words of the page that explains it; nobody is signed in.
REFUSALS = {
    "wrong_state": (400, "too old"),
    "expired": (401, "could not confirm"),
    "error_500": (502, "no answer"),
    "garbage": (401, "could not confirm"),
}
ID_TOKEN_REFUSALS = (
    *("wrong_nonce", "foreign_issuer", "wrong_audience", "rotated_key"),
    *("no_kid", "unsigned", "expired_id_token"),
)


def is_signed_in(browser: Client) -> bool:
    return bool(browser.get("/dashboard/").status_code == 200)


def refused(answer, browser, status, words):
    assert answer.status_code == status, answer.content.decode()[-1500:]
    page = answer.content.decode()
    assert "You were not signed in" in page
    assert words in page
    assert 'href="/accounts/login/"' in page
    assert not is_signed_in(browser)
    assert not User.objects.exists()
    assert not SocialAccount.objects.exists()


@BOTH
def test_a_new_person_signs_in_and_then_again(providers, browser, provider):
    answer = sign_in_by(providers, browser, provider, sub="42")
    assert (answer.status_code, answer["Location"]) == (302, "/dashboard/")
    person = User.objects.get()
    assert (person.email, person.name) == ("maya@example.org", "Maya Lindqvist")
    assert not person.has_usable_password()
    assert EmailAddress.objects.get().verified
    account = SocialAccount.objects.get()
    assert (account.provider, account.uid) == (provider, "42")
    assert not {"nonce", "at_hash", "two_factor_authentication"} & {*account.extra_data}
    event = Event.objects.filter(action=Action.SIGN_IN).latest("pk")
    assert event.method == provider
    again = Client(SERVER_NAME="localhost")
    sign_in_by(providers, again, provider, sub="42")
    assert is_signed_in(again)
    assert User.objects.count() == 1


@BOTH
def test_the_session_gets_tokens_like_any_other(providers, browser, provider, api):
    sign_in_by(providers, browser, provider)
    pair = exchange(browser)
    assert pair.status_code == 200, pair.content
    me = api.get("/api/me/", pair.json()["access"]).json()
    assert (me["email"], me["amr"]) == ("maya@example.org", ["fed"])


@BOTH
def test_what_is_asked_for(providers, browser, provider):
    asked = query_of(start(browser, provider))
    assert asked["response_type"] == "code"
    assert asked["code_challenge_method"] == "S256"
    assert len(asked["code_challenge"]) == 43
    assert (
        asked["redirect_uri"] == f"http://localhost/accounts/{provider}/login/callback/"
    )
    scopes = {
        "google": {"openid", "profile", "email"},
        "github": {"read:user", "user:email"},
    }
    assert set(asked["scope"].split()) == scopes[provider]
    assert ("nonce" in asked) is (provider == "google")


@BOTH
def test_back_to_where_one_wanted_to_go(providers, browser, provider):
    login = browser.get("/accounts/login/?next=/profile/").content.decode()
    query = "process=login&amp;next=%2Fprofile%2F"
    assert f'action="/accounts/{provider}/login/?{query}"' in login
    sign_up = browser.get("/accounts/signup/?next=/profile/").content.decode()
    assert f'action="/accounts/{provider}/login/?{query}"' in sign_up
    page = start(browser, provider, "process=login&next=/profile/")
    answer = come_back(browser, providers.consent(page))
    assert answer["Location"] == "/profile/"


@BOTH
def test_the_second_step_is_asked_for(providers, browser, provider):
    sign_in_by(providers, browser, provider)
    app = enrol_totp(User.objects.get())
    again = Client(SERVER_NAME="localhost")
    answer = sign_in_by(providers, again, provider)
    assert answer["Location"].startswith("/accounts/2fa/authenticate/")
    assert not is_signed_in(again)
    second_step(again, app.code())
    assert is_signed_in(again)


@BOTH
def test_a_person_who_refuses(providers, browser, provider):
    answer = sign_in_by(providers, browser, provider, "denied")
    assert answer["Location"] == "/accounts/3rdparty/login/cancelled/"
    refused(browser.get(answer["Location"]), browser, 200, "You stopped on the way")


@BOTH
@pytest.mark.parametrize("misfortune", REFUSALS)
def test_what_goes_wrong_is_explained(providers, browser, provider, misfortune):
    answer = sign_in_by(providers, browser, provider, misfortune)
    refused(answer, browser, *REFUSALS[misfortune])


@pytest.mark.parametrize("misfortune", ID_TOKEN_REFUSALS)
def test_an_id_token_that_is_not_right(providers, browser, misfortune):
    answer = sign_in_by(providers, browser, "google", misfortune)
    refused(answer, browser, 401, "could not confirm")


@BOTH
def test_a_provider_that_is_slow(providers, browser, provider, settings):
    settings.SOCIALACCOUNT_REQUESTS_TIMEOUT = 0.3
    answer = sign_in_by(providers, browser, provider, "slow")
    refused(answer, browser, 504, "no answer")


@BOTH
def test_a_provider_that_is_away(providers, browser, provider, settings):
    page = start(browser, provider)
    back = providers.consent(page)
    name = "ACCESS_TOKEN_URL" if provider == "google" else "GITHUB_URL"
    settings.SOCIALACCOUNT_PROVIDERS[provider][name] = "http://127.0.0.1:9"
    refused(come_back(browser, back), browser, 502, "no answer")


def test_a_provider_that_says_so_itself(providers, browser):
    state = query_of(start(browser))["state"]
    path = "/accounts/google/login/callback/"
    answer = browser.get(f"{path}?error=temporarily_unavailable&state={state}")
    refused(answer, browser, 502, "no answer")


@WITH_MAIL
@pytest.mark.parametrize(
    ("provider", "misfortune"),
    [("google", "unverified"), ("google", "text_for_true"), ("github", "unverified")],
)
def test_an_address_that_the_provider_does_not_vouch_for(
    providers, browser, provider, misfortune
):
    answer = sign_in_by(providers, browser, provider, misfortune)
    assert answer["Location"] == CODE_PAGE
    assert not is_signed_in(browser)
    assert not User.objects.exists()
    browser.post(CODE_PAGE, {"code": code_in(deliver_mail()[-1])})
    assert is_signed_in(browser)


@BOTH
@WITH_MAIL
def test_no_address_is_asked_for_and_verified(providers, browser, provider):
    answer = sign_in_by(providers, browser, provider, "no_email")
    assert answer["Location"] == SIGN_UP_PAGE
    page = browser.get(SIGN_UP_PAGE).content.decode()
    name = {"google": "Google", "github": "GitHub"}[provider]
    assert f"{name} did not tell us one" in page
    assert browser.post(SIGN_UP_PAGE, {"email": "no address"}).status_code == 200
    answer = browser.post(SIGN_UP_PAGE, {"email": "Typed@Example.org"})
    assert answer["Location"] == CODE_PAGE
    assert not is_signed_in(browser)
    assert not User.objects.exists()
    browser.post(CODE_PAGE, {"code": code_in(deliver_mail()[-1])})
    assert is_signed_in(browser)
    assert User.objects.get().email == "typed@example.org"


@BOTH
@WITH_MAIL
def test_no_address_and_then_somebody_elses(providers, browser, provider, make_person):
    make_person("taken@example.org")
    sign_in_by(providers, browser, provider, "no_email")
    answer = browser.post(SIGN_UP_PAGE, {"email": "taken@example.org"})
    assert answer["Location"] == CODE_PAGE  # as for an address that is free
    assert not SocialAccount.objects.exists()
    assert "already" in deliver_mail()[-1].body
    assert not is_signed_in(browser)


@BOTH
def test_the_account_counts_and_not_the_address(providers, browser, provider):
    sign_in_by(providers, browser, provider, sub="42")
    again = Client(SERVER_NAME="localhost")
    sign_in_by(providers, again, provider, "changed_email", sub="42")
    assert is_signed_in(again)
    assert User.objects.get().email == "maya@example.org"
    other = Client(SERVER_NAME="localhost")
    answer = sign_in_by(providers, other, provider, "other_subject", sub="42")
    assert answer["Location"] == CODE_PAGE  # it looks as if a code had been sent
    assert not is_signed_in(other)
    assert User.objects.count() == 1
    assert SocialAccount.objects.count() == 1


@BOTH
def test_a_look_alike_address_is_none(providers, browser, provider):
    answer = sign_in_by(providers, browser, provider, email="\u212aim@example.org")
    assert answer["Location"] == SIGN_UP_PAGE


def test_closed_sign_up_is_closed_here_too(providers, browser, settings):
    settings.ACCOUNT_SIGNUP_ENABLED = False
    answer = sign_in_by(providers, browser)
    assert "Sign-up is closed" in answer.content.decode()
    assert not User.objects.exists()


def test_a_disabled_person_stays_out(providers, browser):
    sign_in_by(providers, browser)
    User.objects.update(is_active=False)
    again = Client(SERVER_NAME="localhost")
    sign_in_by(providers, again)
    assert not is_signed_in(again)


def test_buttons_are_there_for_what_is_configured(providers, browser, settings):
    page = browser.get("/accounts/login/").content.decode()
    assert page.count("Continue with ") == 2
    assert "Demo: here GitHub and Google are stand-ins" in page
    del settings.SOCIALACCOUNT_PROVIDERS["github"]["APPS"]
    page = browser.get("/accounts/login/").content.decode()
    assert "Continue with Google" in page
    assert "GitHub" not in page
    settings.SOCIALACCOUNT_PROVIDERS["google"] = social.google("id", "secret")
    assert "Demo" not in browser.get("/accounts/login/").content.decode()
    del settings.SOCIALACCOUNT_PROVIDERS["google"]["APPS"]
    page = browser.get("/accounts/signup/").content.decode()
    assert "Continue with G" not in page


@BOTH
def test_last_used_is_marked_after_signing_out(providers, browser, provider):
    assert "Last used" not in browser.get("/accounts/login/").content.decode()
    sign_in_by(providers, browser, provider)
    cookie = browser.cookies["last-used"]
    assert cookie.value == provider  # the way alone, nobody's name
    assert (cookie["httponly"], cookie["samesite"]) == (True, "Lax")
    assert cookie["max-age"] == 365 * 24 * 3600
    browser.post("/accounts/logout/")
    page = browser.get("/accounts/login/").content.decode()
    name = {"google": "Google", "github": "GitHub"}[provider]
    assert page.count("Last used") == 1
    assert (
        page.index(f"with {name}")
        < page.index("Last used")
        < page.index("</button>", page.index(f"with {name}"))
    )


def test_last_used_knows_the_password_and_no_other_word(
    providers, browser, make_person
):
    make_person()
    sign_in_by_form(browser)
    assert browser.cookies["last-used"].value == "password"
    browser.post("/accounts/logout/")
    page = browser.get("/accounts/login/").content.decode()
    assert page.index("or with your password") < page.index("Last used")
    browser.cookies["last-used"] = "<script>"
    page = browser.get("/accounts/login/").content.decode()
    assert "Last used" not in page
    assert "&lt;script" not in page


def begin_headless(browser, provider="google"):
    """As a single-page app does: a form whose answer leads to the provider."""
    answer = browser.post(
        "/_allauth/browser/v1/auth/provider/redirect",
        {"provider": provider, "process": "login", "callback_url": "/profile/"},
    )
    assert answer.status_code == 302, answer.content
    return answer["Location"]


@pytest.mark.parametrize(
    ("misfortune", "error"),
    [
        ("", ""),
        ("denied", "cancelled"),
        ("error_500", "unknown"),
        ("garbage", "unknown"),
    ],
)
def test_a_client_of_the_headless_api_is_sent_back(
    providers, browser, misfortune, error
):
    page = begin_headless(browser)
    answer = come_back(browser, providers.consent(page, misfortune))
    assert answer["Location"].partition("?")[0] == "/profile/"
    assert query_of(answer["Location"]).get("error", "") == error
    assert is_signed_in(browser) is (not error)


@pytest.mark.parametrize(
    "changes",
    [
        {"callback_url": "https://evil.example/"},
        {"provider": "nobody"},
        {"process": "redirect"},
    ],
)
def test_a_client_that_asks_wrongly_is_sent_nowhere(providers, browser, changes):
    form = {"provider": "google", "process": "login", "callback_url": "/", **changes}
    answer = browser.post("/_allauth/browser/v1/auth/provider/redirect", form)
    assert answer.status_code == 401
