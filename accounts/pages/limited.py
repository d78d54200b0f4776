"""The page for whoever tried too often: how long to wait, and what works meanwhile."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from allauth.account.utils import get_next_redirect_url, passthrough_next_redirect_url
from allauth.socialaccount.adapter import get_adapter as get_social_adapter
from django.contrib.auth import REDIRECT_FIELD_NAME
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.html import format_html
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from accounts.policy.limits import is_way_back

if TYPE_CHECKING:
    from django.http import HttpRequest

    from accounts.policy.pauses import Pause

#: Shorter pauses are "a few seconds", which is true and less to read.
FEW_SECONDS = 10
#: For each reason of a pause: what there was too much of, what is not so, what then.
WORDS = {
    "guesses": (
        gettext_lazy("There were too many tries in a short time."),
        gettext_lazy("No account was locked or changed."),
        gettext_lazy("The pause only slows down people who guess passwords."),
    ),
    "codes": (
        gettext_lazy("There were too many wrong codes in a short time."),
        gettext_lazy("No account was locked or changed."),
        gettext_lazy("The pause only slows down people who guess codes."),
    ),
    "mails": (
        gettext_lazy("Too many mails were asked for in a short time."),
        gettext_lazy("No further mail was sent."),
        gettext_lazy(
            "Look for the last one first, also where your mailbox keeps spam."
        ),
    ),
    "sign_ups": (
        gettext_lazy("Too many accounts were asked for from your network."),
        gettext_lazy("This try made no account."),
        gettext_lazy("Send the form again when the time is up."),
    ),
    "changes": (
        gettext_lazy("There were too many changes in a short time."),
        gettext_lazy("This last change was not made."),
        gettext_lazy("Send it again when the time is up."),
    ),
    "calls": (
        gettext_lazy("There were too many requests in a short time."),
        gettext_lazy("Nothing was changed."),
        gettext_lazy("It works again when the time is up."),
    ),
}


def limited_page(request: HttpRequest, pause: Pause) -> str:
    """The HTML of a 429. Needs the session: its buttons are forms.

    Template: pages/limited.html, with `pause`, the words `title`, `why`, `fact`,
    `then`, `again` with `again_url`, and `is_signed_in`; where one signs in also the
    ways that are `offered`, and links that keep `next`.
    """
    why, fact, then = WORDS[pause.reason]
    context: dict[str, Any] = {
        "pause": pause,
        "title": _title(pause),
        "why": why,
        "fact": fact,
        "then": then,
        "is_signed_in": request.user.is_authenticated,
        **_again(request),
    }
    if pause.ways:
        context |= _ways(request, pause)
    return render_to_string("pages/limited.html", context, request)


def _again(request: HttpRequest) -> dict[str, str]:
    """Where to try again; an empty address is the page that was sent."""
    match = request.resolver_match
    if not is_way_back((match and match.url_name) or ""):
        return {"again_url": "", "again": _("Back to the form")}
    if request.user.is_authenticated:
        url = reverse("socialaccount_connections")
        return {"again_url": url, "again": _("Back to connected accounts")}
    return {"again_url": reverse("account_login"), "again": _("Back to sign-in")}


def _title(pause: Pause) -> str:
    if pause.seconds <= FEW_SECONDS:
        return _("Wait a few seconds, then try again")
    text = ngettext(
        "Wait a minute, then try again",
        "Wait %(n)d minutes, then try again",
        pause.minutes,
    )
    return text % {"n": pause.minutes}


def _ways(request: HttpRequest, pause: Pause) -> dict[str, Any]:
    offered = set(pause.ways) & {"passkey", "provider", "code", "password"}
    if not get_social_adapter().list_providers(request):
        offered.discard("provider")

    def link(name: str) -> str:
        return str(
            passthrough_next_redirect_url(request, reverse(name), REDIRECT_FIELD_NAME)
        )

    return {
        "offered": offered,
        "is_passkey_alone": offered == {"passkey"},
        "login_url": link("account_login"),
        "code_url": link("account_request_login_code"),
        "redirect_field": _next_field(request),
    }


def _next_field(request: HttpRequest) -> str:
    wanted = get_next_redirect_url(request)
    if not wanted:
        return ""
    return format_html(
        '<input type="hidden" name="{}" value="{}">', REDIRECT_FIELD_NAME, wanted
    )
