"""Why does this person get no email? The limits of emails in the admin, to read."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.utils.translation import gettext_lazy as _

from accounts.admin_base import PolicyModelAdmin, ReadOnly, is_too_long
from accounts.policy.email_bounds import address_hash

if TYPE_CHECKING:
    from django.db.models import QuerySet
    from django.http import HttpRequest

    from accounts.policy.models import EmailBound


class EmailBoundAdmin(ReadOnly, PolicyModelAdmin):
    """Found by an exact address alone: the rows hold only its keyed hash."""

    fields = (
        "address", "from_known", "last_sent_at", "held_back", "last_held_back_at",
    )  # fmt: skip
    list_display = fields
    ordering = ("-updated_at",)
    search_fields = ("address",)
    search_help_text = _("A whole email address.")
    show_full_result_count = False

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[EmailBound], search_term: str
    ) -> tuple[QuerySet[EmailBound], bool]:
        """By the hash of what was typed."""
        if not search_term or is_too_long(search_term):
            return super().get_search_results(request, queryset, search_term)
        return queryset.filter(address=address_hash(search_term)), False
