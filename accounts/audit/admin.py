"""The audit log in the admin: to read and to search, never to touch."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.contrib import admin
from django.utils.translation import gettext_lazy as _

from accounts.admin_base import PolicyModelAdmin, ReadOnly, is_too_long
from accounts.audit.models import Event, Repeat
from accounts.audit.repeats import close_over

if TYPE_CHECKING:
    from django.db.models import QuerySet
    from django.http import HttpRequest

CLIENT = "client:"


@admin.register(Event)
class EventAdmin(ReadOnly, PolicyModelAdmin):
    """Newest first."""

    list_display = ("at", "action", "outcome", "user", "method", "ip")
    list_filter = ("outcome", "action", "at")
    list_select_related = ("user",)
    list_per_page = 50
    ordering = ("-id",)
    search_fields = ("user__email__startswith", "request_id__exact", "ip__exact")
    search_help_text = _(
        "The start of an email address, an IP address, or a request ID. For the ID "
        "that a client sent: client:ID"
    )
    show_full_result_count = False  # counting five million rows takes seconds

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Event], search_term: str
    ) -> tuple[QuerySet[Event], bool]:
        """What clients sent is searched only when asked for: they can send any ID."""
        term = search_term.strip()
        if term.startswith(CLIENT) and not is_too_long(term):
            wanted = term.removeprefix(CLIENT).strip()
            return queryset.filter(client_request_id=wanted), False
        return super().get_search_results(request, queryset, search_term)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Event]:
        """With the repetitions whose window is over."""
        close_over()
        return super().get_queryset(request)


@admin.register(Repeat)
class RepeatAdmin(ReadOnly, PolicyModelAdmin):
    """What is being repeated now: it becomes an event when its window closes."""

    list_display = ("action", "outcome", "user", "ip", "times", "opened_at", "last_at")
    list_filter = ("action",)
    list_select_related = ("user",)
    ordering = ("-opened_at",)
    search_fields = ("user__email__startswith", "ip__exact")
    search_help_text = _("The start of an email address, or an IP address.")
    fields = (
        "action", "outcome", "user", "ip", "user_agent", "method", "times",
        "opened_at", "last_at",
    )  # fmt: skip
    show_full_result_count = False
