"""Guarded actions on people: first what will end, then a reason, then the press.

Each writes an audit event in the transaction of what it does. Nobody may do these to
themselves, or to someone who may do more than they may.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from allauth.usersessions.models import UserSession
from django.contrib import admin, messages
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.db import transaction
from django.template.response import TemplateResponse
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from accounts.admin_base import ReasonForm
from accounts.audit.models import Action
from accounts.audit.record import record
from accounts.policy.authority import may_act_on
from accounts.policy.factors import remove_factors
from accounts.policy.sessions import end_sessions
from accounts.tokens.revoke import live_families

if TYPE_CHECKING:
    from collections.abc import Callable

    from django.db.models import QuerySet
    from django.http import HttpRequest

    from accounts.models import User


@dataclass(frozen=True)
class Guarded:
    """One action: its words, its event, and what it does to a person."""

    name: str
    label: Any
    event: Action
    effect: Any
    apply: Callable[[User], object]
    ends_sessions: bool = False
    superuser_only: bool = False


def _set(**values: bool | None) -> Callable[[User], object]:
    def change(user: User) -> None:
        for name, value in values.items():
            setattr(user, name, value)
        user.save(update_fields=list(values))

    return change


GUARDED = (
    Guarded(
        "deactivate",
        _("Deactivate"),
        Action.DEACTIVATED,
        _(
            "They are signed out everywhere and cannot sign in. An account that its "
            "owner is closing is not deleted then, and their link to keep it no longer "
            "works."
        ),
        _set(is_active=False, closes_at=None),
        ends_sessions=True,
    ),
    Guarded(
        "reactivate",
        _("Reactivate"),
        Action.REACTIVATED,
        _(
            "They can sign in again. If they were closing their account, it stays. "
            "Nothing else changes."
        ),
        _set(is_active=True, closes_at=None),
    ),
    Guarded(
        "sign_out",
        _("Sign out everywhere"),
        Action.SESSIONS_ENDED,
        _("They have to sign in again on every browser and app."),
        lambda user: end_sessions(user, "admin"),
        ends_sessions=True,
    ),
    Guarded(
        "remove_factors",
        _("Remove second steps"),
        Action.FACTORS_REMOVED,
        _(
            "Authenticator apps, passkeys and recovery codes are removed, and they are "
            "signed out everywhere. A mail tells them. Be sure who asks you for this."
        ),
        remove_factors,
        ends_sessions=True,
    ),
    Guarded(
        "make_staff",
        _("Make staff"),
        Action.STAFF_ADDED,
        _("They may enter the administration, with the rights of their groups."),
        _set(is_staff=True),
        superuser_only=True,
    ),
    Guarded(
        "remove_staff",
        _("Remove from staff"),
        Action.STAFF_REMOVED,
        _("They may no longer enter the administration."),
        _set(is_staff=False, is_superuser=False),
        superuser_only=True,
    ),
)


def run(
    guarded: Guarded,
    model_admin: admin.ModelAdmin[User],
    request: HttpRequest,
    queryset: QuerySet[User],
) -> TemplateResponse | None:
    """The preview; on its press with a reason, the act."""
    people, refused = _allowed(guarded, request, list(queryset))
    form = ReasonForm(request.POST if "confirm" in request.POST else None)
    if people and form.is_valid():
        _act(guarded, request, people, form.cleaned_data["reason"])
        told = ngettext(
            "%(what)s: done for %(n)d person.",
            "%(what)s: done for %(n)d people.",
            len(people),
        )
        told %= {"what": guarded.label, "n": len(people)}
        model_admin.message_user(request, told, messages.SUCCESS)
        return None
    context = {
        **model_admin.admin_site.each_context(request),
        "title": guarded.label,
        "guarded": guarded,
        "people": [_consequences(guarded, user) for user in people],
        "refused": refused,
        "form": form,
        "opts": model_admin.opts,
        "checkbox_name": ACTION_CHECKBOX_NAME,
        "media": model_admin.media,
    }
    return TemplateResponse(request, "admin/guarded_action.html", context)


def _allowed(
    guarded: Guarded, request: HttpRequest, people: list[User]
) -> tuple[list[User], list[User]]:
    actor: User = request.user  # type: ignore[assignment]
    enough = actor.is_superuser or not guarded.superuser_only
    allowed: list[User] = []
    refused: list[User] = []
    for user in people:
        may = enough and user.pk != actor.pk and may_act_on(actor, user)
        (allowed if may else refused).append(user)
    return allowed, refused


def _act(
    guarded: Guarded, request: HttpRequest, people: list[User], reason: str
) -> None:
    for user in people:
        with transaction.atomic():
            record(guarded.event, request=request, user=user, reason=reason)
            guarded.apply(user)


def _consequences(guarded: Guarded, user: User) -> dict[str, Any]:
    told: dict[str, Any] = {"user": user}
    if guarded.ends_sessions:
        told["sessions"] = len(UserSession.objects.purge_and_list(user))
        told["families"] = live_families(user)
    return told


def _as_admin_action(guarded: Guarded) -> Callable[..., Any]:
    @admin.action(description=guarded.label, permissions=["guard"])
    def action(
        model_admin: admin.ModelAdmin[User],
        request: HttpRequest,
        queryset: QuerySet[User],
    ) -> TemplateResponse | None:
        return run(guarded, model_admin, request, queryset)

    action.__name__ = guarded.name
    return action


ACTIONS = tuple(_as_admin_action(guarded) for guarded in GUARDED)
