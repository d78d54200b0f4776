"""Advisories about accounts of others, each as a case of ours; see docs/advisories.md.

What has its own place is there: linking (flows/test_linking.py), providers
(test_social_attacks.py, test_provider_tokens.py), passkeys, second steps, codes.
"""

from __future__ import annotations

import time

import pytest
from allauth.mfa.models import Authenticator
from allauth.socialaccount.models import SocialAccount, SocialToken
from django.test import Client

from accounts.models import User
from tests.fixtures import PASSWORD, deliver_mail, sign_in_by_form

pytestmark = pytest.mark.django_db(transaction=True)
EMAIL = "maya@example.org"


def test_ghsa_x732_6j76_qmhm_better_auth_a_doubled_slash_is_no_way_round(
    make_person, api
):
    make_person()
    body = {"email": EMAIL, "password": "wrong"}
    for _ in range(5):
        api.post("/api/token/", body)
    assert api.post("/api/token/", body).status_code == 429
    for path in ("//api/token/", "/api//token/", "/./api/token/", "/api/token//"):
        answer = api.post(path, {"email": EMAIL, "password": PASSWORD})
        assert answer.status_code in {400, 404}, path
        assert b"access" not in answer.content


@pytest.mark.parametrize(
    "headers",
    [
        {"host": "evil.example"},
        {"x-forwarded-host": "evil.example"},
        {"forwarded": "host=evil.example"},
        {"x-forwarded-server": "evil.example"},
    ],
    ids=lambda headers: next(iter(headers)),
)
def test_cve_2025_71401_better_auth_ghsa_3529_supabase_no_header_chooses_a_link(
    make_person, headers
):
    make_person()
    Client(SERVER_NAME="localhost").post(
        "/accounts/password/reset/", {"email": EMAIL}, headers=headers
    )
    letters = deliver_mail()
    assert bool(letters) == ("host" not in headers)
    for letter in letters:
        assert "evil.example" not in letter.body
        assert "http://localhost/accounts/password/reset/key/" in letter.body


def test_allauth_0_55_0_adding_an_address_tells_nothing(make_person, browser):
    make_person()
    make_person("taken@example.org")
    sign_in_by_form(browser)
    pages = []
    for email in ("taken@example.org", "free@example.org"):
        answer = browser.post("/accounts/email/", {"action_add": "", "email": email})
        pages.append((answer.status_code, answer["Location"]))
        browser.post("/accounts/confirm-email/", {"action": "cancel"})
    assert pages[0] == pages[1]


def test_allauth_65_8_1_a_good_sign_in_forgives_no_guesses_at_others(make_person, api):
    make_person()
    for number in range(9):
        api.sign_in(f"guessed{number}@example.org", "wrong")
    assert api.sign_in().status_code == 200
    api.sign_in("guessed9@example.org", "wrong")
    assert api.sign_in("guessed10@example.org", "wrong").status_code == 429


def test_allauth_65_11_1_no_password_is_an_unusable_one(providers, browser):
    from tests.standins.fixtures import sign_in_by

    sign_in_by(providers, browser)
    stored = User.objects.get().password
    assert stored.startswith("!")
    for password in ("", " ", stored):
        assert sign_in_by_form(Client(), EMAIL, password).status_code == 200


def test_allauth_0_63_4_no_token_of_a_provider_is_kept(providers, browser):
    from tests.standins.fixtures import sign_in_by

    sign_in_by(providers, browser)
    assert SocialAccount.objects.count() == 1
    assert not SocialToken.objects.exists()


def test_cve_2024_32879_social_auth_ids_differ_by_case(providers, browser):
    from tests.standins.fixtures import sign_in_by

    sign_in_by(providers, browser, sub="ab")
    other = Client(SERVER_NAME="localhost")
    sign_in_by(providers, other, sub="AB", email="other@example.org")
    assert SocialAccount.objects.values("user").distinct().count() == 2


def test_cve_2024_37905_authentik_nobody_writes_what_is_not_theirs(
    make_person, browser, api
):
    user, other = make_person(), make_person("other@example.org")
    sign_in_by_form(browser)
    wished = {
        "name": "Maya", "id": str(other.pk), "pk": str(other.pk), "is_staff": "on",
        "is_superuser": "on", "email": "evil@example.org", "password": "x",
        "user": str(other.pk), "groups": "1",
    }  # fmt: skip
    browser.post("/profile/", wished)
    pair = api.tokens()
    bearer = {"authorization": f"Bearer {pair['access']}"}
    api.client().patch("/api/me/", wished, "application/json", headers=bearer)
    api.post("/api/token/", {"email": EMAIL, "password": PASSWORD, **wished})
    user.refresh_from_db()
    other.refresh_from_db()
    assert (user.name, user.email, other.name) == ("Maya", EMAIL, "")
    assert not (user.is_staff or user.is_superuser)
    assert user.check_password(PASSWORD)


def test_cve_2022_31127_authjs_what_is_typed_is_no_markup_in_a_mail(make_person):
    make_person()
    agent = {"user-agent": "<img src=x onerror=alert(1)>"}
    browser = Client(SERVER_NAME="localhost", headers=agent)
    sign_in_by_form(browser)
    form = {"oldpassword": PASSWORD, "password1": "another password 9"}
    browser.post("/accounts/password/change/", form)
    (letter,) = deliver_mail()
    ((html, _),) = letter.alternatives
    for part in (letter.body, html):
        assert "onerror" not in part  # only names that ua-parser knows are in emails
        assert "an unknown browser or app" in part


def test_cve_2023_46695_django_a_long_address_costs_nothing(api):
    began = time.perf_counter()
    answer = api.sign_in("\ufdfa" * 30_000 + "@example.org", "x")
    assert answer.status_code in {400, 401}
    assert time.perf_counter() - began < 2


def test_cve_2022_31093_authjs_a_bad_target_neither_hangs_nor_fails(
    make_person, browser
):
    make_person()
    for target in ("http://[::1", "https://", "///", "\\\\evil", "javascript:alert(1)",
                   "http:evil.example", "//" + "a" * 3000):  # fmt: skip
        answer = sign_in_by_form(Client(SERVER_NAME="localhost"), next=target)
        assert (answer.status_code, answer["Location"]) == (302, "/dashboard/")


def test_cve_2025_65430_allauth_nothing_outlives_a_deactivation(make_person, api):
    user = make_person()
    pair = api.tokens()
    user.is_active = False
    user.save()
    assert api.get("/api/me/", pair["access"]).status_code == 401
    assert api.refresh(pair["refresh"]).status_code == 401
    session = api.get("/_allauth/app/v1/auth/session", session=pair["session_token"])
    assert session.status_code == 410


def test_cve_2025_46815_zitadel_a_used_link_changes_nothing_more(make_person, browser):
    import re

    user = make_person()
    browser.post("/accounts/password/reset/", {"email": EMAIL})
    link = re.search(r"http://localhost(/accounts/\S+)", deliver_mail()[0].body)[1]
    page = browser.get(link)["Location"]
    browser.post(page, {"password1": "a first new password"})
    again = Client(SERVER_NAME="localhost")
    target = again.get(link)
    again.post(target.get("Location", link), {"password1": "a second new password"})
    user.refresh_from_db()
    assert user.check_password("a first new password")
    assert not Authenticator.objects.exists()
