"""What the policy keeps: of groups, why sessions ended, changes of address."""

from __future__ import annotations

from django.conf import settings
from django.contrib.auth.models import Group
from django.db import models
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
