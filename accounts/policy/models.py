"""What the policy keeps: of groups, ended sessions, emails, changes, removals."""

from __future__ import annotations

from typing import ClassVar

from django.conf import settings
from django.contrib.auth.models import Group
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _


class GroupPolicy(models.Model):
    """What is particular to a group; one without a row has the defaults."""

    group = models.OneToOneField(
        Group, on_delete=models.CASCADE, primary_key=True, related_name="policy"
    )
    second_factor_required = models.BooleanField(
        _("second step required"),
        default=False,
        help_text=_(
            "Members set up a second step at their next sign-in; until then they get "
            "neither pages nor tokens."
        ),
    )

    in_tokens = models.BooleanField(
        _("in tokens"),
        default=False,
        help_text=_(
            "Tokens and /api/me/ name this group, so every service that the members "
            "sign in to can see it."
        ),
    )

    class Meta:
        verbose_name = _("policy")
        verbose_name_plural = _("policy")

    def __str__(self) -> str:
        return str(self.group)


class EndedSession(models.Model):
    """Why a session ended, for the browser that comes back with its key.

    Holds a keyed hash of the key and nothing of the person.
    """

    class Reason(models.TextChoices):
        """What a person is told."""

        PASSWORD = "password", _("You were signed out because your password changed.")
        ELSEWHERE = (
            "elsewhere",
            _("You were signed out from another browser or device of yours."),
        )
        ADMIN = "admin", _("You were signed out by an administrator.")
        UNUSED = (
            "unused",
            _("You were signed out because this browser was not used for a while."),
        )
        TOO_OLD = (
            "too_old",
            _("You were signed out because you signed in here long ago."),
        )
        NOT_ME = (
            "not_me",
            _("You were signed out: the account was reported as used by a stranger."),
        )
        CLOSING = "closing", _("You were signed out because this account is closing.")
        TOO_MANY = (
            "too_many",
            _("You were signed out here because you signed in on many other devices."),
        )
        FACTORS = (
            "factors",
            _("You were signed out because your second steps were removed."),
        )

    digest = models.CharField(max_length=64, primary_key=True)
    reason = models.CharField(max_length=16, choices=Reason)
    ended_at = models.DateTimeField(default=timezone.now, db_index=True)

    def __str__(self) -> str:
        return self.reason


class EmailBound(models.Model):
    """The emails that anybody can have sent to one address, counted.

    Holds keyed hashes instead of the address and the browser, and the links and codes
    that still work encrypted (see accounts.policy.email_bounds).
    """

    digest = models.CharField(max_length=64, primary_key=True)
    address = models.CharField(_("address (keyed hash)"), max_length=64, db_index=True)
    from_known = models.BooleanField(_("from a known browser"), default=False)
    sent = models.JSONField(_("sent at"), default=list)
    working = models.TextField(default="", blank=True)
    last_sent_at = models.DateTimeField(_("last sent"), null=True)
    held_back = models.PositiveIntegerField(_("held back"), default=0)
    last_held_back_at = models.DateTimeField(_("last held back"), null=True)
    updated_at = models.DateTimeField(_("updated"), auto_now=True, db_index=True)

    class Meta:
        verbose_name = _("email limit")
        verbose_name_plural = _("email limits")

    def __str__(self) -> str:
        return self.address[:16]


class AddressChange(models.Model):
    """The change of address that a person asked for last, until it is confirmed."""

    user = models.OneToOneField(
        settings.AUTH_USER_MODEL,
        on_delete=models.CASCADE,
        primary_key=True,
        related_name="+",
    )
    email = models.EmailField()
    asked_at = models.DateTimeField(auto_now=True)

    def __str__(self) -> str:
        return self.email


class FactorRemoval(models.Model):
    """A request to remove all factors of someone who cannot use any of them.

    It takes effect at `due_at`, and never without a reminder before that. At most one
    per person is open; one that ended is kept for a while, for administrators.
    """

    #: For filters: neither cancelled nor done.
    OPEN = Q(cancelled_at=None, done_at=None)

    class CancelledBy(models.TextChoices):
        """Who or what ended it."""

        SESSION = "session", _("someone signed in to the account")
        EMAIL = "email", _("the link in an email")
        ADMIN = "admin", _("an administrator")
        FACTOR = "factor", _("a second step that was used or changed")
        PASSWORD = "password", _("a new password")
        SIGNED_OUT = "signed_out", _("signing out everywhere")

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name=_("person"),
        on_delete=models.CASCADE,
        related_name="+",
    )
    asked_at = models.DateTimeField(_("requested at"), default=timezone.now)
    due_at = models.DateTimeField(_("takes effect at"))
    reminded_at = models.DateTimeField(_("reminder sent at"), null=True)
    cancelled_at = models.DateTimeField(_("cancelled at"), null=True)
    cancelled_by = models.CharField(
        _("cancelled by"), max_length=16, choices=CancelledBy, blank=True
    )
    done_at = models.DateTimeField(_("done at"), null=True)

    class Meta:
        verbose_name = _("request to remove second steps")
        verbose_name_plural = _("requests to remove second steps")
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(
                fields=["user"],
                condition=Q(cancelled_at=None, done_at=None),
                name="one_open_removal_per_person",
            )
        ]
        indexes: ClassVar[list[models.Index]] = [
            models.Index(
                fields=["due_at"],
                condition=Q(cancelled_at=None, done_at=None),
                name="open_removals_by_due",
            )
        ]

    def __str__(self) -> str:
        return str(self.user)
