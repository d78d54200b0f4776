"""The tables of tokens: keys, their readers, families. Private to this package."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, ClassVar

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

if TYPE_CHECKING:
    from accounts.models import User


def numbered(time: str, number: str, name: str) -> models.CheckConstraint:
    """A time without its number would be a revocation that no process hears of."""
    neither = Q((f"{time}__isnull", True), (f"{number}__isnull", True))
    both = Q((f"{time}__isnull", False), (f"{number}__isnull", False))
    return models.CheckConstraint(condition=neither | both, name=name)


class SigningKey(models.Model):
    """A key of the ring. Its private part is encrypted (accounts.crypto)."""

    class State(models.TextChoices):
        """next → active → retired → gone; only the active one signs.

        Of one that is gone the private part is erased. Its row stays, so that a token
        of its can be told from a forged one.
        """

        NEXT = "next", _("next")
        ACTIVE = "active", _("active")
        RETIRED = "retired", _("retired")
        GONE = "gone", _("gone")

    kid = models.CharField(max_length=64, primary_key=True)
    algorithm = models.CharField(max_length=8)
    state = models.CharField(max_length=8, choices=State, default=State.NEXT)
    sealed_private = models.BinaryField(blank=True)
    created_at = models.DateTimeField(default=timezone.now)
    activated_at = models.DateTimeField(null=True, blank=True)
    retired_at = models.DateTimeField(null=True, blank=True)
    removed_at = models.DateTimeField(null=True, blank=True)
    removed_tx = models.BigIntegerField(null=True, editable=False)

    class Meta:
        verbose_name = _("signing key")
        verbose_name_plural = _("signing keys")
        constraints: ClassVar[list[models.BaseConstraint]] = [
            # One active key and one next: two rotations at once cannot make two.
            models.UniqueConstraint(
                fields=["state"],
                condition=Q(state__in=("active", "next")),
                name="tokens_one_key_a_state",
            ),
            numbered("removed_at", "removed_tx", "tokens_removed_numbered"),
        ]

    def __str__(self) -> str:
        return f"{self.algorithm} {self.kid[:8]}"


class KeyReader(models.Model):
    """A service that fetches our public keys, by the name that it gives itself.

    A name is a hint for whoever rotates keys. It proves nothing and opens nothing.
    """

    name = models.CharField(max_length=64, primary_key=True)
    kids = models.JSONField(default=list)
    fetched_at = models.DateTimeField()

    class Meta:
        verbose_name = _("service that reads our keys")
        verbose_name_plural = _("services that read our keys")

    def __str__(self) -> str:
        return self.name


class Family(models.Model):
    """One sign-in on one device: the refresh tokens that follow one another in it.

    No token's text is stored, only the ids of the current and the previous one.
    """

    class Reason(models.TextChoices):
        """Why a family was revoked."""

        SIGNED_OUT = "signed_out", _("signed out")
        SESSION_ENDED = "session_ended", _("session ended")
        PASSWORD = "password_changed", _("password changed")
        KEY_REPLACED = "key_replaced", _("signing key replaced")
        DELETED = "deleted", _("person deleted")
        DEACTIVATED = "deactivated", _("person deactivated")
        REPLAYED = "replayed", _("refresh token replayed")
        TOO_MANY = "too_many", _("too many of one session")
        CLIENT = "client", _("revoked by the client")
        ADMIN = "admin", _("revoked by an administrator")

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    # Kept when the person is deleted: other processes must still read that it is
    # revoked.
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.SET_NULL,
        null=True,
        related_name="+",
    )
    session_key = models.CharField(max_length=40, db_index=True)
    session_sid = models.CharField(max_length=32, db_index=True)
    current_jti = models.CharField(max_length=32)
    previous_jti = models.CharField(max_length=32, blank=True)
    kid = models.CharField(max_length=64)
    generation = models.PositiveIntegerField(default=1)
    amr = models.JSONField(default=list)
    acr = models.CharField(max_length=8)
    auth_time = models.DateTimeField()
    ip = models.GenericIPAddressField(null=True, blank=True)
    user_agent = models.CharField(max_length=400, blank=True)
    created_at = models.DateTimeField(default=timezone.now)
    rotated_at = models.DateTimeField(default=timezone.now)
    expires_at = models.DateTimeField()
    revoked_at = models.DateTimeField(null=True, blank=True)
    # Orders revocations by transaction: see accounts.tokens.commit_order.
    revoked_tx = models.BigIntegerField(null=True, editable=False)
    revoked_reason = models.CharField(max_length=20, choices=Reason, blank=True)

    class Meta:
        verbose_name = _("token family")
        verbose_name_plural = _("token families")
        indexes: ClassVar[list[models.Index]] = [
            # What the revocation snapshot reads when a process starts.
            models.Index(
                fields=["revoked_at"],
                condition=Q(revoked_at__isnull=False),
                name="tokens_revoked",
            ),
            # And once a second from then on.
            models.Index(
                fields=["revoked_tx"],
                condition=Q(revoked_tx__isnull=False),
                name="tokens_revoked_tx",
            ),
            models.Index(fields=["expires_at"], name="tokens_expires"),
        ]
        constraints: ClassVar[list[models.BaseConstraint]] = [
            numbered("revoked_at", "revoked_tx", "tokens_revoked_numbered"),
        ]

    def __str__(self) -> str:
        return f"{self.id}"

    @property
    def person(self) -> User:
        """Whose it is. Raises RuntimeError once they are deleted."""
        if self.user is None:
            msg = "the person of this family was deleted"
            raise RuntimeError(msg)
        return self.user
