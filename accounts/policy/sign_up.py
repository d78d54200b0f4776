"""Sign-ups that wait for a code: no account exists before its address is confirmed.

Every sign-up takes the way that allauth keeps for addresses that have an account: a
sign-in of nobody, which waits for a code. What was typed waits in the session, sealed;
its password only as a hash. The right code creates the account, with the address
already confirmed. A stranger's sign-up with somebody's address leaves nothing behind.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from allauth.account.internal.flows.email_verification_by_code import (
    EMAIL_VERIFICATION_CODE_SESSION_KEY,
)
from allauth.account.internal.flows.signup import prevent_enumeration
from allauth.account.internal.userkit import filter_users_by_email
from allauth.account.utils import get_next_redirect_url, user_email
from django.contrib.auth.hashers import make_password
from django.core.serializers.json import DjangoJSONEncoder

from accounts.crypto import DecryptionError, decrypt, encrypt
from accounts.policy import pace
from accounts.policy.pre_registered import is_remnant

if TYPE_CHECKING:
    from allauth.socialaccount.models import SocialLogin
    from django.http import HttpRequest, HttpResponseBase

    from accounts.models import User

KEY = "policy_sign_up"
PURPOSE = "sign-up"
#: On the request: the code of this sign-up was right.
CONFIRMED = "_policy_confirmed_sign_up"
PASSWORDS = ("password1", "password2", "password")


@dataclass(frozen=True, slots=True)
class Waiting:
    """What a sign-up needs once its code is right.

    `form` is the dotted path of the form or input that was filled in, "" where a
    provider told everything; `fields` are its cleaned fields in JSON, without
    passwords; `password` is a hash; `sociallogin` is allauth's serialized one.
    """

    email: str
    form: str = ""
    fields: dict[str, Any] | None = None
    password: str = ""
    by_passkey: bool = False
    sociallogin: dict[str, Any] | None = None
    next_url: str | None = None


class WaitsForCode:
    """For allauth's sign-up forms and inputs: they create nothing until the code."""

    cleaned_data: dict[str, Any]
    fields: dict[str, Any]
    #: Set while the account is created.
    password_hash: str | None = None

    def try_save(self, request: HttpRequest) -> tuple[User | None, Any]:
        """No user and the answer that asks for the code; at the code allauth's."""
        if self.password_hash is not None:
            return super().try_save(request)  # type: ignore[misc] # of the form
        typed = [self.cleaned_data.get(name) for name in PASSWORDS]
        password = next(filter(None, typed), "")
        sociallogin = getattr(self, "sociallogin", None)
        waiting = Waiting(
            email=self.cleaned_data["email"],
            form=f"{type(self).__module__}.{type(self).__qualname__}",
            fields={
                name: self.fields[name].prepare_value(value)
                for name, value in self.cleaned_data.items()
                if name in self.fields and name not in PASSWORDS
            },
            # Hashed for everybody, so that the time tells nothing.
            password=make_password(password) if password else "",
            by_passkey=not password and sociallogin is None,
            sociallogin=sociallogin.serialize() if sociallogin else None,
            next_url=get_next_redirect_url(request),
        )
        return None, begin(request, waiting)


def begin(request: HttpRequest, waiting: Waiting) -> HttpResponseBase:
    """Keep a sign-up and email its code; the answer leads to where the code is typed.

    Raises ImmediateHttpResponse (429).
    """
    pace.hold(request)
    keep(request, waiting)
    return prevent_enumeration(request, email=waiting.email)


def begin_by_provider(
    request: HttpRequest, sociallogin: SocialLogin
) -> HttpResponseBase:
    """The same for a person whom a provider told of, with an unverified address."""
    email = user_email(sociallogin.user) or ""
    return begin(request, Waiting(email=email, sociallogin=sociallogin.serialize()))


def keep(request: HttpRequest, waiting: Waiting) -> None:
    """Seal it into the session, in the place of an earlier one."""
    text = json.dumps(asdict(waiting), cls=DjangoJSONEncoder)
    request.session[KEY] = encrypt(text.encode(), PURPOSE).decode()


def waiting_for(request: HttpRequest, email: str) -> Waiting | None:
    """The sign-up that waits in this session for a code to this address."""
    if request.user.is_authenticated:
        return None
    try:
        sealed = request.session[KEY].encode()
        found = Waiting(**json.loads(decrypt(sealed, PURPOSE)))
    except (KeyError, TypeError, DecryptionError):  # TypeError: an earlier release's
        return None
    return found if found.email == email else None


def forget(request: HttpRequest) -> None:
    """No sign-up waits in this session any more, nor does its code."""
    if request.session.pop(KEY, None) is not None:
        request.session.pop(EMAIL_VERIFICATION_CODE_SESSION_KEY, None)


def is_free(email: str) -> bool:
    """Whether a sign-up may create the account of this address."""
    return all(is_remnant(user, email) for user in filter_users_by_email(email))
