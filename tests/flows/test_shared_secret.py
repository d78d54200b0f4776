"""HS256, for services that can only share a secret: access tokens and nothing else."""

from __future__ import annotations

import json
import subprocess
import sys

import jwt
import pytest
from django.core.checks import run_checks
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts.tokens import ring
from accounts.tokens.models import Family

pytestmark = pytest.mark.django_db(transaction=True)
SECRET = "a secret that only we and the orders service share"
#: A Django project with simplejwt as it comes: the secret is its own signing key.
STOCK = """
import json, sys
import django
from django.conf import settings
secret, audience, issuer, *tokens = json.load(sys.stdin)
settings.configure(
    SECRET_KEY=secret,
    INSTALLED_APPS=["django.contrib.auth", "django.contrib.contenttypes"],
    SIMPLE_JWT={
        "ALGORITHM": "HS256", "AUDIENCE": audience, "ISSUER": issuer,
        "USER_ID_CLAIM": "sub",
    },
)
django.setup()
from rest_framework.exceptions import APIException
from rest_framework.test import APIRequestFactory
from rest_framework_simplejwt.authentication import JWTStatelessUserAuthentication
for token in tokens:
    request = APIRequestFactory().get("/", HTTP_AUTHORIZATION=f"Bearer {token}")
    try:
        user, _ = JWTStatelessUserAuthentication().authenticate(request)
        print(user.id)
    except APIException as error:
        print(error.get_codes()["code"])
"""


@pytest.fixture
def shared(settings):
    settings.JWT_ALGORITHM = "HS256"
    settings.JWT_SHARED_SECRET = SECRET
    ring.forget()
    yield
    ring.forget()


def header(token):
    return jwt.get_unverified_header(token)


def test_access_tokens_are_signed_by_the_secret_and_the_jwks_is_empty(
    shared, make_person, api, client, settings
):
    make_person()
    pair = api.tokens()
    assert header(pair["access"])["alg"] == "HS256"
    assert jwt.decode(
        pair["access"],
        SECRET,
        algorithms=["HS256"],
        audience=settings.JWT_AUDIENCES[0],
        issuer=settings.JWT_ISSUER,
    )
    assert client.get("/.well-known/jwks.json").json() == {"keys": []}
    assert api.get("/api/me/", pair["access"]).status_code == 200
    again = api.refresh(pair["refresh"])
    assert api.refresh(pair["refresh"]).content == again.content  # byte for byte
    assert api.get("/api/me/", again.json()["access"]).status_code == 200


def test_the_list_of_revocations_is_signed_by_it_too(shared, make_person, api, client):
    make_person()
    pair = api.tokens()
    api.post("/api/token/revoke/", {"refresh": pair["refresh"]})
    text = client.get("/api/revocations/").content
    found = jwt.decode(text, SECRET, algorithms=["HS256"])
    assert len(found["sids"]) == 1
    assert api.get("/api/me/", pair["access"]).json()["code"] == "token_revoked"


def test_whoever_holds_the_secret_cannot_make_a_refresh_token(shared, make_person, api):
    make_person()
    pair = api.tokens()
    assert header(pair["refresh"])["alg"] == "ES256"
    claims = jwt.decode(pair["refresh"], options={"verify_signature": False})
    forged = jwt.encode(
        claims, SECRET, "HS256", {"kid": header(pair["access"])["kid"], "typ": "rt+jwt"}
    )
    assert api.refresh(forged).json()["code"] == "token_not_valid"
    assert api.refresh(pair["refresh"]).status_code == 200


def forge(access, **changes):
    """What a service can make of a token that it received."""
    claims = jwt.decode(access, options={"verify_signature": False})
    return jwt.encode({**claims, **changes}, SECRET, "HS256", header(access))


@pytest.mark.parametrize(
    "changes",
    [
        {"groups": ["\ud800"]},
        {"amr": ["pwd", "\udfff"]},
        {"email": "\ud800@example.org"},
        {"unknown": {"deep": ["\ud800"]}},
        {"\ud800": 1},
        {"unknown": 2**64 + 1},
        {"groups": ["g" * 513]},
    ],
    ids=str,
)
def test_texts_that_cannot_be_written_are_refused_each_time(
    shared, make_person, api, changes
):
    make_person()
    access = api.tokens()["access"]
    forged = forge(access, **changes)
    for _ in range(2):  # the second time its signature is remembered
        answer = api.get("/api/me/", forged)
        assert (answer.status_code, answer.json()["code"]) == (401, "token_not_valid")
    again = forge(access, groups=["Büro", "🙂", ""], unknown=[2**63, 1.5, None])
    for _ in range(2):
        assert api.get("/api/me/", again).status_code == 200


RECENT = "/api/protected-route/recent/"


def test_an_immediate_view_believes_no_more_than_the_row(shared, make_person, api):
    make_person()
    victim = make_person("victim@example.org")
    access = api.tokens()["access"]
    row = Family.objects.get()
    told = jwt.decode(access, options={"verify_signature": False})
    assert told["acr"] == "aal1"
    for more in (
        {"acr": "aal2"},
        {"acr": "aal2", "auth_time": told["auth_time"] - 1},
        {"sub": str(victim.pk)},
        {"sub": str(victim.pk), "email": victim.email, "acr": "aal2"},
        {"auth_time": told["auth_time"] + 1},
    ):
        answer = api.get(RECENT, forge(access, **more))
        assert answer.json()["code"] == "token_not_valid", more
    code = "insufficient_user_authentication"
    assert api.get(RECENT, access).json()["code"] == code
    row.acr = "aal2"
    row.save()
    assert api.get(RECENT, access).json()["code"] == code  # less than the row is fine
    strong = forge(access, acr="aal2")
    with CaptureQueriesContext(connection) as seen:
        assert api.get(RECENT, strong).status_code == 200
    assert sum("tokens_family" in each["sql"] for each in seen) == 1
    row.user = victim
    row.save()
    assert api.get(RECENT, strong).json()["code"] == "token_not_valid"


def test_a_new_secret_signs_nobody_out(shared, make_person, api, settings):
    make_person()
    pair = api.tokens()
    settings.JWT_SHARED_SECRET = "another secret, of which nobody knows anything yet"
    ring.forget()
    assert api.get("/api/me/", pair["access"]).status_code == 401
    pair = api.refresh(pair["refresh"]).json()
    assert api.get("/api/me/", pair["access"]).status_code == 200


def test_going_over_to_it_refuses_no_live_token(make_person, api, settings):
    make_person()
    before = api.tokens()
    settings.JWT_ALGORITHM, settings.JWT_SHARED_SECRET = "HS256", SECRET
    ring.forget()
    assert api.get("/api/me/", before["access"]).status_code == 200
    after = api.refresh(before["refresh"]).json()
    assert header(after["access"])["alg"] == "HS256"


def test_a_stock_simplejwt_project_verifies_with_it_as_its_secret(
    shared, make_person, api
):
    person = make_person()
    pair = api.tokens()
    claims = jwt.decode(pair["access"], options={"verify_signature": False})
    forged = jwt.encode(claims, "x" * 32, "HS256")
    done = subprocess.run(
        [sys.executable, "-c", STOCK],
        input=json.dumps(
            [SECRET, claims["aud"], claims["iss"], pair["access"], forged]
        ),
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.split() == [str(person.pk), "token_not_valid"], done.stderr


def test_a_secret_that_is_short_or_ours_stops_the_start(settings):
    for bad in (settings.SECRET_KEY, "short"):
        settings.JWT_SHARED_SECRET = bad
        ids = {message.id for message in run_checks()}
        assert ids & {"authsite.E001", "authsite.E007"}
