"""Whose account a provider's person gets: docs/linking.md says it as one table.

allauth decides the most of it: a known identity signs in, a new one with a free
address makes an account, and one whose address is taken gets a mail and nothing else.
Here is what it does not do: an address that a provider has verified is its owner's,
even if a stranger was here first and left it unproven.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from allauth.account.adapter import get_adapter
from allauth.account.models import EmailAddress
from allauth.account.utils import user_email
from django.db import transaction

from accounts.policy.pre_registered import is_unproven, waits_for_its_owner

if TYPE_CHECKING:
    from allauth.socialaccount.models import SocialLogin
    from django.http import HttpRequest


def keep_one_address(sociallogin: SocialLogin) -> None:
    """Only the address that the account will have comes over from the provider.

    GitHub tells of others, unproven ones too. Each would become a row of the new
    account, so that whoever owns such an address would be led into it by a reset.
    """
    email = user_email(sociallogin.user) or ""
    sociallogin.email_addresses = [
        one for one in sociallogin.email_addresses if one.email == email
    ]


def settle(request: HttpRequest, sociallogin: SocialLogin) -> None:
    """Clear the way for the owner of an address that the provider has verified.

    For a new identity alone. Afterwards it is either connected to the account that
    waited for its owner, or the address is as free as allauth will find it.
    """
    email = user_email(sociallogin.user) or ""
    verified = {one.email for one in sociallogin.email_addresses if one.verified}
    if email not in verified:
        return
    for address in EmailAddress.objects.filter(email=email, verified=False):
        user = address.user
        if waits_for_its_owner(user, email):
            _hand_over(request, sociallogin, address)
        elif not is_unproven(user) and user.email != email:
            # Somebody who has proven another address typed this one as the next.
            address.delete()


def _hand_over(
    request: HttpRequest, sociallogin: SocialLogin, address: EmailAddress
) -> None:
    with transaction.atomic():
        # The news of it wipes what was set before: accounts.policy.pre_registered.
        if get_adapter().confirm_email(request, address):
            sociallogin.connect(request, address.user)
