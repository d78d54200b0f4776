"""The person: a uuid for a name that never changes, an e-mail address to sign in."""

from __future__ import annotations

import unicodedata
import uuid
from typing import Any, ClassVar

from django.apps import apps
from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.contrib.auth.models import PermissionsMixin
from django.db import models, transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

#: SQLite does not hold a column to it; tokens with a much longer one are refused.
MAX_EMAIL_LENGTH = 254
LONGEST_EMAIL = 320  # characters, as forms take them: 64, @ and 255 (RFC 5321 4.5.3.1)


def normalise_email(email: str) -> str:
    """The one spelling under which an address is stored, limited and looked up.

    NFC, outer white space removed, lower case. Addresses that only become another's by
    this are refused where people type them (accounts.policy.addresses). Of a text too
    long for an address the spelling does not matter, and it is left as it is: NFC takes
    quadratic time for marks that it has to sort.
    """
    email = email.strip()
    if len(email) <= LONGEST_EMAIL:
        email = unicodedata.normalize("NFC", email)
    return email.lower()


class UserManager(BaseUserManager["User"]):
    """Makes people; every way in goes through normalise_email."""

    use_in_migrations = True

    def create_user(
        self, email: str, password: str | None = None, **extra: Any
    ) -> User:
        """A person; without a password they can only sign in by other means."""
        if not email:
            msg = "A person needs an e-mail address."
            raise ValueError(msg)
        user = self.model(email=normalise_email(email), **extra)
        if len(user.email) > MAX_EMAIL_LENGTH:
            msg = f"An email address has at most {MAX_EMAIL_LENGTH} characters."
            raise ValueError(msg)
        user.set_password(password)
        user.save(using=self._db)
        return user

    def create_superuser(
        self, email: str, password: str | None = None, **extra: Any
    ) -> User:
        """A person who may do all, with the address already verified.

        Whoever can run this command owns the machine, so a proof by mail would only
        keep a new owner out (sign-in ends at e-mail verification otherwise).
        """
        with transaction.atomic(using=self._db):
            user = self.create_user(
                email, password, **{"is_staff": True, "is_superuser": True, **extra}
            )
            apps.get_model("account", "EmailAddress").objects.create(
                user=user, email=user.email, primary=True, verified=True
            )
        return user

    def get_by_natural_key(self, username: str | None) -> User:
        """The person with this address, spelled in any case."""
        return self.get(email=normalise_email(username or ""))


class User(AbstractBaseUser, PermissionsMixin):
    """Someone who can sign in."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    email = models.EmailField(
        _("e-mail address"), max_length=MAX_EMAIL_LENGTH, unique=True
    )
    name = models.CharField(_("name"), max_length=150, blank=True)
    is_staff = models.BooleanField(
        _("staff"), default=False, help_text=_("May enter the administration.")
    )
    is_active = models.BooleanField(
        _("active"),
        default=True,
        help_text=_("Off: cannot sign in. Use this instead of deleting people."),
    )
    language = models.CharField(
        _("language"),
        max_length=10,
        blank=True,
        help_text=_("Of pages and mails. Empty: as the browser asks."),
    )
    closes_at = models.DateTimeField(
        _("closes at"),
        null=True,
        blank=True,
        editable=False,
        help_text=_("Its owner asked to close the account: deleted from then on."),
    )
    unconfirmed_sign_up = models.BooleanField(
        _("unconfirmed sign-up"),
        default=False,
        editable=False,
        help_text=_(
            "From an earlier release, which created accounts before their email "
            "address was confirmed. Deleted after 7 days without a sign-in; gone once "
            "the address is confirmed."
        ),
    )
    date_joined = models.DateTimeField(_("joined"), default=timezone.now)

    objects: ClassVar[UserManager] = UserManager()

    EMAIL_FIELD = "email"
    USERNAME_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = []

    class Meta:
        verbose_name = _("person")
        verbose_name_plural = _("people")

    def __str__(self) -> str:
        return self.email

    def clean(self) -> None:
        """Bring the address into its one spelling."""
        super().clean()
        self.email = normalise_email(self.email)

    def get_full_name(self) -> str:
        """The name, or the address when none is set."""
        return self.name or self.email

    def get_short_name(self) -> str:
        """As get_full_name: one name field holds whatever a person is called."""
        return self.get_full_name()
