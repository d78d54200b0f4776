"""Signing keys in the admin: their states, who has fetched them, and two steps.

A step shows first what it will do, then wants a reason. Only superusers take one. The
private part of a key has no place on a page.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING, Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import path, reverse
from django.utils.translation import gettext_lazy as _

from accounts.admin_base import PolicyModelAdmin, ReadOnly, ReasonForm
from accounts.tokens.key_rotation import (
    Order,
    live_sign_ins,
    replace_at_once,
    rotate,
)
from accounts.tokens.models import KeyReader, SigningKey
from accounts.tokens.readiness import plan, readiness
from accounts.tokens.removed_keys import last_token_expires
from accounts.tokens.ring import forget, ring

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from django.http import HttpRequest


@dataclass(frozen=True)
class Step:
    """A step of the ring: its words, and what it does."""

    name: str
    label: Any
    effect: Any
    take: Callable[[Order], list[str]]
    ends_sign_ins: bool = False


def _now(order: Order, *, anyway: bool = False) -> list[str]:
    return rotate(timedelta(), anyway=anyway, order=order)


STEPS = {
    step.name: step
    for step in (
        Step(
            "rotate",
            _("Rotate now"),
            _(
                "Makes the next key, or lets it sign once every service that is known "
                "has fetched it. Tokens that are out stay good."
            ),
            _now,
        ),
        Step(
            "rotate-anyway",
            _("Rotate without waiting"),
            _(
                "As “Rotate now”, but waits for no service: one that lacks the new "
                "key refuses new tokens until it fetches it."
            ),
            partial(_now, anyway=True),
        ),
        Step(
            "replace",
            _("Emergency: replace all keys"),
            _(
                "For a key that was stolen. Every sign-in by token ends; browser "
                "sessions go on."
            ),
            replace_at_once,
            ends_sign_ins=True,
        ),
    )
}


@admin.register(SigningKey)
class SigningKeyAdmin(ReadOnly, PolicyModelAdmin):
    """Which keys sign and verify, and whether the next one may."""

    list_display = (
        "__str__", "state", "created_at", "activated_at", "verifies_until",
    )  # fmt: skip
    list_filter = ("state",)
    ordering = ("-created_at",)
    fields = (
        "kid", "algorithm", "state", "created_at", "activated_at", "retired_at",
        "verifies_until", "removed_at",
    )  # fmt: skip

    @admin.display(description=_("verifies until"))
    def verifies_until(self, key: SigningKey) -> datetime | None:
        """When the last token of a retired key has expired."""
        return key.removed_at or last_token_expires(key)

    def get_urls(self) -> list[Any]:
        """With a page for each step."""
        page = self.admin_site.admin_view(self.step)
        own = path("step/<slug:name>/", page, name="tokens_signingkey_step")
        return [own, *super().get_urls()]

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """The list, with what stands between the next key and signing."""
        ring()  # the first key is made on first use
        context = {
            "readiness": readiness(),
            "key_readers": KeyReader.objects.order_by("-fetched_at")[:50],
            "next_kid": _next_kid(),
            "steps": STEPS.values() if request.user.is_superuser else (),
            **(extra_context or {}),
        }
        return super().changelist_view(request, context)

    def step(self, request: HttpRequest, name: str) -> HttpResponse:
        """What a step will do; on its press with a reason, the step."""
        step = STEPS.get(name)
        if step is None or not request.user.is_superuser:
            raise PermissionDenied
        form = ReasonForm(request.POST if request.method == "POST" else None)
        if form.is_valid():
            for told in step.take(Order(request, form.cleaned_data["reason"])):
                self.message_user(request, told, messages.SUCCESS)
            forget()
            return HttpResponseRedirect(reverse("admin:tokens_signingkey_changelist"))
        context = {
            **self.admin_site.each_context(request),
            "title": step.label,
            "step": step,
            "readiness": [] if step.ends_sign_ins else readiness() + plan(),
            "ended": live_sign_ins() if step.ends_sign_ins else 0,
            "keys": _of_the_ring(),
            "form": form,
            "opts": self.opts,
            "media": self.media,
        }
        return TemplateResponse(request, "admin/tokens/key_step.html", context)


def _next_kid() -> str:
    found = SigningKey.objects.filter(state=SigningKey.State.NEXT).first()
    return found.kid if found else ""


def _of_the_ring() -> int:
    return SigningKey.objects.exclude(state=SigningKey.State.GONE).count()


@admin.register(KeyReader)
class KeyReaderAdmin(ReadOnly, PolicyModelAdmin):
    """Services by the name that they give themselves; one that has gone is deleted."""

    list_display = ("name", "fetched_at", "knows_next")
    fields = readonly_fields = ("name", "fetched_at", "knows_next")
    ordering = ("name",)

    @admin.display(boolean=True, description=_("has the next key"))
    def knows_next(self, reader: KeyReader) -> bool | None:
        """Whether it has been given the next key; unknown while there is none."""
        kid = _next_kid()
        return kid in reader.kids if kid else None

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """For superusers: a name is a hint, and a service that has gone misleads."""
        return request.user.is_superuser
