"""Why? A sentence for each way in which a token is refused; nothing of it is kept."""

from __future__ import annotations

import base64
import io
import json
from datetime import timedelta

import jwt
import pytest
import time_machine
from cryptography.hazmat.primitives.asymmetric import ec
from django.contrib.auth.models import Permission
from django.core.management import call_command
from django.utils import timezone
from jwt.api_jws import encode

from accounts.audit.models import Event
from accounts.models import User
from accounts.tokens import ring
from accounts.tokens.commit_order import Number
from accounts.tokens.models import Family
from tests.fixtures import enrol_totp, exchange, sign_in_by_form

pytestmark = pytest.mark.django_db(transaction=True)
PAGE = "/admin/tokens/family/explain/"


@pytest.fixture
def pair(make_person, api):
    make_person()
    return api.tokens()


def explain(text, *options, monkeypatch=None):
    """What the command prints."""
    out = io.StringIO()
    call_command("explain_token", text, *options, stdout=out)
    return out.getvalue().strip()


def claims(token):
    return jwt.decode(token, options={"verify_signature": False})


def signed(body, header=None, key=None):
    """A token over these claims, by our own key."""
    key = key or ring.ring().signing
    named = {"kid": key.kid, "typ": "at+jwt"} | (header or {})
    text = body if isinstance(body, bytes) else json.dumps(body).encode()
    return encode(text, key.private, key.algorithm, named)


def test_a_good_one_is_called_good(pair):
    assert explain(pair["access"]).startswith(
        "It is good: an access token of maya@example.org, for "
    )
    assert explain(pair["refresh"]).startswith("It is good: a refresh token of")
    assert explain(pair["session_token"]).startswith("It is good: a session token of")


def test_expired(pair):
    with time_machine.travel(timezone.now() + timedelta(minutes=5, seconds=12)):
        said = explain(pair["access"])
    assert said in {f"It expired {n} s ago." for n in (11, 12, 13)}


@pytest.mark.parametrize("kind", ["access", "refresh", "session_token"])
def test_revoked_says_when_and_by_what(pair, kind):
    person = User.objects.get()
    person.set_password("another horse battery")
    person.save()
    said = explain(pair[kind])
    assert said.startswith("It is refused; its sign-in was revoked at ")
    assert said.endswith(" UTC: password changed.")


def test_expired_and_revoked_says_both(pair):
    Family.objects.update(
        revoked_at=timezone.now(), revoked_tx=Number(), revoked_reason="admin"
    )
    with time_machine.travel(timezone.now() + timedelta(days=1)):
        said = explain(pair["access"])
    assert "It expired 23 hours ago; its sign-in was revoked on" in said
    assert "revoked by an administrator" in said


def test_another_audience(pair):
    said = explain(pair["access"], "--audience", "billing")
    ours = claims(pair["access"])["aud"]
    assert said == f"Its audience is {ours}, not billing."


def test_a_token_for_a_service(pair, api, settings):
    settings.JWT_AUDIENCES = (settings.SITE_URL, "billing")
    access = api.refresh(pair["refresh"], audience="billing").json()["access"]
    good = "It is good: an access token of maya@example.org, for "
    assert explain(access, "--audience", "billing").startswith(good)
    assert explain(access) == f"Its audience is billing, not {settings.SITE_URL}."
    assert explain(claims(access)["jti"]).startswith("Its sign-in, of maya@example.org")


def test_a_kind_that_no_service_takes(pair, settings):
    said = explain(pair["session_token"], "--audience", "billing")
    assert said == "It is a session token: only /_allauth/app/ takes it."
    said = explain(pair["refresh"], "--audience", "billing")
    assert said == "It is a refresh token: only /api/token/refresh/ takes it."
    account = f"{settings.JWT_ISSUER}/account"
    assert explain(pair["session_token"], "--audience", account).startswith(
        "It is good"
    )
    said = explain(pair["access"], "--audience", account)
    assert said == f"Its audience is {settings.SITE_URL}, not {account}."


def test_a_key_that_is_gone(pair):
    call_command("rotate_keys", "--emergency", verbosity=0, stdout=io.StringIO())
    said = explain(pair["access"])
    assert said.startswith("Its signing key ES256 ")
    assert " was taken out at " in said


def test_a_key_that_was_retired_and_then_removed(pair):
    def rotate(days):
        with time_machine.travel(timezone.now() + timedelta(days=days)):
            call_command("rotate_keys", stdout=io.StringIO())

    for days in (0, 31, 62):
        rotate(days)
    said = explain(pair["access"])
    assert " was retired on " in said
    assert " and removed on " in said


def test_a_refresh_token_that_was_replaced(pair, api):
    api.refresh(pair["refresh"])
    with time_machine.travel(timezone.now() + timedelta(seconds=11)):
        said = explain(pair["refresh"])
    assert said.startswith("It was replaced by a newer refresh token at ")
    assert said.endswith("using it ends the sign-in.")


def test_forged_and_foreign_ones(pair):
    body = claims(pair["access"])
    own = ec.generate_private_key(ec.SECP256R1())
    kid = ring.ring().signing.kid
    head, payload, signature = pair["access"].split(".")
    other = base64.urlsafe_b64encode(b'{"sub":"x"}').decode().rstrip("=")
    cases = {
        encode(b"{}", own, "ES256", {"kid": kid, "typ": "at+jwt"}): "Its signature",
        encode(b"{}", own, "ES256", {"kid": "x", "typ": "at+jwt"}): (
            "No key here is called x: it was signed elsewhere, or forged."
        ),
        jwt.encode(body, "k" * 32, "HS256", {"kid": kid, "typ": "at+jwt"}): (
            "It says HS256, but its key signs ES256."
        ),
        f"{head}.{other}.{signature}": "Its signature does not hold",
        f"{head}.{payload}.{signature}=": "It is malformed",
        f"{head}.{payload}": "It is no token: a JWT has three parts, this has 2 parts.",
        "x" * 5000: "It has 5000 characters; more than 4096 are refused.",
        "ä.ö.ü": "It is malformed: its header cannot be read.",
        "": "Nothing was given.",
        signed(body, {"typ": "JWT"}): "Its type is JWT; tokens of ours are",
        signed(body, {"jku": "https://x.example"}): "Its header holds jku; only",
        signed(body, {"typ": "revocations+jwt"}): "It is a list of revocations",
        signed(body, {"typ": "rt+jwt"}): "Its audience is"
        if body["aud"] != body["iss"]
        else "It says that it is access",
        signed({**body, "iss": "https://other.example"}): (
            "Its issuer is https://other.example, not "
        ),
        signed({**body, "exp": "soon"}): "A claim is missing or of a wrong type.",
        signed({**body, "iat": body["iat"] + 90}): "It was issued ",
        signed({**body, "nbf": body["iat"] + 900}): "It is not valid for another ",
        signed(b"[]"): "Its claims are no JSON object.",
        signed({**body, "sid": "00000000-0000-4000-8000-000000000000"}): (
            "It is refused; its sign-in is not on record here."
        ),
    }
    for token, sentence in cases.items():
        assert explain(token).startswith(sentence), (sentence, explain(token))


def test_a_jti_or_a_sid_is_enough(pair, api):
    for token in pair["access"], pair["refresh"], pair["session_token"]:
        said = claims(token)
        assert explain(said["jti"]).startswith("Its sign-in, of maya@example.org, is")
    api.post("/api/token/revoke/", {"refresh": pair["refresh"]})
    for name in ("jti", "sid"):
        said = explain(claims(pair["access"])[name])
        assert "its sign-in was revoked at " in said
        assert "revoked by the client" in said
    assert "No sign-in has a token of this id" in explain("0" * 32)
    assert "not on record" in explain("00000000-0000-4000-8000-000000000000")


def test_a_session_that_has_ended(pair):
    with time_machine.travel(timezone.now() + timedelta(days=13)):
        from django.contrib.sessions.models import Session

        Session.objects.all().delete()
        over = "the session that it belongs to has ended."
        assert explain(pair["refresh"]) == f"It is refused; {over}"
        assert explain(pair["session_token"]) == f"It expired 12 days ago; {over}"


def test_the_command_reads_from_standard_input_and_prints_nothing_of_it(
    pair, monkeypatch
):
    monkeypatch.setattr("sys.stdin", io.StringIO(pair["access"] + "\n"))
    out, err = io.StringIO(), io.StringIO()
    call_command("explain_token", stdout=out, stderr=err)
    assert out.getvalue().startswith("It is good")
    for part in pair["access"].split("."):
        assert part not in out.getvalue() + err.getvalue()


@pytest.fixture
def staff(make_person, browser, settings):
    settings.STAFF_MFA_REQUIRED = False
    make_person("staff@example.org", is_staff=True)
    sign_in_by_form(browser, "staff@example.org")
    return browser


def test_the_page_says_the_same_and_keeps_nothing(pair, staff, caplog):
    person = User.objects.get(email="staff@example.org")
    assert staff.get(PAGE).status_code == 403
    may = Permission.objects.get(codename="view_family")
    person.user_permissions.add(may)
    assert PAGE in staff.get("/admin/tokens/family/").content.decode()
    events = Event.objects.count()
    answer = staff.post(PAGE, {"token": pair["access"]})
    page = answer.content.decode()
    assert "It is good: an access token of maya@example.org" in page
    for part in pair["access"].split("."):
        assert part not in page
        assert part not in caplog.text
    assert answer["Cache-Control"]
    assert Event.objects.count() == events
    assert "This field is required" in staff.post(PAGE, {"token": ""}).content.decode()
    bad = staff.post(PAGE, {"token": "<script>alert(1)</script>.b.c"}).content.decode()
    assert "<script>alert" not in bad


def test_a_value_of_a_stranger_is_shortened_and_made_plain(pair):
    body = claims(pair["access"])
    said = explain(signed({**body, "iss": "\x1b[31m" + "é" * 300}))
    assert "\x1b" not in said
    assert len(said) < 200


def test_what_it_says_is_what_happens(pair, api, browser):
    """Good is accepted and refused is refused, over a handful of histories."""
    person = User.objects.get()
    enrol_totp(person)
    histories = [
        lambda: None,
        lambda: api.refresh(pair["refresh"]),
        lambda: api.post("/api/token/revoke/", {"refresh": pair["refresh"]}),
    ]
    for history in histories:
        history()
        good = explain(pair["access"]).startswith("It is good")
        assert (api.get("/api/me/", pair["access"]).status_code == 200) is good
    assert exchange(browser).status_code in {401, 403}
