"""Families and keys in the admin: to look at and to revoke, never to edit."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.contrib import admin, messages
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from accounts.admin_base import PolicyModelAdmin, ReadOnly
from accounts.tokens.models import Family, SigningKey
from accounts.tokens.revoke import Reason, revoke_families

if TYPE_CHECKING:
    from django.db.models import QuerySet
    from django.http import HttpRequest


@admin.register(Family)
class FamilyAdmin(ReadOnly, PolicyModelAdmin):
    """Sign-ins by token: whose, from where, until when, and why they ended."""

    list_display = ("user", "created_at", "rotated_at", "ip", "acr", "revoked_reason")
    list_filter = ("revoked_reason", "acr", "created_at")
    list_select_related = ("user",)
    search_fields = ("user__email__startswith", "=id")
    search_help_text = _("The beginning of an e-mail address, or a family's id (sid).")
    fields = (
        "id", "user", "amr", "acr", "auth_time", "ip", "user_agent", "generation",
        "created_at", "rotated_at", "expires_at", "revoked_at", "revoked_reason",
    )  # fmt: skip
    actions = ("revoke",)
    show_full_result_count = False

    @admin.action(description=_("Revoke: sign these out"), permissions=["revoke"])
    def revoke(self, request: HttpRequest, queryset: QuerySet[Family]) -> None:
        """Refused at once here; a superuser's only by a superuser."""
        if not request.user.is_superuser:
            queryset = queryset.exclude(user__is_superuser=True)
        counts: list[int] = [
            revoke_families(
                family=family.pk,
                user=family.user,
                reason=Reason.ADMIN,
                request=request,
                actor=request.user,  # type: ignore[arg-type]
            )
            for family in queryset.select_related("user")
        ]
        ended = sum(counts)
        text = ngettext("%d sign-in revoked.", "%d sign-ins revoked.", ended) % ended
        self.message_user(request, text, messages.SUCCESS)

    def has_revoke_permission(self, request: HttpRequest) -> bool:
        """Whoever may change families may revoke them."""
        return request.user.has_perm("tokens.change_family")


@admin.register(SigningKey)
class SigningKeyAdmin(ReadOnly, PolicyModelAdmin):
    """Which keys sign and verify. The private part has no place on a page."""

    list_display = ("kid", "algorithm", "state", "created_at", "activated_at")
    fields = (
        "kid", "algorithm", "state", "created_at", "activated_at", "retired_at",
    )  # fmt: skip
