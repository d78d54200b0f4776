"""`manage.py reseal`: encrypt anew what an older AUTH_SECRET has encrypted."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand

from accounts.policy.factors import seal_factors_anew
from accounts.tokens.key_rotation import seal_keys_anew


class Command(BaseCommand):
    """Safe to run at any time and any number of times."""

    help = (
        "Encrypt signing keys and second factors anew under AUTH_SECRET, so that "
        "AUTH_SECRET_FALLBACKS can be emptied once every session has ended."
    )

    def handle(self, *args: Any, **options: Any) -> None:
        """Print how many there were. Raises DecryptionError for a lost secret."""
        keys, factors = seal_keys_anew(), seal_factors_anew()
        self.stdout.write(f"Encrypted anew: {keys} signing keys, {factors} factors.")
