"""Passkeys and security keys: made, used, renamed, removed; on pages and headless."""

from __future__ import annotations

import json
import threading

import pytest
from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from allauth.socialaccount.models import SocialAccount
from django.db import connections
from django.test import Client

from accounts.audit.models import Action, Event
from accounts.models import User
from accounts.policy.ways_in import ways_in
from accounts.policy.webauthn import COUNTER
from tests import passkeys
from tests.fixtures import (
    code_in,
    deliver_mail,
    enrol_totp,
    exchange,
    session_token,
    sign_in_by_form,
)
from tests.flows.test_api_sign_in import claims
from tests.passkeys import ADD, LIST, SoftKey, enrol, options_in

pytestmark = pytest.mark.django_db(transaction=True)
APP = "/_allauth/app/v1"
SECOND_STEP = "/accounts/2fa/authenticate/"
SIGN_UP = "/accounts/signup/passkey/"


def fresh() -> Client:
    return Client(SERVER_NAME="localhost")


@pytest.fixture
def maya(make_person, browser):
    user = make_person()
    sign_in_by_form(browser)
    return user


def test_a_passkey_is_made_and_signs_in(maya, browser):
    key = SoftKey()
    made = enrol(browser, key, "Laptop")
    assert made["Location"] == "/accounts/2fa/recovery-codes/"
    mails = {mail.subject: mail.body for mail in deliver_mail()}
    assert "Whoever holds it can sign in" in mails["Authsite: a passkey was added"]
    other = fresh()
    done = passkeys.sign_in(other, key, next="/profile/")
    assert (done.status_code, done.json()) == (200, {"location": "/profile/"})
    page = other.get("/dashboard/").content.decode()
    assert "<dt>With</dt><dd>Passkey</dd>" in page
    assert "Signed in with passkey" in page
    assert "Passkey added" in page
    found = claims(exchange(other).json()["access"])
    assert (found["amr"], found["acr"]) == (["pop"], "aal2")
    assert "Laptop" in other.get(LIST).content.decode()


def test_a_passkey_sign_in_is_kept_only_when_asked(maya, browser):
    key = SoftKey()
    enrol(browser, key)
    short, kept = fresh(), fresh()
    passkeys.sign_in(short, key)
    passkeys.sign_in(kept, key, remember="on")
    assert short.session.get_expire_at_browser_close()
    assert kept.session.get_expiry_age() == 30 * 24 * 3600
    for client in (short, kept):
        assert client.cookies["device"].value


def test_what_a_new_passkey_is_called(maya, browser):
    agent = (
        "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) "
        "Chrome/156.0.0.0 Safari/537.36"
    )
    browser.defaults["HTTP_USER_AGENT"] = agent
    for _ in range(2):
        enrol(browser, SoftKey())
    names = [key.wrap().name for key in Authenticator.objects.filter(type="webauthn")]
    assert sorted(names) == ["Chrome on Linux", "Chrome on Linux 2"]
    too_long = enrol(browser, SoftKey(), "x" * 61)
    assert b"at most 60 characters" in too_long.content


def test_rename(maya, browser):
    enrol(browser, SoftKey(), "Old")
    key = Authenticator.objects.get(type="webauthn")
    path = f"{LIST}keys/{key.pk}/edit/"
    assert b"Rename Old" in browser.get(path).content
    assert browser.post(path, {"name": "x" * 61}).status_code == 200
    assert browser.post(path, {"name": "New"})["Location"] == LIST
    page = browser.get(LIST).content.decode()
    assert "New" in page
    assert "Old" not in page


def test_a_security_key_is_a_second_step_and_no_passkey(maya, browser):
    key = SoftKey(verified=False, rk=False, counter=5)
    enrol(browser, key, "Yubi", alone=False)
    assert "Security key</span>" in browser.get(LIST).content.decode()
    key.counter += 1
    other = fresh()
    assert sign_in_by_form(other)["Location"] == SECOND_STEP
    page = other.get(SECOND_STEP)
    assert b"Use your passkey or security key" in page.content
    assert b"Recovery code</label>" in page.content
    credential = json.dumps(key.get(options_in(page)))
    other.post(SECOND_STEP, {"credential": credential})
    done = other.post("/accounts/2fa/trust/", {"action": "skip"})
    assert done["Location"] == "/dashboard/"
    found = claims(exchange(other).json()["access"])
    assert (found["amr"], found["acr"]) == (["mfa", "pop", "pwd"], "aal2")
    assert Authenticator.objects.get(type="webauthn").data[COUNTER] == 6
    assert (
        "Signed in with password and passkey"
        in other.get("/accounts/activity/").content.decode()
    )


def test_the_second_step_offers_what_the_person_has(maya, browser):
    app = enrol_totp(maya)
    other = fresh()
    sign_in_by_form(other)
    page = other.get(SECOND_STEP).content.decode()
    assert "Enter your code" in page
    assert "mfa_webauthn_authenticate" not in page
    browser.post("/accounts/2fa/reauthenticate/", {"code": app.code()})
    enrol(browser, SoftKey())
    page = other.get(SECOND_STEP).content.decode()
    assert "Enter your code" in page
    assert "mfa_webauthn_authenticate" in page


def test_a_key_as_proof_again(maya, browser):
    key = SoftKey()
    enrol(browser, key)
    page = browser.get(f"{LIST}reauthenticate/?next=/accounts/email/")
    wrong = json.dumps(SoftKey().get(options_in(page)))
    refused = browser.post(f"{LIST}reauthenticate/", {"credential": wrong})
    assert refused.status_code == 200
    assert b"That did not work" in refused.content
    credential = json.dumps(key.get(options_in(refused)))
    done = browser.post(
        f"{LIST}reauthenticate/", {"credential": credential, "next": "/accounts/email/"}
    )
    assert done["Location"] == "/accounts/email/"


def test_removed_with_confirmation_mail_and_event(maya, browser):
    key = SoftKey()
    enrol(browser, key, "Phone")
    row = Authenticator.objects.get(type="webauthn")
    path = f"{LIST}keys/{row.pk}/remove/"
    assert b"Remove Phone?" in browser.get(path).content
    assert Authenticator.objects.filter(pk=row.pk).exists()
    assert browser.post(path)["Location"] == LIST
    assert "Authsite: a passkey was removed" in [m.subject for m in deliver_mail()]
    assert Event.objects.filter(
        user=maya, action=Action.FACTOR_REMOVED, method="webauthn"
    ).exists()
    assert "You have none yet" in browser.get(LIST).content.decode()


def test_what_the_browser_is_told_of_its_passkeys(maya, browser):
    key = SoftKey()
    enrol(browser, key)
    text = browser.get(LIST).content.decode()
    block = text.split('id="accepted_passkeys" type="application/json">')[1]
    told = json.loads(block.split("</script>")[0])
    assert told == {
        "rpId": "localhost",
        "userId": key.user_handle,
        "name": "maya@example.org",
        "displayName": "maya@example.org",
        "allAcceptedCredentialIds": [passkeys.websafe_encode(key.id)],
    }


def sign_up(client: Client, email: str = "new@example.org") -> SoftKey:
    assert client.post(SIGN_UP, {"email": email})["Location"] == (
        "/accounts/confirm-email/"
    )
    done = client.post(
        "/accounts/confirm-email/", {"code": code_in(deliver_mail()[-1])}
    )
    assert done["Location"] == "/accounts/2fa/webauthn/signup/"
    key = SoftKey()
    page = client.get(done["Location"])
    body = {"name": "", "credential": json.dumps(key.create(options_in(page)))}
    assert client.post(done["Location"], body)["Location"] == "/dashboard/"
    return key


def test_sign_up_with_a_passkey(browser):
    key = sign_up(browser)
    user = User.objects.get(email="new@example.org")
    assert not user.has_usable_password()
    assert EmailAddress.objects.get(user=user).verified
    assert ways_in(user) == ["passkey"]
    page = browser.get("/dashboard/").content.decode()
    assert "<dt>With</dt><dd>Passkey</dd>" in page
    assert "Add a second passkey" in page
    assert claims(exchange(browser).json()["access"])["amr"] == ["pop"]
    other = fresh()
    assert passkeys.sign_in(other, key).json() == {"location": "/dashboard/"}
    assert "You have only one" in other.get("/accounts/2fa/").content.decode()


def test_the_last_way_in_stays(browser):
    sign_up(browser)
    user = User.objects.get()
    first = Authenticator.objects.get(type="webauthn")
    path = f"{LIST}keys/{first.pk}/remove/"
    page = browser.get(path).content.decode()
    assert "This is your only way to sign in" in page
    assert "Remove it" not in page
    assert browser.post(path).status_code == 409
    # a security key alone does not sign in
    enrol(browser, SoftKey(rk=False), alone=False)
    assert browser.post(path).status_code == 409
    enrol(browser, SoftKey())
    assert browser.post(path)["Location"] == LIST
    assert ways_in(user) == ["passkey"]


def test_a_password_is_another_way_in(browser):
    sign_up(browser)
    user = User.objects.get()
    user.set_password("another password 9")
    user.save()
    assert ways_in(user) == ["password", "passkey"]
    factor = user.authenticator_set.get()
    assert ways_in(user, without=[factor]) == ["password"]


def test_a_configured_provider_and_a_mailed_code_are_ways_in(maya, settings):
    for provider in ("google", "github"):
        SocialAccount.objects.create(user=maya, provider=provider, uid="1")
    settings.SOCIALACCOUNT_PROVIDERS = {"google": {"APPS": [{"client_id": "x"}]}}
    assert ways_in(maya) == ["password", "google"]
    google = SocialAccount.objects.get(provider="google")
    assert ways_in(maya, without=[google]) == ["password"]
    settings.ACCOUNT_LOGIN_BY_CODE_ENABLED = True
    assert ways_in(maya) == ["password", "google", "code"]
    EmailAddress.objects.filter(user=maya).update(verified=False)
    assert ways_in(maya) == ["password", "google"]


def test_two_last_passkeys_removed_at_one_moment_leave_one(browser):
    sign_up(browser)
    enrol(browser, SoftKey())
    mine = Authenticator.objects.filter(type="webauthn").values_list("pk", flat=True)
    barrier, statuses = threading.Barrier(2), []

    def remove(pk):
        own = fresh()
        own.cookies = browser.cookies.copy()
        barrier.wait()
        statuses.append(own.post(f"{LIST}keys/{pk}/remove/").status_code)
        connections.close_all()

    threads = [threading.Thread(target=remove, args=(pk,)) for pk in list(mine)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(statuses) == [302, 409]
    assert Authenticator.objects.filter(type="webauthn").count() == 1


def test_known_and_unknown_sign_up_alike_with_a_passkey(make_person):
    make_person("known@example.org")
    answers = []
    for email in ("known@example.org", "new@example.org"):
        client = fresh()
        done = client.post(SIGN_UP, {"email": email})
        page = client.get(done["Location"]).content.decode()
        text = page.split("<main")[1].replace(email, "")
        text = text.split("csrfmiddlewaretoken")[0]
        answers.append((done.status_code, done["Location"], text))
    assert answers[0] == answers[1]
    assert "have one already" in deliver_mail()[-2].body


# Headless: the app client --------------------------------------------------------


def app_options(api, path: str, token: str | None = None) -> tuple[dict, str]:
    headers = {"x-session-token": token} if token else {}
    got = api.client().get(f"{APP}/{path}", headers=headers)
    assert got.status_code == 200, got.content
    body = got.json()
    found = body["data"].get("request_options") or body["data"]["creation_options"]
    return found, token or body["meta"]["session_token"]


def test_an_app_signs_in_with_a_passkey(maya, browser, api):
    key = SoftKey()
    enrol(browser, key)
    options, token = app_options(api, "auth/webauthn/login")
    done = api.post(
        f"{APP}/auth/webauthn/login",
        {"credential": key.get(options)},
        x_session_token=token,
    )
    assert done.status_code == 200, done.content
    found = claims(done.json()["meta"]["access_token"])
    assert (found["sub"], found["amr"]) == (str(maya.pk), ["pop"])
    assert api.refresh(done.json()["meta"]["refresh_token"]).status_code == 200


@pytest.mark.parametrize(
    "path", ["auth/2fa/authenticate", "auth/webauthn/authenticate"]
)
def test_a_security_key_finishes_an_apps_sign_in(maya, browser, api, path):
    key = SoftKey(verified=False, rk=False)
    enrol(browser, key, alone=False)
    first = api.sign_in().json()
    assert first["code"] == "mfa_required"
    assert "webauthn" in first["factors"]
    options, token = app_options(api, path, first["pending_token"])
    wrong = SoftKey().get(options)
    refused = api.post(f"{APP}/{path}", {"credential": wrong}, x_session_token=token)
    assert (refused.status_code, refused.json()["errors"][0]["code"]) == (
        400,
        "incorrect_code",
    )
    options, _ = app_options(api, path, token)
    done = api.post(
        f"{APP}/{path}", {"credential": key.get(options)}, x_session_token=token
    )
    assert done.status_code == 200, done.content
    found = claims(done.json()["meta"]["access_token"])
    assert (found["amr"], found["acr"]) == (["mfa", "pop", "pwd"], "aal2")


def test_a_code_still_finishes_it_at_the_same_place(make_person, api):
    app = enrol_totp(make_person())
    pending = api.sign_in().json()["pending_token"]
    done = api.post(
        f"{APP}/auth/2fa/authenticate", {"code": app.code()}, x_session_token=pending
    )
    assert done.status_code == 200


def test_an_app_signs_up_with_a_passkey(api):
    first = api.post(f"{APP}/auth/webauthn/signup", {"email": "new@example.org"})
    assert first.status_code == 401
    token = first.json()["meta"]["session_token"]
    verified = api.post(
        f"{APP}/auth/email/verify",
        {"key": code_in(deliver_mail()[-1])},
        x_session_token=token,
    )
    pending = [f["id"] for f in verified.json()["data"]["flows"] if f.get("is_pending")]
    assert pending == ["mfa_signup_webauthn"]
    options, token = app_options(api, "auth/webauthn/signup", token)
    done = api.client().put(
        f"{APP}/auth/webauthn/signup",
        json.dumps({"name": "Phone", "credential": SoftKey().create(options)}),
        content_type="application/json",
        headers={"x-session-token": token},
    )
    assert done.status_code == 200, done.content
    assert claims(done.json()["meta"]["access_token"])["amr"] == ["pop"]


def test_an_app_manages_its_persons_passkeys(api, browser):
    sign_up(browser)
    path = f"{APP}/account/authenticators/webauthn"
    auth = {"x-session-token": session_token(browser)}
    client = api.client()
    got = client.get(f"{path}?passwordless", headers=auth)
    options = got.json()["data"]["creation_options"]
    body = {"name": "Phone", "credential": SoftKey(rk=None).create(options)}
    made = client.post(path, body, "application/json", headers=auth).json()["data"]
    assert (made["name"], made["is_passwordless"]) == ("Phone", True)
    names = {"id": made["id"], "name": "x" * 61}
    assert client.put(path, names, "application/json", headers=auth).status_code == 400
    names["name"] = "Telephone"
    assert client.put(path, names, "application/json", headers=auth).status_code == 200
    mine = list(
        Authenticator.objects.filter(type="webauthn").values_list("pk", flat=True)
    )
    both = {"authenticators": mine}
    refused = client.delete(path, both, "application/json", headers=auth)
    assert refused.json()["errors"][0]["code"] == "last_way_in"
    one = {"authenticators": mine[:1]}
    assert client.delete(path, one, "application/json", headers=auth).status_code == 200


def test_a_browser_client_signs_in_with_a_passkey(maya, browser):
    key = SoftKey()
    enrol(browser, key)
    path = "/_allauth/browser/v1/auth/webauthn/login"
    other = fresh()
    options = other.get(path).json()["data"]["request_options"]
    done = other.post(path, {"credential": key.get(options)}, "application/json")
    assert done.status_code == 200, done.content
    assert exchange(other).status_code == 200


def test_the_admin_shows_a_passkey_without_its_key(owner, make_person):
    user = make_person()
    other = fresh()
    sign_in_by_form(other)
    key = SoftKey()
    enrol(other, key, "Mayas phone")
    page = owner.get(f"/admin/accounts/user/{user.pk}/change/").content.decode()
    assert "Mayas phone" in page
    assert "WebAuthn" in page
    for secret in (passkeys.websafe_encode(key.id), "attestationObject"):
        assert secret not in page


def test_staff_with_a_passkey_alone_enter_the_admin(make_person):
    make_person("boss@example.org", is_staff=True, is_superuser=True)
    client = fresh()
    sign_in_by_form(client, "boss@example.org")
    key = SoftKey()
    enrol(client, key)
    Authenticator.objects.filter(type="recovery_codes").delete()
    to = client.get("/admin/login/?next=/admin/")["Location"]
    assert to == "/accounts/2fa/webauthn/reauthenticate/?next=%2Fadmin%2F"
    body = {"credential": json.dumps(key.get(options_in(client.get(to))))}
    assert client.post(to, body)["Location"] == "/admin/"
    assert client.get("/admin/").status_code == 200
    assert passkeys.sign_in(fresh(), key).status_code == 200


def test_the_pages_say_what_they_need_without_javascript(maya, browser):
    for path in (ADD, f"{LIST}reauthenticate/"):
        if path != ADD:
            enrol(browser, SoftKey())
        page = browser.get(path).content.decode()
        assert "Passkeys need JavaScript" in page
        assert "data-needs-passkeys hidden" in page
    empty = browser.post(ADD, {"name": "x"})
    assert b"This page needs JavaScript" in empty.content
    assert "Passkeys need JavaScript" in fresh().get(SIGN_UP).content.decode()
