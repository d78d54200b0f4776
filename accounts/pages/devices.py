"""The page of devices: what is signed in, and signing it out from here."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast

from allauth.usersessions.forms import ManageUserSessionsForm
from allauth.usersessions.internal.flows.sessions import end_sessions
from allauth.usersessions.models import UserSession
from allauth.usersessions.views import ListUserSessionsView
from django import forms
from django.contrib import messages
from django.core.exceptions import ValidationError
from django.shortcuts import redirect
from django.utils.decorators import method_decorator
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views.decorators.cache import never_cache
from django.views.generic.edit import FormView

from accounts.audit.history import device_name, method_phrase, sign_in_methods
from accounts.policy.devices import signed_in
from accounts.tokens.families import last_renewals

if TYPE_CHECKING:
    from datetime import datetime

    from django.http import HttpRequest, HttpResponse

    from accounts.models import User

GONE = gettext_lazy("That device is signed out already. Nothing was changed.")
THIS_ONE = gettext_lazy(
    "That is the device you are using. To end its session, press Sign out at the top."
)


@dataclass(frozen=True, slots=True)
class Device:
    """One row of the page. `row.session_key` opens the account: never show it."""

    row: UserSession
    name: str
    method: str
    seen: datetime
    is_app: bool
    is_current: bool


def devices_of(user: User) -> list[Device]:
    """All of a person's, this one first, then the last seen.

    Four queries, however many there are. An app whose tokens are all revoked has
    nothing left to come in with, and is not among them.
    """
    found = signed_in(user)
    methods = sign_in_methods(user, [one.sid for one in found])
    renewed = last_renewals([one.row.session_key for one in found])
    devices = [
        Device(
            row=one.row,
            name=device_name(one.row.user_agent),
            method=method_phrase(methods.get(one.sid, "")),
            seen=max(
                one.row.last_seen_at,
                renewed.get(one.row.session_key, one.row.last_seen_at),
            ),
            is_app=one.is_app,
            is_current=one.row.is_current(),
        )
        for one in found
        if not one.is_app or one.row.session_key in renewed
    ]
    return sorted(devices, key=lambda one: (one.is_current, one.seen), reverse=True)


class DevicesForm(ManageUserSessionsForm):
    """Sign out the device that is named, or all others when none is."""

    session = forms.ModelChoiceField(
        queryset=UserSession.objects.none(),
        required=False,
        error_messages={"invalid_choice": GONE},
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        mine = UserSession.objects.filter(user=self.request.user)
        self.fields["session"].queryset = mine

    def clean_session(self) -> UserSession | None:
        """Raises ValidationError for this very device, and for an empty name."""
        session: UserSession | None = self.cleaned_data["session"]
        if session is None and "session" in self.data:
            raise ValidationError(GONE)
        if session is not None and session.is_current():
            raise ValidationError(THIS_ONE)
        return session

    def save(self, request: HttpRequest) -> None:
        """End them: the tokens go too, and the browsers are told why."""
        session = self.cleaned_data["session"]
        if session is None:
            super().save(request)
        else:
            end_sessions(request, [session])


@method_decorator(never_cache, name="dispatch")
class DevicesPage(ListUserSessionsView):
    """GET shows them; POST signs one out (`session`), or all others.

    No proof is asked for: whoever fears a stranger must be quick, and a stranger who
    signs others out has gained nothing.
    """

    form_class = DevicesForm

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """`browsers`, `apps`, and how many `others` there are.

        Not from allauth's own, which reads and purges session by session.
        """
        found = devices_of(cast("User", self.request.user))
        context: dict[str, Any] = FormView.get_context_data(self, **kwargs)
        return context | {
            "browsers": [one for one in found if not one.is_app],
            "apps": [one for one in found if one.is_app],
            "others": sum(not one.is_current for one in found),
        }

    def form_valid(self, form: DevicesForm) -> HttpResponse:
        """Say what was signed out, and what to do if one did not know it."""
        session = form.cleaned_data["session"]
        others = devices_of(cast("User", self.request.user))
        count = sum(not one.is_current for one in others)
        form.save(self.request)
        messages.success(self.request, _signed_out(session, count))
        return redirect(self.get_success_url())

    def form_invalid(self, form: DevicesForm) -> HttpResponse:
        """The page as it is now, with why nothing was done."""
        messages.warning(self.request, form.errors["session"][0])
        return redirect(self.get_success_url())


def _signed_out(session: UserSession | None, others: int) -> str:
    if session is not None:
        text = _(
            "%(device)s is signed out. If you did not know it, change your password."
        )
        return text % {"device": device_name(session.user_agent)}
    if not others:
        return _("No other device was signed in. Nothing was changed.")
    text = ngettext(
        "The other device is signed out. If you did not know it, change your password.",
        "The other %(n)d devices are signed out. If you did not know one of them, "
        "change your password.",
        others,
    )
    return text % {"n": others}


devices = DevicesPage.as_view()
