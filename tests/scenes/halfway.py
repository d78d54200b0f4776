"""People on their way: a code or a link is in their mail, an address is missing."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from allauth.account.models import EmailAddress
from django.conf import settings
from django.contrib.auth.models import Group

from tests.fixtures import PASSWORD
from tests.scenes.visitor import cookies, person, signed_in, visitor
from tests.services.server import Site
from tests.standins.fixtures import Standins, sign_in_by

CODE = r"^([0-9]{4}-[0-9]{4})\s*$"
LINK = r"(http://localhost\S+/reset/key/\S+)"
_facts: dict[str, str] = {}


def make() -> dict[str, dict[str, str]]:
    """Their cookies."""
    standins = Standins(settings.STANDINS)
    return {
        "verify": cookies(asked("/accounts/signup/", "up@example.org")),
        "code": cookies(asked("/accounts/login/code/", "by-code@example.org")),
        "passkey": by_passkey("by-passkey@example.org"),
        "reset": by_link("forgot@example.org"),
        "moving": moving("moving@example.org", "moved@example.org"),
        "moving, code": moving("mover@example.org"),
        **guest(standins),
        "no address": no_address(standins),
    }


def facts() -> dict[str, str]:
    """What was learned on the way."""
    return {**_facts, "group": str(Group.objects.create(name="Support").pk)}


def asked(path: str, email: str) -> Any:
    """Who asked for something, and has mail."""
    client = visitor()
    answer = client.post(path, {"email": email, "password1": PASSWORD})
    assert answer.status_code == 302, answer.content.decode()[-2000:]
    return client


def mailed(email: str, pattern: str) -> str:
    """What the running site's worker has sent them."""
    folder = Path(settings.EMAIL_FILE_PATH)
    site = Site(settings.SITE_URL, {}, folder, folder, None)  # type: ignore[arg-type]
    return site.mail_to(email, pattern)


def by_passkey(email: str) -> dict[str, str]:
    """Whose address is confirmed; the passkey is to be made."""
    client = asked("/accounts/signup/passkey/", email)
    client.get("/accounts/confirm-email/")
    code = mailed(email, CODE)
    answer = client.post("/accounts/confirm-email/", {"code": code})
    assert answer["Location"] == "/accounts/2fa/webauthn/signup/", answer["Location"]
    return cookies(client)


def by_link(email: str) -> dict[str, str]:
    """Who has followed the link in the mail."""
    person(email)
    client = asked("/accounts/password/reset/", email)
    answer = client.get(urlsplit(mailed(email, LINK)).path)
    _facts["reset"] = answer["Location"]
    return cookies(client)


def moving(email: str, waiting: str = "") -> dict[str, str]:
    """Who has a new address that waits, or is about to type its code."""
    user = person(email)
    client = signed_in(email)
    if waiting:
        EmailAddress.objects.create(user=user, email=waiting)
    else:
        given = {"email": "elsewhere@example.org", "action_add": ""}
        client.post("/accounts/email/", given)
    return cookies(client)


def guest(standins: Standins) -> dict[str, dict[str, str]]:
    """Who signs in by Google, without a password: in, with a code, and out.

    And somebody who has no other way in than that.
    """
    found = {}
    for name in ("", ", asked", ", out"):
        client = visitor()
        answer = sign_in_by(standins, client, email="guest@example.org", name="Kim Ito")
        assert answer.status_code == 302, answer.content.decode()[-2000:]
        if name == ", asked":
            client.post("/accounts/reauthenticate/code/")
        if name == ", out":
            client.post("/accounts/logout/")
        found[f"guest{name}"] = cookies(client)
    client = visitor()
    sign_in_by(standins, client, email="google@example.org", sub="alone")
    mine = EmailAddress.objects.filter(email="google@example.org")
    mine.update(verified=False)  # so no code by mail is a way in
    return {**found, "only Google": cookies(client)}


def no_address(standins: Standins) -> dict[str, str]:
    """Whose address GitHub did not tell."""
    client = visitor()
    answer = sign_in_by(standins, client, "github", "no_email")
    assert answer["Location"] == "/accounts/3rdparty/signup/", answer["Location"]
    return cookies(client)
