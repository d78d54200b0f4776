"""What every page of the admin here has in common."""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING, Any, TypeVar

from django import forms
from django.contrib import admin, messages
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.contrib.admin.options import IncorrectLookupParameters
from django.contrib.admin.views.main import ChangeList
from django.core.exceptions import ValidationError
from django.db import DataError
from django.utils.text import smart_split
from django.utils.translation import gettext_lazy as _

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from django.db.models import QuerySet
    from django.http import HttpRequest, HttpResponse

View = TypeVar("View", bound="Callable[..., Any]")

#: On a view: see changes_nothing().
CHANGES_NOTHING = "admin_changes_nothing"
#: Of a search. An email address has at most 320 characters (RFC 3696, erratum 1690).
MAX_SEARCH_LENGTH = 320
#: Each word is one more condition, and Django copies all of them for each.
MAX_SEARCH_WORDS = 5
#: Suffixes in the links that Django's field filters produce.
LOOKUPS = frozenset({"exact", "gte", "lt", "in", "isnull", "isempty"})
#: Raised for values the database cannot hold, some only when the query runs.
UNUSABLE = (OverflowError, ValueError, DataError)


def is_too_long(term: str) -> bool:
    """Whether a search has too many characters or words to be run."""
    if len(term) > MAX_SEARCH_LENGTH:
        return True
    words = islice(smart_split(term), MAX_SEARCH_WORDS + 1)
    return len(list(words)) > MAX_SEARCH_WORDS


class PolicyChangeList(ChangeList):
    """Redirects to the whole list when an address has unusable values."""

    def get_queryset(self, *args: Any, **kwargs: Any) -> QuerySet[Any]:
        """Raises IncorrectLookupParameters."""
        try:
            return super().get_queryset(*args, **kwargs)
        except UNUSABLE as error:
            raise IncorrectLookupParameters from error

    def get_results(self, request: HttpRequest) -> None:
        """The first to run the query. Raises IncorrectLookupParameters."""
        if is_too_long(self.query):
            text = _("This search is too long. Use at most five words.")
            messages.warning(request, text)
        try:
            super().get_results(request)
        except UNUSABLE as error:
            raise IncorrectLookupParameters from error


class PolicyModelAdmin(admin.ModelAdmin):
    """Accepts only the lookups, searches and ids that its own pages can produce."""

    def lookup_allowed(
        self, lookup: str, value: Any, request: HttpRequest | None = None
    ) -> bool:
        """Whether an address may narrow the list by this.

        Django lets staff narrow a list by any column of the table: with
        ?password__startswith=… they would read a hash, or a session's key, letter by
        letter from whether a row is left.
        """
        name, _sep, how = lookup.partition("__")
        return name in self.filter_names() and (not how or how in LOOKUPS)

    def filter_names(self) -> Iterator[str]:
        """What the addresses of this list's filters start with."""
        for one in self.list_filter:
            if isinstance(one, str):
                yield one
            elif isinstance(one, (tuple, list)):
                yield str(one[0])
            else:
                yield str(getattr(one, "parameter_name", ""))

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[ChangeList]:
        """The class that turns unusable values into a redirect."""
        return PolicyChangeList

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        """No rows for a search that is too long: Django's work on it is quadratic."""
        if is_too_long(search_term):
            return queryset.none(), False
        return super().get_search_results(request, queryset, search_term)

    def response_action(
        self, request: HttpRequest, queryset: QuerySet[Any], *args: Any, **kwargs: Any
    ) -> HttpResponse | None:
        """Refuses the whole action if any selected value cannot be a row's id."""
        key = self.opts.pk
        try:
            for selected in request.POST.getlist(ACTION_CHECKBOX_NAME):
                key.clean(selected, None)
        except ValidationError:
            text = _("A selected item does not exist. Nothing was changed.")
            self.message_user(request, text, messages.WARNING)
            return None
        return super().response_action(request, queryset, *args, **kwargs)


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


def changes_nothing(view: View) -> View:
    """Mark a view of the admin whose POST needs no confirmation that it's them."""
    setattr(view, CHANGES_NOTHING, True)
    return view


class ReasonForm(forms.Form):
    """Why: it stands in the audit log."""

    reason = forms.CharField(
        label=_("Reason"), max_length=200, widget=forms.Textarea(attrs={"rows": 3})
    )
