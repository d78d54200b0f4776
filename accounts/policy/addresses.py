"""E-mail addresses that read as another's once a library changes their case."""

from __future__ import annotations

import unicodedata


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
