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

from allauth.account.adapter import get_adapter
from allauth.account.internal.flows.email_verification_by_code import (
    EMAIL_VERIFICATION_CODE_SESSION_KEY,
)
from allauth.account.internal.flows.signup import complete_signup, prevent_enumeration
from allauth.account.internal.stagekit import clear_login
from allauth.account.internal.userkit import filter_users_by_email
from allauth.account.models import EmailAddress
from allauth.account.utils import get_next_redirect_url, user_email
from allauth.core.exceptions import ImmediateHttpResponse, SignupClosedException
from allauth.socialaccount.adapter import get_adapter as get_social_adapter
from allauth.socialaccount.internal.flows.signup import complete_social_signup
from allauth.socialaccount.models import SocialAccount, SocialLogin
from django.contrib import messages
from django.contrib.auth.hashers import make_password
from django.core.serializers.json import DjangoJSONEncoder
from django.db import IntegrityError, transaction
from django.utils.module_loading import import_string

from accounts.crypto import DecryptionError, decrypt, encrypt
from accounts.policy import pace, pending
from accounts.policy.pre_registered import is_remnant

if TYPE_CHECKING:
    from django.http import HttpRequest, HttpResponseBase

    from accounts.models import User

KEY = "policy_sign_up"
PURPOSE = "sign-up"
#: On the request: the code of this sign-up was right.
CONFIRMED = "_policy_confirmed_sign_up"
PASSWORDS = ("password1", "password2", "password")


class AddressTaken(Exception):
    """Somebody else confirmed this address, or this provider's account, first."""


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
    except (KeyError, DecryptionError):
        return None
    return found if found.email == email else None


def forget(request: HttpRequest) -> None:
    """No sign-up waits in this session any more."""
    request.session.pop(KEY, None)


def is_free(email: str) -> bool:
    """Whether a sign-up may create the account of this address."""
    return all(is_remnant(user, email) for user in filter_users_by_email(email))


def finish(request: HttpRequest, waiting: Waiting) -> HttpResponseBase:
    """Create the account and sign in, after the right code.

    Raises SignupClosedException, after which the sign-up still waits, AddressTaken,
    after which it does not, and ImmediateHttpResponse when another request of this
    session was first.
    """
    sociallogin = None
    if waiting.sociallogin is not None:
        sociallogin = SocialLogin.deserialize(waiting.sociallogin)
    if not _is_open(request, sociallogin):
        raise SignupClosedException
    with transaction.atomic():
        pending.take_turn(request, KEY)
        user = _create_or_not(request, waiting, sociallogin)
        forget(request)
        if user is not None:
            return _complete(request, waiting, user, sociallogin)
    clear_login(request)
    raise AddressTaken


def _is_open(request: HttpRequest, sociallogin: SocialLogin | None) -> bool:
    if sociallogin is None:
        return bool(get_adapter().is_open_for_signup(request))
    return bool(get_social_adapter().is_open_for_signup(request, sociallogin))


def _create_or_not(
    request: HttpRequest, waiting: Waiting, sociallogin: SocialLogin | None
) -> User | None:
    """The account; None when the address or the provider's account is taken."""
    try:
        with transaction.atomic():
            if not is_free(waiting.email):
                return None
            for remnant in filter_users_by_email(waiting.email):
                remnant.delete()
            user = _create(request, waiting, sociallogin)
            address = EmailAddress.objects.get_for_user(user, waiting.email)
            address.verified = True
            address.save(update_fields=["verified"])
            setattr(request, CONFIRMED, True)
            return user
    except IntegrityError:
        if _is_taken(waiting, sociallogin):
            return None
        raise


def _is_taken(waiting: Waiting, sociallogin: SocialLogin | None) -> bool:
    if sociallogin is not None:
        account = sociallogin.account
        same = SocialAccount.objects.filter(provider=account.provider, uid=account.uid)
        if same.exists():
            return True
    return not is_free(waiting.email)


def _create(
    request: HttpRequest, waiting: Waiting, sociallogin: SocialLogin | None
) -> User:
    more: dict[str, Any] = {}
    if sociallogin is not None:
        user_email(sociallogin.user, waiting.email)
        sociallogin.email_addresses = []  # allauth makes one of the account's own
        more = {"sociallogin": sociallogin}
    if not waiting.form:
        created: User = get_social_adapter().save_user(request, sociallogin)
        return created
    form = import_string(waiting.form)(data={}, **more)
    form.cleaned_data = {
        name: form.fields[name].to_python(value)
        for name, value in (waiting.fields or {}).items()
        if name in form.fields
    }
    form.account_already_exists = False
    form.password_hash = waiting.password
    user: User = form.try_save(request)[0]
    return user


def _complete(
    request: HttpRequest,
    waiting: Waiting,
    user: User,
    sociallogin: SocialLogin | None,
) -> HttpResponseBase:
    """The sign-in that follows; its session is seen with the account or not at all."""
    get_adapter().add_message(
        request,
        messages.SUCCESS,
        "account/messages/email_confirmed.txt",
        {"email": waiting.email},
    )
    request.session.pop(EMAIL_VERIFICATION_CODE_SESSION_KEY, None)
    response: HttpResponseBase
    try:
        if sociallogin is not None:
            response = complete_social_signup(request, sociallogin)
        else:
            response = complete_signup(
                request,
                user=user,
                redirect_url=waiting.next_url,
                by_passkey=waiting.by_passkey,
            )
    except ImmediateHttpResponse as error:  # the account stays; a step is missing
        response = error.response
    if not pending.has_given_way(request):
        request.session.save()
    return response
