"""One token, one audience: asked for by each call, refused by everybody else."""

from __future__ import annotations

import pytest

from accounts.audit.models import Event
from accounts.tokens.models import Family
from tests.fixtures import PASSWORD, enrol_totp, later, sign_in_by_form
from tests.flows.test_api_sign_in import claims

pytestmark = pytest.mark.django_db(transaction=True)
BILLING, ORDERS = "https://billing.example", "orders"
BODY = {"email": "maya@example.org", "password": PASSWORD}
#: None of these is on the list.
ODD = (
    "https://elsewhere.example", "", " ", f"{BILLING}/", BILLING.upper(), "x" * 600,
    f"{BILLING},{ORDERS}", [BILLING], {"a": 1}, 1, True, None,
)  # fmt: skip


@pytest.fixture(autouse=True)
def offered(settings):
    settings.JWT_AUDIENCES = (settings.SITE_URL, BILLING, ORDERS)
    return settings.JWT_AUDIENCES


def aud(tokens):
    return claims(tokens["access"])["aud"]


def refused(answer):
    """Whether an audience was refused, and nothing else was looked at."""
    assert (answer.status_code, answer.json()["code"]) == (400, "invalid")
    assert answer.json()["errors"].keys() == {"audience"}
    return True


def test_a_sign_in_is_for_the_audience_it_asks_for_or_for_us(make_person, api, offered):
    make_person()
    assert aud(api.post("/api/token/", BODY).json()) == offered[0]
    for audience in offered:
        tokens = api.post("/api/token/", {**BODY, "audience": audience}).json()
        assert aud(tokens) == audience
        issuer = claims(tokens["access"])["iss"]
        assert claims(tokens["refresh"])["aud"] == issuer
        assert claims(tokens["session_token"])["aud"] == f"{issuer}/account"


def test_so_is_a_second_step(make_person, api):
    app = enrol_totp(make_person())
    body = {"pending_token": api.sign_in().json()["pending_token"], "code": app.code()}
    for odd in ODD:
        assert refused(api.post("/api/token/mfa/", {**body, "audience": odd}))
    # The code was not spent on those.
    done = api.post("/api/token/mfa/", {**body, "audience": BILLING})
    assert aud(done.json()) == BILLING


def test_so_is_a_page_s_exchange(make_person, browser, offered):
    make_person()
    sign_in_by_form(browser)

    def exchange(body):
        path = "/api/token/session/"
        return browser.post(path, body, content_type="application/json")

    assert aud(exchange({}).json()) == offered[0]
    assert aud(browser.generic("POST", "/api/token/session/").json()) == offered[0]
    assert aud(exchange({"audience": ORDERS}).json()) == ORDERS
    families = Family.objects.count()
    for odd in ODD:
        assert refused(exchange({"audience": odd}))
    assert Family.objects.count() == families


def test_a_refresh_names_its_own_and_remembers_none(make_person, api, offered):
    make_person()
    tokens = api.post("/api/token/", {**BODY, "audience": BILLING}).json()
    for asked in ({}, {"audience": ORDERS}, {}, {"audience": BILLING}):
        tokens = api.refresh(tokens["refresh"], **asked).json()
        assert aud(tokens) == asked.get("audience", offered[0])


def test_an_unknown_one_spends_no_refresh_token(make_person, api):
    make_person()
    refresh = api.tokens()["refresh"]
    for odd in ODD:
        assert refused(api.refresh(refresh, audience=odd))
    assert Family.objects.get().generation == 1
    with later(minutes=1):
        assert api.refresh(refresh).status_code == 200


def test_an_unknown_one_is_said_before_any_credential_is_looked_at(make_person, api):
    make_person()
    events = Event.objects.count()
    answers = set()
    for password in (PASSWORD, "wrong"):
        for email in (BODY["email"], "nobody@example.org"):
            for _ in range(6):  # more than may fail
                body = {"email": email, "password": password, "audience": "unknown"}
                answer = api.post("/api/token/", body)
                assert refused(answer)
                answers.add(answer.content)
    assert len(answers) == 1
    assert (Family.objects.count(), Event.objects.count()) == (0, events)
    assert api.sign_in().status_code == 200


@pytest.mark.parametrize("audience", ["account", "admin"])
def test_nobody_can_ask_for_an_audience_of_our_own(
    make_person, api, settings, audience
):
    make_person()
    asked = f"{settings.JWT_ISSUER}/{audience}"
    assert refused(api.post("/api/token/", {**BODY, "audience": asked}))
    assert refused(api.refresh(api.tokens()["refresh"], audience=asked))


def test_a_repeat_is_the_same_bytes_for_each_audience(make_person, api, offered):
    make_person()
    refresh = api.tokens()["refresh"]
    first = {one: api.refresh(refresh, audience=one) for one in offered}
    again = {one: api.refresh(refresh, audience=one) for one in reversed(offered)}
    for one in offered:
        assert first[one].content == again[one].content
        assert aud(first[one].json()) == one
    assert first[offered[0]].content == api.refresh(refresh).content
    found = [answer.json() for answer in first.values()]
    assert len({tokens["refresh"] for tokens in found}) == 1
    assert len({tokens["session_token"] for tokens in found}) == 1
    assert len({claims(tokens["access"])["jti"] for tokens in found}) == 3
    assert Family.objects.get().generation == 2


@pytest.mark.parametrize("path", ["/api/me/", "/api/protected-route/"])
def test_our_own_api_takes_tokens_for_us_alone(make_person, api, path):
    make_person()
    for audience in (BILLING, ORDERS):
        tokens = api.post("/api/token/", {**BODY, "audience": audience}).json()
        for _ in range(2):  # cold, then with a signature that is remembered
            answer = api.get(path, tokens["access"])
            assert answer.status_code == 401
            assert answer.json()["code"] == "token_not_valid"
            # Its signature is known to hold from now on, and that is not enough.
            body = {"token": tokens["access"]}
            assert api.post("/api/token/verify/", body).status_code == 200
    ours = api.refresh(tokens["refresh"]).json()
    assert api.get(path, ours["access"]).status_code == 200


def test_verify_takes_no_token_for_one_that_is_no_longer_offered(
    make_person, api, settings
):
    make_person()
    tokens = api.post("/api/token/", {**BODY, "audience": BILLING}).json()
    settings.JWT_AUDIENCES = (settings.SITE_URL, ORDERS)
    answer = api.post("/api/token/verify/", {"token": tokens["access"]})
    assert (answer.status_code, answer.json()["code"]) == (401, "token_not_valid")


def test_headless_takes_no_audience(make_person, api, offered):
    make_person()
    app = "/_allauth/app/v1"
    done = api.post(f"{app}/auth/login", {**BODY, "audience": BILLING}).json()["meta"]
    assert claims(done["access_token"])["aud"] == offered[0]
    body = {"refresh_token": done["refresh_token"], "audience": BILLING}
    done = api.post(f"{app}/tokens/refresh", body).json()["data"]
    assert claims(done["access_token"])["aud"] == offered[0]
