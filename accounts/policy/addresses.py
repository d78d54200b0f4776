"""E-mail addresses that libraries read as another's."""

from __future__ import annotations

import unicodedata

from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _


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
