"""A code or a waiting sign-in used many times at once lets one in, over processes.

PR #8067 of Better Auth (one code used twice by a race), Kratos' race tests.
"""

from __future__ import annotations

import os

import httpx
import psycopg
import pytest
from allauth.usersessions.models import UserSession

from accounts.audit.models import Event
from accounts.models import User
from accounts.tokens.models import Family
from tests.fixtures import Authenticator
from tests.races.parallel import together
from tests.services import postgres, server

PASSWORD = "correct horse battery"
SECRET = "JBSWY3DPEHPK3PXP"
CODE = r"^([0-9]{4}-[0-9]{4})$"
MANY = 16
API = "_allauth/app/v1/auth"
FACTORS = [
    f"{kind}-{waiting}@example.org"
    for kind in ("totp", "recovery")
    for waiting in ("many", "one")
]
PEOPLE = [*FACTORS, "called@example.org", "typed@example.org"]


@pytest.fixture(scope="module")
def busy():
    """Four processes; the limits would hide the race behind a 429."""
    database = postgres.new_database(os.environ["DATABASE_URL"], "authsite_single_use")
    limits = "login=100000/m/ip;login_failed=100000/m/ip;signup=100000/m/ip"
    with server.site(
        database,
        os.environ["CACHE_URL"],
        workers=4,
        RATE_LIMITS=limits,
        LOGIN_BY_CODE="true",
    ) as found:
        yield found


@pytest.fixture(scope="module")
def recovery_codes(busy):
    """Everybody is made at once: each command costs seconds. By address."""
    return busy.run(
        "import json\n"
        "from allauth.account.models import EmailAddress\n"
        "from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes\n"
        "from allauth.mfa.totp.internal.auth import TOTP\n"
        "from accounts.models import User\n"
        "codes = {}\n"
        f"for email in {PEOPLE!r}:\n"
        f"    user = User.objects.create_user(email, {PASSWORD!r})\n"
        "    EmailAddress.objects.create("
        "user=user, email=email, primary=True, verified=True)\n"
        f"    if email in {FACTORS!r}:\n"
        f"        TOTP.activate(user, {SECRET!r})\n"
        "        codes[email] = RecoveryCodes.activate(user).get_unused_codes()\n"
        "\n"
        "print(json.dumps(codes))\n"
    )


def entered(site, email):
    """How many sign-ins, sessions and families the rows tell of."""
    counts = (
        (Event, "AND action = 'person:session:sign_in'"),
        (UserSession, ""),
        (Family, ""),
    )
    with psycopg.connect(site.environment["DATABASE_URL"]) as connection:
        return [
            connection.execute(
                f"SELECT count(*) FROM {model._meta.db_table} JOIN"
                f" {User._meta.db_table} person ON person.id = user_id"
                f" WHERE person.email = %s {more}",
                [email],
            ).fetchone()[0]
            for model, more in counts
        ]


def pending(site, email):
    """A sign-in that waits for its second step."""
    body = {"email": email, "password": PASSWORD}
    return httpx.post(f"{site.url}/api/token/", json=body).json()["pending_token"]


def race(site, path, bodies, token=""):
    """Send each of these at the same moment."""
    headers = {"X-Session-Token": token} if token else {}

    def call(client, i):
        return client.post(f"{site.url}/{path}", json=bodies[i], headers=headers)

    return together(len(bodies), call)


def winner(answers):
    """The one that was let in; all others were refused in order."""
    refused = {answer.status_code for answer in answers} - {200}
    # 429: the lock of a counter was not to be had within a second.
    assert refused <= {400, 401, 409, 410, 429}, [answer.text for answer in answers]
    (found,) = (answer for answer in answers if answer.status_code == 200)
    return found.json()


@pytest.mark.parametrize("email", FACTORS)
def test_a_code_of_the_second_step(busy, recovery_codes, email):
    kind, waiting = email.removesuffix("@example.org").split("-")
    code = Authenticator(SECRET).code() if kind == "totp" else recovery_codes[email][0]
    if waiting == "many":
        tokens = [pending(busy, email) for _ in range(MANY)]
    else:
        tokens = [pending(busy, email)] * MANY
    bodies = [{"pending_token": token, "code": code} for token in tokens]
    assert winner(race(busy, "api/token/mfa/", bodies))["access"]
    assert entered(busy, email) == [1, 1, 1]


def test_an_e_mail_code_by_calls(busy, recovery_codes):
    email = "called@example.org"
    asked = httpx.post(f"{busy.url}/{API}/code/request", json={"email": email})
    token = asked.json()["meta"]["session_token"]
    body = {"code": busy.mail_to(email, CODE)}
    answers = race(busy, f"{API}/code/confirm", [body] * MANY, token)
    assert winner(answers)["meta"]["access_token"]
    assert entered(busy, email) == [1, 1, 1]


def test_an_e_mail_code_on_the_page(busy, recovery_codes):
    email = "typed@example.org"
    with httpx.Client(base_url=busy.url) as browser:
        browser.get("/accounts/login/code/")
        form = {"email": email, "csrfmiddlewaretoken": browser.cookies["csrftoken"]}
        asked = browser.post("/accounts/login/code/", data=form)
        assert asked.headers["Location"] == "/accounts/login/code/confirm/"
        cookies = "; ".join(
            f"{name}={value}" for name, value in browser.cookies.items()
        )
    form |= {"code": busy.mail_to(email, CODE)}

    def confirm(client, _):
        url = f"{busy.url}/accounts/login/code/confirm/"
        return client.post(url, data=form, headers={"Cookie": cookies})

    answers = together(MANY, confirm)
    assert {answer.status_code for answer in answers} <= {302, 429}
    places = [answer.headers.get("Location") for answer in answers]
    assert places.count("/dashboard/") == 1, places
    assert entered(busy, email) == [1, 1, 0]


def test_a_code_that_proves_an_address(busy):
    email = "new@example.org"
    body = {"email": email, "password": PASSWORD}
    asked = httpx.post(f"{busy.url}/{API}/signup", json=body)
    token = asked.json()["meta"]["session_token"]
    body = {"key": busy.mail_to(email, CODE)}
    answers = race(busy, f"{API}/email/verify", [body] * MANY, token)
    assert winner(answers)["meta"]["access_token"]
    assert entered(busy, email) == [1, 1, 1]


def test_wrong_codes_at_once_are_five_tries(site):
    """A session's own counter shows the same number to all who read it at once."""
    email = "guessed-code@example.org"
    body = {"email": email, "password": PASSWORD}
    asked = httpx.post(f"{site.url}/{API}/signup", json=body)
    token = asked.json()["meta"]["session_token"]
    code = site.mail_to(email, CODE)
    body = {"key": code[:-1] + str((int(code[-1]) + 1) % 10)}
    answers = race(site, f"{API}/email/verify", [body] * MANY, token)
    tried = [answer.status_code for answer in answers].count(400)
    assert 1 <= tried <= 5, [answer.status_code for answer in answers]
