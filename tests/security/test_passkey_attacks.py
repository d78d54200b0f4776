"""Bad answers of passkeys and security keys, made in software, each refused."""

from __future__ import annotations

import json
import threading
import tracemalloc
from uuid import uuid4

import pytest
from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from django.core.cache import cache
from django.test import Client
from fido2.utils import websafe_decode, websafe_encode
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from accounts.audit.models import Action, Event
from accounts.models import User
from accounts.policy import webauthn
from accounts.policy.webauthn import COUNTER
from tests import passkeys
from tests.fixtures import code_in, deliver_mail, exchange, sign_in_by_form
from tests.passkeys import ADD, LIST, LOGIN, SoftKey, answer, ask, enrol, options_in

pytestmark = pytest.mark.django_db(transaction=True)
FAILED = {"error": "That did not work. Try again.", "unknown": False}
UNKNOWN = {
    "error": "This passkey is not known here. Sign in another way.",
    "unknown": True,
}
SIGN_UP = "/accounts/signup/passkey/"
STEP = "/accounts/2fa/authenticate/"


def fresh() -> Client:
    return Client(SERVER_NAME="localhost")


@pytest.fixture
def maya(make_person, browser):
    user = make_person()
    sign_in_by_form(browser)
    return user


@pytest.fixture
def key(maya, browser):
    found = SoftKey()
    enrol(browser, found)
    return found


def assert_refused(client, response, expected=FAILED):
    assert (response.status_code, response.json()) == (400, expected)
    assert client.get("/dashboard/").status_code == 302


@pytest.mark.parametrize(
    "changes",
    [
        {"verified": False},
        {"present": False},
        {"rp_id": "evil.example"},
        {"origin": "https://evil.example"},
        {"origin": "http://sub.localhost"},
        {"origin": "http://localhost:8443"},
        {"origin": "https://localhost"},
        {"origin": "android:apk-key-hash:AAAA"},
        {"origin": ""},
        {"cross_origin": True},
    ],
    ids=str,
)
def test_a_sign_in_wants_our_origin_and_a_verified_person(key, changes):
    for name, value in changes.items():
        setattr(key, name, value)
    client = fresh()
    assert_refused(client, passkeys.sign_in(client, key))


@pytest.mark.parametrize(
    "changes",
    [
        {"verified": False},
        {"present": False},
        {"rp_id": "evil.example"},
        {"origin": "http://sub.localhost"},
        {"cross_origin": True},
    ],
    ids=str,
)
def test_so_does_making_one(maya, browser, changes):
    key = SoftKey(**changes)
    assert enrol(browser, key).status_code == 200
    assert not Authenticator.objects.exists()
    # the page that was shown again carries a fresh challenge that works
    good = SoftKey()
    page = enrol(browser, key)
    body = {"credential": json.dumps(good.create(options_in(page)))}
    assert browser.post(ADD, {**body, "passwordless": "on"}).status_code == 302


def test_the_challenge_of_a_second_step_signs_nobody_in_alone(
    make_person, maya, key, browser
):
    """A stolen key without its PIN answers a challenge that does not ask for it."""
    make_person("thief@example.org")
    thief = fresh()
    sign_in_by_form(thief, "thief@example.org")
    enrol(thief, SoftKey(rk=False, verified=False), alone=False)
    pending = fresh()
    sign_in_by_form(pending, "thief@example.org")
    options = options_in(pending.get(STEP))
    assert options["publicKey"]["userVerification"] == "preferred"
    key.verified = False
    path = "/_allauth/browser/v1/auth/webauthn/login"
    got = pending.post(path, {"credential": key.get(options)}, "application/json")
    assert got.status_code == 400, got.content
    assert pending.get("/dashboard/").status_code == 302


def test_a_security_key_that_was_not_to_sign_in_alone_does_not(maya, browser):
    key = SoftKey(rk=False)
    enrol(browser, key, alone=False)
    client = fresh()
    assert_refused(client, passkeys.sign_in(client, key))


def test_a_passkey_must_have_verified_its_person_when_made(maya, browser):
    """The page's challenge does not ask for it; the box does."""
    assert enrol(browser, SoftKey(verified=False)).status_code == 200
    assert enrol(browser, SoftKey(verified=False), alone=False).status_code == 302


def test_an_answer_works_once(key):
    client, other = fresh(), fresh()
    credential = key.get(ask(client))
    assert answer(client, credential).status_code == 200
    client.post("/accounts/logout/")
    assert_refused(client, answer(client, credential))
    ask(other)
    assert_refused(other, answer(other, credential))


@pytest.mark.parametrize("forget", [False, True], ids=["at once", "much later"])
def test_a_refused_answer_spends_its_challenge(key, forget):
    client = fresh()
    forger = SoftKey(id=key.id, user_handle=key.user_handle)
    for wrong, told in ((SoftKey(), UNKNOWN), (forger, FAILED)):
        options = ask(client)
        assert_refused(client, answer(client, wrong.get(options)), told)
        if forget:
            cache.clear()
        assert_refused(client, answer(client, key.get(options)))
    assert passkeys.sign_in(client, key).status_code == 200


def test_two_requests_at_one_moment_spend_one_challenge(key):
    client = fresh()
    credential = json.dumps(key.get(ask(client)))
    found, barrier = [], threading.Barrier(4)

    def send():
        from django.db import connections

        own = fresh()
        own.cookies = client.cookies.copy()
        barrier.wait()
        found.append(answer(own, credential).status_code)
        connections.close_all()

    threads = [threading.Thread(target=send) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(found) == [200, 400, 400, 400]


def test_a_challenge_is_long_and_never_the_same(db):
    found = {ask(fresh())["publicKey"]["challenge"] for _ in range(50)}
    assert len(found) == 50
    assert {len(websafe_decode(one)) for one in found} == {32}


def test_a_forged_signature_and_another_kind_of_ceremony(key):
    client = fresh()
    forger = SoftKey(id=key.id, user_handle=key.user_handle)
    assert_refused(client, passkeys.sign_in(client, forger))
    options = ask(client)
    assert_refused(client, answer(client, key.get(options, type="webauthn.create")))


def test_a_copied_key_is_found_by_its_counter(maya, browser):
    key = SoftKey(counter=7)
    enrol(browser, key)
    key.counter = 9
    assert passkeys.sign_in(fresh(), key).status_code == 200
    assert Authenticator.objects.get(type="webauthn").data[COUNTER] == 9
    for copied in (9, 8, 0):
        key.counter = copied
        client = fresh()
        refused = passkeys.sign_in(client, key)
        assert "copied" in refused.json()["error"]
        assert client.get("/dashboard/").status_code == 302
    event = Event.objects.filter(action=Action.SIGN_IN_FAILED).latest("id")
    assert (event.method, event.data["reason"]) == ("webauthn", "copied_passkey")
    key.counter = 10
    assert passkeys.sign_in(fresh(), key).status_code == 200


def test_a_removed_passkey_opens_nothing(maya, key, browser):
    row = Authenticator.objects.get(type="webauthn")
    browser.post(f"{LIST}keys/{row.pk}/remove/")
    client = fresh()
    assert_refused(client, passkeys.sign_in(client, key), UNKNOWN)


def test_a_disabled_persons_passkey_answers_as_an_unknown_one(maya, key):
    maya.is_active = False
    maya.save()
    disabled, unknown, stranger = fresh(), fresh(), fresh()
    first = passkeys.sign_in(disabled, key)
    second = passkeys.sign_in(unknown, SoftKey(user_handle=key.user_handle))
    nobody = websafe_encode(uuid4().hex.encode())
    third = passkeys.sign_in(stranger, SoftKey(user_handle=nobody))
    assert first.content == second.content == third.content
    assert_refused(disabled, first, UNKNOWN)
    path = "/_allauth/browser/v1/auth/webauthn/login"
    bodies = set()
    for client, one in ((disabled, key), (unknown, SoftKey())):
        options = client.get(path).json()["data"]["request_options"]
        got = client.post(path, {"credential": one.get(options)}, "application/json")
        bodies.add((got.status_code, got.content))
    assert len(bodies) == 1


def test_an_unconfirmed_address_stands_before_a_passkey_too(maya, key):
    EmailAddress.objects.filter(user=maya).update(verified=False)
    client = fresh()
    done = passkeys.sign_in(client, key)
    assert done.json() == {"location": "/accounts/confirm-email/"}
    assert client.get("/dashboard/").status_code == 302
    assert exchange(client).status_code in {401, 403}


def test_sign_ins_by_passkey_are_limited(key, api):
    client = fresh()
    for _ in range(30):
        assert answer(client, "{}").status_code == 400
    limited = answer(client, key.get(ask(client)))
    assert limited.status_code == 429
    assert 1 < int(limited["Retry-After"]) <= 60
    headless = api.post("/_allauth/app/v1/auth/webauthn/login", {"credential": {}})
    assert headless.status_code == 429


def test_a_right_key_does_not_forgive_guesses_at_others(maya, browser):
    key = SoftKey(rk=False)
    enrol(browser, key, alone=False)
    other = fresh()
    sign_in_by_form(other)
    for number in range(9):
        sign_in_by_form(fresh(), f"nobody{number}@example.org", "wrong")
    credential = json.dumps(key.get(options_in(other.get(STEP))))
    assert other.post(STEP, {"credential": credential}).status_code == 302
    statuses = [
        sign_in_by_form(fresh(), f"no{number}@example.org", "wrong").status_code
        for number in range(2)
    ]
    assert statuses == [200, 429]


def test_challenges_are_not_given_out_without_end(db, settings, api):
    settings.ACCOUNT_RATE_LIMITS = {
        **settings.ACCOUNT_RATE_LIMITS,
        "passkey_options": "2/m/ip",
    }
    path = "/_allauth/app/v1/auth/webauthn/login"
    assert {api.get(path).status_code for _ in range(2)} == {200}
    assert api.get(path).status_code == 429
    page = fresh().get(LOGIN, headers={"accept": passkeys.JSON})
    assert page.status_code == 429
    assert 1 < int(page["Retry-After"]) <= 60


def test_wrong_answers_at_the_second_step_are_limited(maya, browser):
    key = SoftKey(rk=False)
    enrol(browser, key, alone=False)
    again = fresh()
    sign_in_by_form(again)
    for _ in range(5):
        wrong = json.dumps(SoftKey().get(options_in(again.get(STEP))))
        page = again.post(STEP, {"credential": wrong})
        assert b"That did not work" in page.content
    right = json.dumps(key.get(options_in(again.get(STEP))))
    limited = again.post(STEP, {"credential": right})
    assert limited.status_code == 429
    assert Event.objects.filter(
        user=maya, action=Action.FACTOR_REFUSED, method="webauthn"
    ).exists()


def test_another_persons_passkey_proves_nothing(make_person, maya, key):
    make_person("eve@example.org")
    eve = fresh()
    sign_in_by_form(eve, "eve@example.org")
    own = SoftKey()
    enrol(eve, own)
    path = f"{LIST}reauthenticate/"
    body = {"credential": json.dumps(key.get(options_in(eve.get(path))))}
    assert eve.post(path, body).status_code == 200
    headless = "/_allauth/browser/v1/auth/webauthn/reauthenticate"
    options = eve.get(headless).json()["data"]["request_options"]
    got = eve.post(headless, {"credential": key.get(options)}, "application/json")
    assert got.status_code == 400
    # nor at a second step, nor with a false name in the answer
    pending = fresh()
    sign_in_by_form(pending, "eve@example.org")
    body = {"credential": json.dumps(key.get(options_in(pending.get(STEP))))}
    assert b"That did not work" in pending.post(STEP, body).content
    key.user_handle = own.user_handle
    client = fresh()
    assert_refused(client, passkeys.sign_in(client, key), UNKNOWN)


def test_better_auth_ghsa_4vcf_q4xf_f48m_a_passkey_belongs_to_its_person(
    make_person, maya, key
):
    row = Authenticator.objects.get(user=maya, type="webauthn")
    make_person("eve@example.org")
    eve = fresh()
    sign_in_by_form(eve, "eve@example.org")
    for name in ("edit", "remove"):
        path = f"{LIST}keys/{row.pk}/{name}/"
        assert eve.get(path).status_code == 404
        assert eve.post(path, {"name": "mine"}).status_code == 404
    path = "/_allauth/browser/v1/account/authenticators/webauthn"
    renamed = {"id": row.pk, "name": "mine"}
    assert eve.put(path, renamed, "application/json").status_code == 400
    gone = {"authenticators": [row.pk]}
    assert eve.delete(path, gone, "application/json").status_code == 400
    row.refresh_from_db()
    assert row.wrap().name != "mine"


def at_the_passkey(client, email="new@example.org"):
    """A sign-up whose address is confirmed; returns the code that was used."""
    client.post(SIGN_UP, {"email": email})
    code = code_in(deliver_mail()[-1])
    done = client.post("/accounts/confirm-email/", {"code": code})
    assert done["Location"] == f"{LIST}signup/"
    return code


def test_keycloak_cve_2026_37982_a_replayed_step_enrols_no_passkey(browser):
    code = at_the_passkey(browser)
    page = browser.get(f"{LIST}signup/")
    before = {name: one.value for name, one in browser.cookies.items()}
    first = {"credential": json.dumps(SoftKey().create(options_in(page)))}
    assert browser.post(f"{LIST}signup/", first)["Location"] == "/dashboard/"
    # the same again, in the session that it led to and in the one that it came from
    assert browser.post(f"{LIST}signup/", first)["Location"] == "/dashboard/"
    old = fresh()
    for name, value in before.items():
        old.cookies[name] = value
    second = {"credential": json.dumps(SoftKey().create(options_in(page)))}
    assert old.post(f"{LIST}signup/", second)["Location"] == "/accounts/signup/"
    # the code of the mail, in a session of its own
    stranger = fresh()
    stranger.post("/accounts/confirm-email/", {"code": code})
    assert stranger.get(f"{LIST}signup/").status_code == 302
    assert Authenticator.objects.filter(type="webauthn").count() == 1


def reset_password(user):
    user.set_password("another password 9")
    user.save()


def disable(user):
    user.is_active = False
    user.save()


@pytest.mark.parametrize("change", [reset_password, disable])
def test_a_waiting_sign_up_enrols_nothing_once_the_owner_acted(browser, change):
    at_the_passkey(browser)
    page = browser.get(f"{LIST}signup/")
    change(User.objects.get())
    body = {"credential": json.dumps(SoftKey().create(options_in(page)))}
    to = browser.post(f"{LIST}signup/", body)["Location"]
    assert to.startswith("/accounts/login/")
    assert not Authenticator.objects.exists()
    assert browser.get("/dashboard/").status_code == 302


@pytest.mark.parametrize("change", [reset_password, disable])
def test_nor_does_it_headless(api, change):
    app = "/_allauth/app/v1/auth"
    first = api.post(f"{app}/webauthn/signup", {"email": "new@example.org"}).json()
    token = {"x-session-token": first["meta"]["session_token"]}
    key = {"key": code_in(deliver_mail()[-1])}
    client = api.client()
    client.post(f"{app}/email/verify", key, "application/json", headers=token)
    got = client.get(f"{app}/webauthn/signup", headers=token).json()
    change(User.objects.get())
    body = {
        "name": "x",
        "credential": SoftKey().create(got["data"]["creation_options"]),
    }
    put = client.put(f"{app}/webauthn/signup", body, "application/json", headers=token)
    assert put.status_code == 401
    assert not Authenticator.objects.exists()


def test_adding_wants_a_recent_proof(maya, browser):
    import time

    import time_machine as clock

    with clock.travel(time.time() + 301):
        assert browser.get(ADD)["Location"].startswith("/accounts/reauthenticate/")


def test_one_key_cannot_be_added_twice_nor_without_end(maya, browser, monkeypatch):
    key = SoftKey()
    enrol(browser, key)
    assert b"already on your account" in enrol(browser, key).content
    monkeypatch.setattr(webauthn, "KEYS_PER_PERSON", 1)
    assert b"as many passkeys" in enrol(browser, SoftKey()).content


TOO_DEEP = json.loads("[" * 16 + "]" * 16)


@pytest.mark.parametrize("odd", ["\x00", "\ud800", TOO_DEEP])
def test_a_key_is_not_added_by_json_that_no_body_may_hold(maya, browser, odd):
    credential = SoftKey().create(options_in(browser.get(ADD))) | {"extra": odd}
    answer = browser.post(ADD, {"credential": json.dumps(credential)})
    assert answer.status_code == 200
    assert not Authenticator.objects.filter(type="webauthn").exists()


def test_nothing_that_a_client_makes_up_is_kept(maya, browser):
    key = SoftKey()
    credential = key.create(options_in(browser.get(ADD)))
    credential |= {"extra": "x" * 10, "authenticatorAttachment": "platform"}
    credential["clientExtensionResults"]["evil"] = "\u202e"
    credential["response"]["transports"] = ["x"]
    body = {"credential": json.dumps(credential), "passwordless": "on"}
    assert browser.post(ADD, body).status_code == 302
    row = Authenticator.objects.get(type="webauthn")
    assert row.data["credential"].keys() == {
        "id", "rawId", "type", "response", "clientExtensionResults",
    }  # fmt: skip
    assert "evil" not in json.dumps(row.data)


RUBBISH = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3)
    | st.dictionaries(
        st.sampled_from(
            ["id", "rawId", "type", "response", "clientDataJSON", "signature",
             "authenticatorData", "userHandle", "attestationObject",
             "clientExtensionResults", "credProps"]
        ),
        inner,
        max_size=6,
    ),
    max_leaves=12,
)  # fmt: skip


@hypothesis_settings(
    max_examples=30,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(rubbish=RUBBISH, part=st.sampled_from(["whole", "response", "client", "data"]))
def test_rubbish_is_refused_and_never_a_500(maya, browser, rubbish, part):
    cache.clear()
    key = SoftKey(user_handle=websafe_encode(maya.pk.hex.encode()))
    client = fresh()
    found = {
        "login": key.get(ask(client)),
        "add": SoftKey().create(options_in(browser.get(ADD))),
    }
    for kind, whole in found.items():
        credential = rubbish if part == "whole" else whole
        text = websafe_encode(json.dumps(rubbish).encode())
        if part == "response":
            credential["response"] = rubbish
        elif part == "client":
            credential["response"]["clientDataJSON"] = text
        elif part == "data":
            name = "authenticatorData" if kind == "login" else "attestationObject"
            credential["response"][name] = text
        if kind == "login":
            assert answer(client, credential).status_code == 400
        else:
            page = browser.post(ADD, {"credential": json.dumps(credential)})
            assert page.status_code == 200


@pytest.mark.parametrize("place", ["", "response"])
@pytest.mark.parametrize("name", ["rawId", "clientDataJSON", "authenticatorData",
                                  "signature", "userHandle"])  # fmt: skip
def test_a_number_in_the_place_of_bytes_reserves_no_memory(maya, place, name):
    key, client = SoftKey(user_handle=websafe_encode(maya.pk.hex.encode())), fresh()
    credential = key.get(ask(client))
    (credential[place] if place else credential)[name] = 50_000_000
    tracemalloc.start()
    refused = answer(client, credential)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert refused.status_code == 400
    assert peak < 20_000_000


@pytest.mark.parametrize(
    "text",
    ["", "null", "[]", "1", '"x"', "{", "[" * 100_000, '{"a":' * 5000, "x" * 70_000],
    ids=lambda text: text[:8],
)
def test_what_is_no_json_object_is_refused(db, text):
    assert answer(fresh(), text).status_code == 400
    assert fresh().post(LOGIN, {"credential": text}).status_code == 302


def test_an_algorithm_that_nobody_can_verify_is_not_taken(maya, browser):
    from fido2 import cbor

    key = SoftKey()
    credential = key.create(options_in(browser.get(ADD)))
    made = websafe_decode(credential["response"]["attestationObject"])
    attestation = cbor.decode(made)
    data = bytes(attestation["authData"])
    cose = cbor.encode({1: 2, 3: -65535, -1: 1, -2: b"x" * 32, -3: b"y" * 32})
    head = data[: 32 + 1 + 4 + 16 + 2 + 32]
    attestation["authData"] = head + cose
    credential["response"]["attestationObject"] = websafe_encode(
        cbor.encode(attestation)
    )
    body = {"credential": json.dumps(credential), "passwordless": "on"}
    assert browser.post(ADD, body).status_code == 200
    assert not Authenticator.objects.exists()


def test_closed_sign_up_is_closed_for_passkeys_too(db, settings, api):
    settings.ACCOUNT_SIGNUP_ENABLED = False
    page = fresh().post(SIGN_UP, {"email": "new@example.org"})
    assert b"Sign-up is closed" in page.content
    path = "/_allauth/app/v1/auth/webauthn/signup"
    assert api.post(path, {"email": "new@example.org"}).status_code == 403
    assert not User.objects.exists()
