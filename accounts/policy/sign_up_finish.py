"""The end of a sign-up: the right code creates the account and signs in."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from allauth.account.adapter import get_adapter
from allauth.account.internal.flows.signup import complete_signup
from allauth.account.internal.stagekit import clear_login
from allauth.account.internal.userkit import filter_users_by_email
from allauth.account.models import EmailAddress
from allauth.account.utils import user_email
from allauth.core.exceptions import ImmediateHttpResponse, SignupClosedException
from allauth.socialaccount.adapter import get_adapter as get_social_adapter
from allauth.socialaccount.internal.flows.signup import complete_social_signup
from allauth.socialaccount.models import SocialAccount, SocialLogin
from django.contrib import messages
from django.db import IntegrityError, transaction
from django.utils.module_loading import import_string

from accounts.policy import pending
from accounts.policy.sign_up import CONFIRMED, KEY, forget, is_free

if TYPE_CHECKING:
    from django.http import HttpRequest, HttpResponseBase

    from accounts.models import User
    from accounts.policy.sign_up import Waiting


class AddressTaken(Exception):
    """Somebody else confirmed this address, or this provider's account, first."""


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
