"""POST auth/provider/token: id_tokens that apps send, right ones and all wrong ones."""

from __future__ import annotations

import time

import httpx
import pytest
from allauth.socialaccount.models import SocialAccount
from allauth.socialaccount.providers.oauth2.client import OAuth2Error
from allauth.usersessions.models import UserSession

from accounts.models import User
from accounts.policy.providers.id_token import refuse_replay
from tests.fixtures import enrol_totp
from tests.standins.fixtures import CLIENT, OTHER_CLIENT, SECRET, SITE, query_of

pytestmark = pytest.mark.django_db
PATHS = [
    "/_allauth/app/v1/auth/provider/token",
    "/_allauth/browser/v1/auth/provider/token",
]
APP, _ = PATHS
PROVIDERS = ["google", "oidc"]


def tokens(standins, misfortune="", client=CLIENT, site=SITE, **person):
    """What a native app gets from Google's stand-in: access token and id_token."""
    callback = f"{site}/accounts/google/login/callback/"
    asked = httpx.Request(
        "GET",
        f"{standins.base('google')}/o/oauth2/v2/auth",
        params={
            "client_id": client,
            "redirect_uri": callback,
            "response_type": "code",
            "scope": "openid email profile",
            "state": "s",
        },
    )
    code = query_of(standins.consent(str(asked.url), misfortune, **person))["code"]
    answer = httpx.post(
        f"{standins.base('google')}/token",
        data={
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": callback,
            "client_id": client,
            "client_secret": SECRET,
        },
    )
    return answer.json()


def send(api, provider="google", path=APP, client_id=CLIENT, **token):
    return api.post(
        path,
        {
            "provider": provider,
            "process": "login",
            "token": {"client_id": client_id, **token},
        },
    )


def refused(answer):
    assert answer.status_code == 400, answer.content
    assert answer.json()["errors"][0]["code"] in {
        "invalid_token", "client_id_mismatch", "token_required",
    }  # fmt: skip
    assert not User.objects.exists()
    assert not SocialAccount.objects.exists()
    assert not UserSession.objects.exists()


@pytest.mark.parametrize("provider", PROVIDERS)
def test_a_right_one_signs_in(oidc, api, provider):
    answer = send(api, provider, id_token=tokens(oidc, sub="7")["id_token"])
    assert answer.status_code == 200, answer.content
    meta = answer.json()["meta"]
    me = api.get("/api/me/", meta["access_token"]).json()
    assert (me["email"], me["amr"]) == ("maya@example.org", ["fed"])
    assert SocialAccount.objects.get().uid == "7"


def test_a_right_one_stops_at_the_second_step(oidc, api):
    send(api, id_token=tokens(oidc)["id_token"])
    enrol_totp(User.objects.get())
    answer = send(api, id_token=tokens(oidc)["id_token"])
    assert answer.status_code == 401
    assert "access_token" not in answer.json()["meta"]


@pytest.mark.parametrize("provider", PROVIDERS)
@pytest.mark.parametrize(
    "misfortune",
    [
        "foreign_issuer",  # Supabase CVE-2026-31813
        *("wrong_audience", "rotated_key", "no_kid", "unsigned", "expired_id_token"),
    ],
)
def test_a_wrong_one_is_refused(oidc, api, provider, misfortune):
    token = tokens(oidc, misfortune)["id_token"]
    for path in PATHS:
        answer = send(api, provider, path, id_token=token)
        if path == APP:
            refused(answer)
        else:  # a browser's call without a CSRF token does not get that far
            assert answer.status_code in {400, 403}


@pytest.mark.parametrize("provider", PROVIDERS)
def test_each_one_signs_in_once(oidc, api, provider):
    token = tokens(oidc)["id_token"]
    assert send(api, provider, id_token=token).status_code == 200
    assert send(api, provider, id_token=token).status_code == 400


def test_a_second_form_of_a_signature_is_no_second_token():
    """ECDSA: (r, s) and (r, n - s) are both good."""
    claims = {"exp": time.time() + 60}
    refuse_replay("head.body.r-s", claims)
    with pytest.raises(OAuth2Error):
        refuse_replay("head.body.r-n-s", claims)


def test_one_of_another_app_is_refused(oidc, api):
    other = tokens(oidc, client=OTHER_CLIENT, site="http://localhost:9")
    refused(send(api, id_token=other["id_token"]))
    refused(send(api, client_id=OTHER_CLIENT, id_token=other["id_token"]))
    refused(send(api, access_token=other["access_token"]))


def test_an_access_token_is_no_proof_even_of_our_own_app(oidc, api):
    refused(send(api, access_token=tokens(oidc)["access_token"]))


@pytest.mark.parametrize(
    "token",
    [
        "",
        "x",
        "..",
        "a.b.c",
        "e30.e30.",
        "eyJhbGciOiJIUzI1NiIsImtpZCI6IngifQ.e30.eA",  # HS256
        "eyJhbGciOiJSUzI1NiIsImtpZCI6WzFdfQ.e30.eA",  # kid is a list
        "eyJhbGciOlsxXSwia2lkIjoieCJ9.e30.eA",  # alg is a list
        "WzFd.e30.eA",  # the header is a list
        "bnVsbA.e30.eA",  # the header is null
        "\u00e9.e30.eA",
        "x" * 20_000,
    ],
)
@pytest.mark.parametrize("provider", PROVIDERS)
def test_what_is_no_token_is_refused(oidc, api, provider, token):
    refused(send(api, provider, id_token=token))


def test_keys_that_cannot_be_had_are_no_500(oidc, api, settings):
    token = tokens(oidc)["id_token"]
    settings.SOCIALACCOUNT_PROVIDERS["google"]["JWKS_URL"] = "http://127.0.0.1:9/"
    refused(send(api, id_token=token))
    # userinfo answers 401 without a token; an address that is no key set
    settings.SOCIALACCOUNT_PROVIDERS["google"]["JWKS_URL"] = (
        oidc.base("google") + "/.well-known/openid-configuration"
    )
    refused(send(api, id_token=token))


def test_github_takes_no_tokens(oidc, api):
    answer = send(api, "github", access_token="gho_x")
    assert answer.status_code == 400
    assert answer.json()["errors"][0]["code"] == "token_authentication_not_supported"
