"""The people of the scenes, made once for all in the settings of the running site.

Each is brought to where their scenes begin by the same requests that a browser sends;
what comes back are the cookies that a browser needs to go on from there.
"""

from __future__ import annotations

from datetime import timedelta

from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.usersessions.models import UserSession
from django.conf import settings
from django.utils import timezone

from accounts.audit.models import Action, Event, Outcome, Repeat
from accounts.models import User
from accounts.policy import closing, ended, not_me, removal
from accounts.policy.models import EmailBound, FactorRemoval
from accounts.policy.sessions import end
from accounts.policy.webauthn import keys_of
from tests.fixtures import enrol_totp, second_step
from tests.passkeys import SoftKey, enrol, sign_in
from tests.scenes import halfway, rich
from tests.scenes.visitor import cookies, person, signed_in, visitor, with_key

Cookies = dict[str, dict[str, str]]
ALONE = "The only one"


def make() -> dict[str, dict]:
    """Everybody: {cookies: {who: …}, facts: {name: value}}."""
    found: Cookies = {}
    groups = (
        *(new, moved, second_steps, by_passkey, few_codes, hasty, signed_out, staff),
        *(lost, removing),
    )
    for group in groups:
        found |= group()
    for more in (rich.make, halfway.make):
        found |= more()
    rich_one = User.objects.get(email=rich.EMAIL)
    facts = {
        "rich": str(rich_one.pk),
        "key": str(keys_of(rich_one)[0].pk),
        "last_key": str(Authenticator.objects.get(data__name=ALONE).pk),
        "sign_in": sign_in_of("new@example.org"),
        "undo": closing_one(),
        **removals(),
        **counted(),
        "not_me": said_by(rich_one),
        "robbed": robbed_one(),
        "moved": sign_in_of("moved-in@example.org"),
        **halfway.facts(),
        **rich.facts(),
    }
    return {"cookies": found, "facts": facts}


def sign_in_of(email: str) -> str:
    """Which event their only sign-in is."""
    found = Event.objects.get(user__email=email, action=Action.SIGN_IN)
    return str(found.pk)


def said_by(user: User) -> str:
    """Where the link of a mail leads by which somebody says that it was not them."""
    since = timezone.now().timestamp() - timedelta(days=6).total_seconds()
    found = not_me.link(user, user.email, since)
    return found.removeprefix(settings.SITE_URL)


def robbed_one() -> str:
    """The same, where the address was replaced and the account is being closed."""
    day = timezone.now() + settings.ACCOUNT_CLOSING_GRACE
    user = person("robbed@example.org", is_active=False, closes_at=day)
    link = said_by(user)
    address = EmailAddress.objects.filter(user=user)
    address.update(email="stranger@example.org")
    User.objects.filter(pk=user.pk).update(email="stranger@example.org")
    return link


def closing_one() -> str:
    """Where somebody who is closing their account can keep it."""
    day = timezone.now() + settings.ACCOUNT_CLOSING_GRACE
    user = person("closing@example.org", is_active=False, closes_at=day)
    return closing.undo_link(user).removeprefix(settings.SITE_URL)


def new() -> Cookies:
    """With a password, and nothing done yet."""
    person("new@example.org")
    return {"new": cookies(signed_in("new@example.org"))}


def moved() -> Cookies:
    """Whose address changed after they signed in."""
    user = person("moved-in@example.org")
    found = {"moved": cookies(signed_in(user.email))}
    later = timezone.now() + timedelta(seconds=1)
    Event.objects.create(action=Action.EMAIL_CHANGED, user=user, at=later)
    return found


def hasty() -> Cookies:
    """Who will do things too often: when signed in, and before a second step."""
    person("hasty@example.org")
    enrol_totp(person("typist@example.org"))
    return {
        "hasty": cookies(signed_in("hasty@example.org")),
        "typist, halfway": cookies(signed_in("typist@example.org")),
    }


def second_steps() -> Cookies:
    """Before the second step: by app alone, by a security key alone; and after it."""
    app = enrol_totp(person("app@example.org"))
    found = {"app, halfway": cookies(signed_in("app@example.org"))}
    client = signed_in("app@example.org")
    client.post("/accounts/2fa/authenticate/", {"code": app.code(-1)})
    found["app, trust"] = cookies(client)
    client = signed_in("app@example.org")
    second_step(client, app.code())
    found["app"] = cookies(client)
    person("key@example.org")
    client = signed_in("key@example.org")
    with_key(client, "Yubi", alone=False)
    found["key"] = cookies(client)
    found["key, halfway"] = cookies(signed_in("key@example.org"))
    return found


def lost() -> Cookies:
    """Who is about to type the code for the removal of their second steps."""
    enrol_totp(person("lost@example.org"))
    client = signed_in("lost@example.org")
    assert client.post("/accounts/2fa/lost/").status_code == 303
    return {"lost, asked": cookies(client)}


def removing() -> Cookies:
    """Whose second steps will be removed: signed in, and before the second step."""
    user = person("removing@example.org", name="Maya Lindqvist")
    app = enrol_totp(user)
    client = signed_in(user.email)
    second_step(client, app.code())
    now = timezone.now()
    FactorRemoval.objects.create(user=user, asked_at=now, due_at=now + removal.WAIT)
    return {
        "removing": cookies(client),
        "removing, halfway": cookies(signed_in(user.email)),
    }


def removals() -> dict[str, str]:
    """That request, and where its link leads."""
    row = FactorRemoval.objects.get()
    link = removal.cancel_url(row).removeprefix(settings.SITE_URL)
    return {"removal": str(row.pk), "keep_factors": link}


def counted() -> dict[str, str]:
    """Emails and events that somebody else keeps causing."""
    now = timezone.now()
    bound = EmailBound.objects.create(
        digest="d" * 64, address="a" * 64, sent=[], held_back=7,
        last_sent_at=now, last_held_back_at=now,
    )  # fmt: skip
    repeat = Repeat.objects.create(
        key="k" * 64, action=Action.SIGN_IN_LIMITED, outcome=Outcome.LIMITED,
        ip="203.0.113.9", user_agent="curl/8.5", times=27, opened_at=now, last_at=now,
    )  # fmt: skip
    return {"bound": bound.pk, "repeat": repeat.pk}


def by_passkey() -> Cookies:
    """Who has no other way in: no code comes to an address that is not confirmed."""
    user = person("passkey@example.org")
    key = SoftKey(origin=settings.SITE_URL)
    enrol(signed_in(user.email), key, ALONE)
    user.set_unusable_password()
    user.save()
    client = visitor()
    assert sign_in(client, key).status_code == 200
    EmailAddress.objects.filter(user=user).update(verified=False)
    return {"passkey alone": cookies(client)}


def few_codes() -> Cookies:
    """Signed in by the last recovery code but three."""
    user = person("few@example.org")
    enrol_totp(user)
    factor = Authenticator.objects.get(user=user, type="recovery_codes")
    codes = RecoveryCodes(factor).get_unused_codes()
    for code in codes[1:7]:
        assert RecoveryCodes(factor).validate_code(code)
    client = signed_in("few@example.org")
    second_step(client, codes[0])
    return {"few codes": cookies(client)}


def signed_out() -> Cookies:
    """Whose session ended, for each reason that a browser is told."""
    user = person("out@example.org")
    found = {}
    for reason in ended.Reason:
        found[f"out: {reason}"] = cookies(signed_in(user.email))
        end(UserSession.objects.filter(user=user), reason)
    return found


def staff() -> Cookies:
    """An administrator after their second step, and one who has to set one up."""
    app = enrol_totp(
        person(
            "owner@example.org", name="Noor Haddad", is_staff=True, is_superuser=True
        )
    )
    owner = signed_in("owner@example.org")
    second_step(owner, app.code())
    person("beginner@example.org", is_staff=True)
    return {
        "owner": cookies(owner),
        "must enrol": cookies(signed_in("beginner@example.org")),
    }
