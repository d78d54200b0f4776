"""Requests to remove second steps, in the admin: to look at, and to cancel."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.contrib import admin, messages
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from accounts.admin_base import PolicyModelAdmin, ReadOnly
from accounts.policy import removal
from accounts.policy.models import FactorRemoval

if TYPE_CHECKING:
    from django.db.models import QuerySet
    from django.http import HttpRequest


class CancelledFilter(admin.EmptyFieldListFilter):
    """Whether it was cancelled, in words."""

    def choices(self, changelist: Any) -> Any:
        """As Django's: all, empty, not empty."""
        words = (_("All"), _("Not cancelled"), _("Cancelled"))
        for word, choice in zip(words, super().choices(changelist), strict=True):
            yield {**choice, "display": word}


class FactorRemovalAdmin(ReadOnly, PolicyModelAdmin):
    """The open ones, and those that ended in the last weeks."""

    list_display = ("user", "asked_at", "due_at", "cancelled_at", "done_at")
    list_filter = (("cancelled_at", CancelledFilter), "due_at")
    list_select_related = ("user",)
    ordering = ("-asked_at",)
    search_fields = ("user__email__startswith",)
    search_help_text = _("The beginning of an e-mail address.")
    show_full_result_count = False
    fields = (
        "user", "asked_at", "due_at", "reminded_at", "cancelled_at", "cancelled_by",
        "done_at",
    )  # fmt: skip
    actions = ("cancel",)

    @admin.action(description=_("Cancel"), permissions=["cancel"])
    def cancel(self, request: HttpRequest, queryset: QuerySet[FactorRemoval]) -> None:
        """Their owners are told; a superuser's only by a superuser."""
        if not request.user.is_superuser:
            queryset = queryset.exclude(user__is_superuser=True)
        ended = sum(
            removal.cancel(
                row.user,
                removal.By.ADMIN,
                request=request,
                actor=request.user,  # type: ignore[arg-type] # staff: not anonymous
            )
            for row in queryset.filter(FactorRemoval.OPEN).select_related("user")
        )
        text = ngettext("%d request cancelled.", "%d requests cancelled.", ended)
        self.message_user(request, text % ended, messages.SUCCESS)

    def has_cancel_permission(self, request: HttpRequest) -> bool:
        """Whoever may change people may cancel."""
        return request.user.has_perm("accounts.change_user")
