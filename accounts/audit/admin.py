"""The audit log in the admin: to read and to search, never to touch."""

from __future__ import annotations

from django.contrib import admin
from django.utils.translation import gettext_lazy as _

from accounts.admin_base import PolicyModelAdmin, ReadOnly
from accounts.audit.models import Event


@admin.register(Event)
class EventAdmin(ReadOnly, PolicyModelAdmin):
    """Newest first."""

    list_display = ("at", "action", "outcome", "user", "method", "ip")
    list_filter = ("outcome", "action", "at")
    list_select_related = ("user",)
    list_per_page = 50
    ordering = ("-id",)
    search_fields = ("user__email__startswith", "request_id__exact", "ip__exact")
    search_help_text = _("The beginning of an e-mail address, an address, a request.")
    show_full_result_count = False  # counting five million rows takes seconds
