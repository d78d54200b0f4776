"""Groups in the admin: what they ask of members, and whether tokens name them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.contrib import admin, messages
from django.contrib.auth.admin import GroupAdmin
from django.db.models import Exists, OuterRef
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from accounts.admin_base import PolicyModelAdmin
from accounts.policy.models import GroupPolicy
from accounts.tokens.marked_groups import crowded

if TYPE_CHECKING:
    from django.contrib.auth.models import Group
    from django.db.models import QuerySet
    from django.http import HttpRequest, HttpResponse, HttpResponseRedirect


#: For querysets of groups: whether tokens name the group.
MARKED = Exists(GroupPolicy.objects.filter(group=OuterRef("pk"), in_tokens=True))


class TokenRoomAdmin(PolicyModelAdmin):
    """Warns of groups that do not fit into tokens: on the page, and after saving it."""

    def over_full(self, obj: Any) -> str:
        """The warning for a person or a group; empty when everything fits."""
        raise NotImplementedError

    def render_change_form(
        self, request: HttpRequest, context: Any, *args: Any, **kwargs: Any
    ) -> HttpResponse:
        """The page, with the warning above it."""
        obj = context.get("original")
        if request.method == "GET" and obj is not None:
            self._warn(request, obj)
        return super().render_change_form(request, context, *args, **kwargs)

    def response_post_save_change(
        self, request: HttpRequest, obj: Any
    ) -> HttpResponseRedirect:
        """To the list, where the page's warning would be missed."""
        self._warn(request, obj)
        return super().response_post_save_change(request, obj)

    def _warn(self, request: HttpRequest, obj: Any) -> None:
        if text := self.over_full(obj):
            messages.warning(request, text)


class PolicyInline(admin.StackedInline):
    """What is particular to this group."""

    model = GroupPolicy
    can_delete = False


class InTokensFilter(admin.SimpleListFilter):
    """Groups that tokens name, and the others: those without a row are among them."""

    title = _("in tokens")
    parameter_name = "in_tokens"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        """The choices, in the address and in words."""
        return [("yes", _("Yes")), ("no", _("No"))]

    def queryset(
        self, request: HttpRequest, queryset: QuerySet[Group]
    ) -> QuerySet[Group]:
        """The chosen ones."""
        chosen = {"yes": MARKED, "no": ~MARKED}.get(self.value() or "")
        return queryset if chosen is None else queryset.filter(chosen)


class PolicyGroupAdmin(TokenRoomAdmin, GroupAdmin):
    """Groups carry permissions: only a superuser creates or changes them."""

    inlines = (PolicyInline,)
    list_display = ("name", "in_tokens")
    list_filter = (InTokensFilter,)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Group]:
        """With the mark, in the same query."""
        return super().get_queryset(request).annotate(for_tokens=MARKED)

    @admin.display(boolean=True, description=_("in tokens"), ordering="for_tokens")
    def in_tokens(self, group: Any) -> bool:
        """Whether tokens name it."""
        return bool(group.for_tokens)

    def over_full(self, obj: Group) -> str:
        """How many members have more groups than their tokens can name."""
        found = crowded(among=obj)
        if found is None:
            return ""
        return ngettext(
            "%(n)d member has more groups for tokens than fit: %(email)s. Their "
            "tokens leave out the last groups by name.",
            "%(n)d members have more groups for tokens than fit, for example "
            "%(email)s. Their tokens leave out the last groups by name.",
            found.count,
        ) % {"n": found.count, "email": found.example}

    def has_add_permission(self, request: HttpRequest) -> bool:
        """For superusers."""
        return request.user.is_superuser

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """For superusers."""
        return request.user.is_superuser

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """For superusers."""
        return request.user.is_superuser
