"""Events: append-only rows, and the one list of what can happen.

An action is written source:subject:action. When one is no longer used its line stays
here as a comment, since old rows keep its name.
"""

from __future__ import annotations

from typing import Any, ClassVar, NoReturn

from django.conf import settings
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _


class Action(models.TextChoices):
    """What happened. Keep accounts.audit.history's icons in step."""

    SIGN_UP = "person:account:create", _("Account created")
    SIGN_IN = "person:session:sign_in", _("Signed in")
    SIGN_IN_FAILED = "person:session:sign_in_failed", _("Sign-in refused")
    SIGN_IN_LIMITED = "person:session:sign_in_limited", _("Too many sign-in attempts")
    FACTOR_REFUSED = "person:factor:refuse", _("Wrong code, not let in")
    ENROLMENT_REQUIRED = "person:session:enrol_first", _("Second step to be set up")
    SIGN_OUT = "person:session:sign_out", _("Signed out")
    SESSION_ENDED = "person:session:end", _("Another device signed out")
    SESSIONS_ENDED = "admin:session:end_all", _("Signed out everywhere")
    SESSION_REFUSED = (
        "system:session:refuse",
        _("Session ended: it did not come from signing in"),
    )
    PRE_REGISTERED_WIPED = (
        "system:account:wipe",
        _("What was set before the address was proven, removed"),
    )
    NOT_ME = "person:account:not_me", _("Reported that it was somebody else")
    EXPORTED = "person:account:export", _("Own data downloaded")
    CLOSE_ASKED = "person:account:close", _("Closing of the account asked for")
    CLOSE_UNDONE = "person:account:keep", _("Closing of the account taken back")
    CLOSED = "system:account:delete", _("Account closed for good")
    PASSWORD_CHANGED = "person:password:change", _("Password changed")
    RESET_REQUESTED = "person:password:ask_reset", _("New password asked for")
    PASSWORD_RESET = "person:password:reset", _("Password reset")
    EMAIL_VERIFIED = "person:email:verify", _("E-mail address verified")
    EMAIL_CHANGED = "person:email:change", _("E-mail address changed")
    EMAIL_ADDED = "person:email:add", _("E-mail address added")
    EMAIL_REMOVED = "person:email:remove", _("E-mail address removed")
    FACTOR_ADDED = "person:factor:add", _("Second step added")
    FACTOR_REMOVED = "person:factor:remove", _("Second step removed")
    FACTOR_RENEWED = "person:factor:renew", _("Second step renewed")
    REMOVAL_ASKED = (
        "person:factor:ask_removal",
        _("Removal of all second steps requested"),
    )
    REMOVAL_CANCELLED = (
        "person:factor:cancel_removal",
        _("Removal of all second steps cancelled"),
    )
    REMOVAL_DONE = (
        "system:factor:remove_all",
        _("All second steps removed after 72 hours"),
    )
    CONNECTED = "person:connection:add", _("Sign-in by a provider connected")
    DISCONNECTED = "person:connection:remove", _("Sign-in by a provider disconnected")
    TOKENS_REVOKED = "system:token:revoke", _("Apps signed out")
    REFRESH_REPLAYED = "system:token:replay", _("Old refresh token used again")
    KEY_CREATED = "system:key:create", _("Signing key made")
    KEY_ACTIVATED = "system:key:activate", _("Signing key in use")
    KEY_RETIRED = "system:key:retire", _("Signing key retired")
    KEY_REMOVED = "system:key:remove", _("Signing key removed")
    ADMIN_DENIED = "admin:door:deny", _("Administration refused")
    FACTORS_REMOVED = "admin:factor:remove_all", _("All second steps removed")
    DEACTIVATED = "admin:person:deactivate", _("Account deactivated")
    REACTIVATED = "admin:person:reactivate", _("Account reactivated")
    GROUPS_CHANGED = "admin:person:groups", _("Groups changed")
    RIGHTS_CHANGED = "admin:group:rights", _("A group's rights changed")
    STAFF_ADDED = "admin:person:add_staff", _("Made staff")
    STAFF_REMOVED = "admin:person:remove_staff", _("No longer staff")


class Outcome(models.TextChoices):
    """How it went."""

    SUCCESS = "success", _("success")
    FAILURE = "failure", _("failure")
    LIMITED = "limited", _("limited")


class AppendOnly(Exception):
    """An event is written once; nothing changes or deletes it."""


class Event(models.Model):
    """One thing that happened. Holds no credential and no text that was typed."""

    id = models.BigAutoField(primary_key=True)
    at = models.DateTimeField(_("at"), default=timezone.now, editable=False)
    action = models.CharField(_("action"), max_length=40, choices=Action)
    outcome = models.CharField(_("outcome"), max_length=8, choices=Outcome)
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name=_("person"),
        on_delete=models.SET_NULL,
        null=True,
        related_name="+",
        db_index=False,  # the index on user and id below serves it
    )
    actor = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name=_("done by"),
        on_delete=models.SET_NULL,
        null=True,
        related_name="+",
    )
    method = models.CharField(_("method"), max_length=40, blank=True)
    ip = models.GenericIPAddressField(_("address"), null=True)
    user_agent = models.CharField(_("browser or app"), max_length=400, blank=True)
    session = models.CharField(_("session"), max_length=16, blank=True)
    #: Ours, as the response's X-Request-ID; then what the client sent by that name.
    request_id = models.CharField(_("request"), max_length=64, blank=True)
    client_request_id = models.CharField(
        _("client's request ID"), max_length=64, blank=True, default=""
    )
    data = models.JSONField(_("more"), default=dict, blank=True)

    class Meta:
        verbose_name = _("event")
        verbose_name_plural = _("events")
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["user", "-id"], name="audit_of_person"),
            models.Index(fields=["at"], name="audit_at"),
        ]

    def __str__(self) -> str:
        return f"{self.get_action_display()} ({self.outcome})"

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Insert. Raises AppendOnly for a row that exists."""
        if not self._state.adding:
            raise AppendOnly
        super().save(*args, **kwargs)

    def delete(self, *args: Any, **kwargs: Any) -> NoReturn:
        """Raises AppendOnly."""
        raise AppendOnly


class Repeat(models.Model):
    """Repetitions of an event that were not written yet (accounts.audit.repeats)."""

    key = models.CharField(max_length=64, primary_key=True)
    action = models.CharField(_("action"), max_length=40, choices=Action)
    outcome = models.CharField(_("outcome"), max_length=8, choices=Outcome)
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name=_("person"),
        on_delete=models.CASCADE,
        null=True,
        related_name="+",
    )
    ip = models.GenericIPAddressField(_("address"), null=True)
    user_agent = models.CharField(_("browser or app"), max_length=400, blank=True)
    method = models.CharField(_("method"), max_length=40, blank=True)
    times = models.PositiveIntegerField(_("times"), default=0)
    opened_at = models.DateTimeField(_("first"), db_index=True)
    last_at = models.DateTimeField(_("last"))

    class Meta:
        verbose_name = _("repeated event")
        verbose_name_plural = _("repeated events")

    def __str__(self) -> str:
        return f"{self.get_action_display()} ({self.times})"
