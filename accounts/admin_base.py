"""What every page of the admin here has in common."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django import forms
from django.contrib import admin
from django.utils.translation import gettext_lazy as _

if TYPE_CHECKING:
    from django.http import HttpRequest


class PolicyModelAdmin(admin.ModelAdmin):
    """A list that can be filtered by its own filters and by nothing else."""

    def lookup_allowed(
        self, lookup: str, value: Any, request: HttpRequest | None = None
    ) -> bool:
        """Whether an address may narrow the list by this.

        Django lets staff narrow a list by any column of the table: with
        ?password__startswith=… they would read a hash, or a session's key, letter by
        letter from whether a row is left.
        """
        names: Any = self.list_filter
        filters = {name if isinstance(name, str) else name[0] for name in names}
        return lookup.split("__", maxsplit=1)[0] in filters


class ReadOnly:
    """Looked at, not edited: nothing is added, changed or deleted by hand."""

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Never."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Never."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Never."""
        return False


class ReasonForm(forms.Form):
    """Why: it stands in the audit log."""

    reason = forms.CharField(
        label=_("Reason"), max_length=200, widget=forms.Textarea(attrs={"rows": 3})
    )
