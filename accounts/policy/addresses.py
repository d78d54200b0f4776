"""E-mail addresses that libraries read as another's."""

from __future__ import annotations

import unicodedata
from typing import TYPE_CHECKING, Any

from allauth.account.models import EmailAddress
from allauth.account.utils import filter_users_by_email
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from accounts.models import normalise_email

if TYPE_CHECKING:
    from accounts.models import User

UNDELIVERABLE = "undeliverable"


def is_look_alike(email: str) -> bool:
    """Whether a letter beyond ASCII would turn into an ASCII one in lower case.

    The Kelvin sign becomes k, so that K@example.com written with it would find k's
    account while mail for it goes elsewhere (Django CVE-2019-19844 and its kin).
    """
    return any(
        unicodedata.normalize("NFKC", letter).lower().isascii()
        for letter in email
        if not letter.isascii()
    )


def refuse_look_alike(email: str) -> None:
    """A form validator: it runs before a library's field changes the case.

    A quoted local part may hold another address, and mail software has delivered to
    that one. Raises ValidationError.
    """
    if is_look_alike(email) or '"' in email:
        raise ValidationError(_("Enter a valid e-mail address."), code="invalid")


def is_deliverable(email: str) -> bool:
    """Whether its domain is a name on the internet: neither literal nor single-label.

    Email to x@[127.0.0.1] or root@localhost would go to our own machines.
    """
    domain = email.rpartition("@")[2].rstrip(".")
    labels = domain.split(".")
    return len(labels) > 1 and labels[-1] != "localhost" and "[" not in domain


def refuse_undeliverable(email: str) -> None:
    """A form validator for addresses that we are to send to. Raises ValidationError."""
    if not is_deliverable(email):
        text = _("We can't send email there. Use an address like name@example.com.")
        raise ValidationError(text, code=UNDELIVERABLE)


def is_of(user: User, email: str) -> bool:
    """Whether this address may open this account: its own, or one they have proven.

    One that was typed and not proven, or left, may be anybody's.
    """
    if user.email == email:
        return True
    proven = EmailAddress.objects.filter(user=user, email=email, verified=True)
    return bool(proven.exists())


class ProvenAddress:
    """A mixin for forms that send a link for a new password to an address."""

    users: list[User]
    cleaned_data: dict[str, Any]

    def clean_email(self) -> str:
        """As allauth's; people whose address it is not proven to be are left out.

        An address that gets no email is answered like any other.
        """
        try:
            email: str = super().clean_email()  # type: ignore[misc] # of the form
        except ValidationError as error:
            if getattr(error, "code", "") != UNDELIVERABLE:
                raise
            email = self.cleaned_data["email"]
            self.users = filter_users_by_email(email.lower(), is_active=True)
        spelled = normalise_email(email)
        self.users = [user for user in self.users if is_of(user, spelled)]
        return email
