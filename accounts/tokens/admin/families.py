"""Families in the admin: to look at, to revoke, to explain; never to edit."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.template.response import TemplateResponse
from django.urls import path
from django.utils.decorators import method_decorator
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext
from django.views.decorators.debug import sensitive_post_parameters

from accounts.admin_base import PolicyModelAdmin, ReadOnly, changes_nothing
from accounts.policy.authority import may_act_on
from accounts.tokens.explain import explain
from accounts.tokens.models import Family
from accounts.tokens.revoke import Reason, revoke_families

if TYPE_CHECKING:
    from django.db.models import QuerySet
    from django.http import HttpRequest

    from accounts.models import User


class ExplainForm(forms.Form):
    """What was refused, and by whom."""

    token = forms.CharField(
        label=_("Token, or its jti or sid"),
        max_length=8192,
        widget=forms.Textarea(
            attrs={"rows": 6, "autocomplete": "off", "spellcheck": "false"}
        ),
        help_text=_("It is looked at and forgotten: not stored, shown or logged."),
    )
    audience = forms.CharField(
        label=_("Refused by"),
        max_length=200,
        required=False,
        help_text=_("The audience of that service; empty for this site's."),
    )


@admin.register(Family)
class FamilyAdmin(ReadOnly, PolicyModelAdmin):
    """Sign-ins by token: whose, from where, until when, and why they ended."""

    list_display = ("user", "revoked_reason", "acr", "created_at", "rotated_at", "ip")
    ordering = ("-created_at",)
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
        """Refused at once here; not those of people who may do more than the actor."""
        actor: User = request.user  # type: ignore[assignment] # staff are people
        counts: list[int] = [
            revoke_families(
                family=family.pk,
                user=family.user,
                reason=Reason.ADMIN,
                request=request,
                actor=actor,
            )
            for family in queryset.select_related("user")
            if family.user and may_act_on(actor, family.user)
        ]
        ended = sum(counts)
        text = ngettext("%d sign-in revoked.", "%d sign-ins revoked.", ended) % ended
        self.message_user(request, text, messages.SUCCESS)

    def has_revoke_permission(self, request: HttpRequest) -> bool:
        """Whoever may change families may revoke them."""
        return request.user.has_perm("tokens.change_family")

    def get_urls(self) -> list[Any]:
        """With the page that explains."""
        page = self.admin_site.admin_view(self.explain)
        own = path("explain/", page, name="tokens_family_explain")
        return [own, *super().get_urls()]

    @changes_nothing
    @method_decorator(sensitive_post_parameters("token"))
    def explain(self, request: HttpRequest) -> TemplateResponse:
        """Why was this token refused? The token itself is never shown again."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        form = ExplainForm(request.POST if request.method == "POST" else None)
        sentence = ""
        if form.is_valid():
            said = form.cleaned_data
            sentence = explain(said["token"], said["audience"])
            form = ExplainForm(initial={"audience": said["audience"]})
        context = {
            **self.admin_site.each_context(request),
            "title": _("Why was a token refused?"),
            "form": form,
            "sentence": sentence,
            "good": sentence.startswith("It is good"),
            "opts": self.opts,
            "media": self.media,
        }
        return TemplateResponse(request, "admin/tokens/explain.html", context)
