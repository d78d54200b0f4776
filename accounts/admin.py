"""People in the admin: found by e-mail address, changed only by guarded actions."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from allauth.socialaccount.models import SocialAccount, SocialApp, SocialToken
from allauth.usersessions.models import UserSession
from django.contrib import admin
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import Group
from django.db.models import Exists, OuterRef
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext
from django_tasks_db.models import DBTaskResult

from accounts.admin_actions import ACTIONS
from accounts.admin_base import PolicyModelAdmin, ReadOnly
from accounts.admin_emails import EmailBoundAdmin
from accounts.admin_groups import PolicyGroupAdmin, TokenRoomAdmin
from accounts.admin_removals import FactorRemovalAdmin
from accounts.models import User, normalise_email
from accounts.policy.authority import may_act_on
from accounts.policy.models import EmailBound, FactorRemoval
from accounts.tokens.marked_groups import left_out

if TYPE_CHECKING:
    from django.db.models import QuerySet
    from django.http import HttpRequest

#: Stock pages that show secrets (MFA data, provider tokens, sealed mail), break
#: without user names, or would set beside the environment what it already sets.
UNWANTED = (
    *(EmailAddress, Authenticator, UserSession),
    *(SocialAccount, SocialToken, SocialApp, DBTaskResult),
)


def remove_unwanted() -> None:
    """Take them out, and put ours for one; called when every app has registered."""
    for model in UNWANTED:
        if admin.site.is_registered(model):
            admin.site.unregister(model)
    admin.site.unregister(Group)
    admin.site.register(Group, PolicyGroupAdmin)


class OfPerson(ReadOnly, admin.TabularInline):
    """Something that belongs to a person, shown on their page."""

    extra = 0
    can_delete = False


class EmailInline(OfPerson):
    """Their addresses."""

    model = EmailAddress
    fields = readonly_fields = ("email", "verified", "primary")


class AuthenticatorInline(OfPerson):
    """Their second factors: kind, name and dates, never the secret."""

    model = Authenticator
    fields = readonly_fields = ("type", "name", "created_at", "last_used_at")

    @admin.display(description=_("name"))
    def name(self, factor: Authenticator) -> str:
        """What they call a passkey or security key."""
        return str(factor.data.get("name", ""))


class ConnectionInline(OfPerson):
    """The providers that sign them in: whose account there, never what it said."""

    model = SocialAccount
    fields = readonly_fields = ("provider", "uid", "date_joined", "last_login")


class SessionInline(OfPerson):
    """Where they are signed in: never the key."""

    model = UserSession
    fields = readonly_fields = ("user_agent", "ip", "created_at", "last_seen_at")


class ClosingFilter(admin.EmptyFieldListFilter):
    """Whose owner asked to close them, in words."""

    def choices(self, changelist: Any) -> Any:
        """As Django's: all, empty, not empty."""
        words = (_("All"), _("Not closing"), _("Closing"))
        for word, choice in zip(words, super().choices(changelist), strict=True):
            yield {**choice, "display": word}


@admin.register(User)
class UserAdmin(TokenRoomAdmin):
    """No password, no hash, no deletion: deactivate instead."""

    list_display = (
        "email", "is_active", "closes_at", "is_staff", "second_factor", "verified",
        "name", "last_login",
    )  # fmt: skip
    list_filter = ("is_active", ("closes_at", ClosingFilter), "is_staff", "last_login")
    list_per_page = 50
    search_fields = ("email__startswith",)
    search_help_text = _("The beginning of an e-mail address.")
    ordering = ("-date_joined",)
    show_full_result_count = False
    fields = (
        "email", "name", "groups", "is_active", "closes_at", "is_staff",
        "is_superuser", "unconfirmed_sign_up", "date_joined", "last_login",
    )  # fmt: skip
    readonly_fields = (
        "email", "is_active", "closes_at", "is_staff", "is_superuser",
        "unconfirmed_sign_up", "date_joined", "last_login",
    )  # fmt: skip
    filter_horizontal = ("groups",)
    inlines = (EmailInline, AuthenticatorInline, ConnectionInline, SessionInline)
    actions = ACTIONS

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        """Groups carry rights: only a superuser gives them."""
        root = request.user.is_superuser
        return self.readonly_fields if root else (*self.readonly_fields, "groups")

    def get_queryset(self, request: HttpRequest) -> QuerySet[User]:
        """With what the list shows of other tables, in the same query."""
        mine = {"user": OuterRef("pk")}
        return (
            super()
            .get_queryset(request)
            .annotate(
                has_verified=Exists(EmailAddress.objects.filter(verified=True, **mine)),
                has_factor=Exists(Authenticator.objects.filter(**mine)),
            )
        )

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[User], search_term: str
    ) -> tuple[QuerySet[User], bool]:
        """By the address's one spelling, so that the index serves it."""
        return super().get_search_results(
            request, queryset, normalise_email(search_term)
        )

    def over_full(self, obj: Any) -> str:
        """Which of this person's groups their tokens do not name."""
        names = left_out(obj)
        if not names:
            return ""
        return ngettext(
            "This person has more groups for tokens than fit. Tokens leave out "
            "“%(name)s”.",
            "This person has more groups for tokens than fit. Tokens leave out "
            "%(n)d groups, by name: from “%(name)s” on.",
            len(names),
        ) % {"n": len(names), "name": names[0]}

    @admin.display(boolean=True, description=_("verified"))
    def verified(self, user: Any) -> bool:
        """An address of theirs is."""
        return bool(user.has_verified)

    @admin.display(boolean=True, description=_("second factor"))
    def second_factor(self, user: Any) -> bool:
        """They have one."""
        return bool(user.has_factor)

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """People sign up, or createsuperuser makes them."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """As Django's, but not of someone who may do more than the actor."""
        if not super().has_change_permission(request, obj):
            return False
        actor: User = request.user  # type: ignore[assignment] # staff are people
        return obj is None or may_act_on(actor, obj)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Deactivate instead: events and other services still speak of them."""
        return False

    def has_guard_permission(self, request: HttpRequest) -> bool:
        """Whoever may change people may use the guarded actions."""
        return self.has_change_permission(request)


admin.site.register(FactorRemoval, FactorRemovalAdmin)


@admin.register(LogEntry)
class LogEntryAdmin(ReadOnly, PolicyModelAdmin):
    """What was edited here, by whom."""

    list_display = ("action_time", "user", "content_type", "object_repr", "action_flag")
    list_select_related = ("user", "content_type")
    search_fields = ("user__email__startswith",)
    show_full_result_count = False


admin.site.register(EmailBound, EmailBoundAdmin)
