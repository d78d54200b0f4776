"""What a new password may be, beyond Django's own validators."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.conf import settings
from django.contrib.auth import password_validation as stock
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

if TYPE_CHECKING:
    from django.contrib.auth.base_user import AbstractBaseUser


class MinimumLengthValidator(stock.MinimumLengthValidator):
    """Django's, in words that say what to do."""

    def get_error_message(self) -> str:
        """The rule in a sentence."""
        text = ngettext(
            "Use at least %(n)d character. A few words in a row work well.",
            "Use at least %(n)d characters. A few words in a row work well.",
            self.min_length,
        )
        return text % {"n": self.min_length}


class CommonPasswordValidator(stock.CommonPasswordValidator):
    """The same."""

    def get_error_message(self) -> str:
        """Why it is refused, and what instead."""
        return _("Many people use this password, so it is tried first. Choose another.")


class UserAttributeSimilarityValidator(stock.UserAttributeSimilarityValidator):
    """The same."""

    def get_error_message(self) -> str:
        """As Django fills it in: with the attribute's name."""
        return _("This is too close to your %(verbose_name)s. Choose another.")


class MaximumLengthValidator:
    """Bounds the work of one hash; far beyond any passphrase (ASVS 6.2.9 asks 64)."""

    def __init__(self, max_length: int = 1024) -> None:
        self.max_length = max_length

    def validate(self, password: str, user: AbstractBaseUser | None = None) -> None:
        """Raises ValidationError when longer than max_length characters."""
        if len(password) > self.max_length:
            raise ValidationError(self.get_help_text(), code="password_too_long")

    def get_help_text(self) -> str:
        """The rule in a sentence."""
        return _("Use at most %(count)d characters.") % {"count": self.max_length}


class BrandNameValidator:
    """Refuses the site's own name with trimmings (ASVS 6.2.11, context words)."""

    def validate(self, password: str, user: AbstractBaseUser | None = None) -> None:
        """Raises ValidationError when little but the site's name is left."""
        words = {settings.BRAND_NAME.lower(), settings.SITE_HOST.split(".")[0].lower()}
        text = password.lower()
        for word in sorted(words, key=len, reverse=True):
            if len(word) > 3:
                text = text.replace(word, "")
        rest = "".join(letter for letter in text if letter.isalpha())
        if text != password.lower() and len(rest) < 6:
            raise ValidationError(self.get_help_text(), code="password_context_word")

    def get_help_text(self) -> str:
        """The rule in a sentence."""
        return _("Do not build it from the name of this site.")
