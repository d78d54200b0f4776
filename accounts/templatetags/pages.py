"""What our templates need and Django does not have: brand, form controls, devices."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from allauth.account.internal.flows.email_verification_by_code import (
    EMAIL_VERIFICATION_CODE_SESSION_KEY,
)
from allauth.socialaccount.models import SocialAccount
from django import template
from django.conf import settings
from django.utils import timezone
from django.utils.html import format_html_join
from django.utils.safestring import mark_safe
from django.utils.text import get_text_list
from django.utils.translation import gettext as _
from django.utils.translation import ngettext_lazy

from accounts import brand as brands
from accounts.audit.history import device_name
from accounts.policy import trust
from accounts.policy.last_used import last_way
from accounts.policy.social_adapter import demo_providers as stand_ins
from accounts.policy.social_adapter import provider_names

if TYPE_CHECKING:
    from django.forms import BoundField
    from django.template import Context
    from django.utils.safestring import SafeString

register = template.Library()
#: Sessions are noted as seen no more often than this.
MOMENT = timedelta(minutes=5)
UNITS = (
    (timedelta(days=365), ngettext_lazy("%(n)d year ago", "%(n)d years ago", "n")),
    (timedelta(days=30), ngettext_lazy("%(n)d month ago", "%(n)d months ago", "n")),
    (timedelta(days=7), ngettext_lazy("%(n)d week ago", "%(n)d weeks ago", "n")),
    (timedelta(days=1), ngettext_lazy("%(n)d day ago", "%(n)d days ago", "n")),
    (timedelta(hours=1), ngettext_lazy("%(n)d hour ago", "%(n)d hours ago", "n")),
    (timedelta(minutes=1), ngettext_lazy("%(n)d minute ago", "%(n)d minutes ago", "n")),
)
KEPT_IN_QUERY = ("next", "page")
BOXES = ("checkbox", "radioselect", "checkboxselectmultiple", "clearablefile")


@register.simple_tag
def brand() -> dict[str, Any]:
    """Name, host, look and links of this site, and whether sign-up is open.

    A tag and no context processor: error pages are rendered without a request.
    """
    return {
        "name": settings.BRAND_NAME,
        "host": settings.SITE_HOST,
        "accent": brands.palette()["accent"],
        "accent_dark": brands.palette("dark")["accent"],
        "css_url": brands.css_url(),
        "icon_url": brands.icon_url(),
        "icon_type": brands.icon_type(),
        "logo": brands.logo(),
        "logo_url": brands.logo_url(),
        "support_email": settings.BRAND_SUPPORT_EMAIL,
        "terms_url": settings.BRAND_TERMS_URL,
        "privacy_url": settings.BRAND_PRIVACY_URL,
        "signup_open": settings.ACCOUNT_SIGNUP_ENABLED,
    }


@register.simple_tag
def languages() -> list[tuple[str, str]]:
    """Codes and names as in settings: each name in its own language.

    Django's get_available_languages translates the names into the page's.
    """
    return list(settings.LANGUAGES)


@register.simple_tag(takes_context=True)
def here(context: dict[str, Any]) -> str:
    """The address of this page, to come back to.

    Of its query only what says where to: the rest may be a provider's code.
    """
    request = context["request"]
    kept = {name: request.GET[name] for name in KEPT_IN_QUERY if name in request.GET}
    return request.path + (f"?{urlencode(kept, safe='/')}" if kept else "")


@register.simple_tag(takes_context=True)
def last_used(context: dict[str, Any]) -> str:
    """The way in that this browser took last: "google", "password", …, or ""."""
    return last_way(context["request"])


@register.simple_tag(takes_context=True)
def code_sent_to(context: dict[str, Any]) -> str:
    """The new address whose code this browser is to type; "" when there is none."""
    state = context["request"].session.get(EMAIL_VERIFICATION_CODE_SESSION_KEY) or {}
    return str(state.get("email", ""))


@register.simple_tag
def demo_providers() -> str:
    """The names of providers whose counterpart is a stand-in: "GitHub and Google"."""
    return get_text_list(stand_ins(), _("and"))


@register.simple_tag(takes_context=True)
def connected(context: dict[str, Any]) -> list[str]:
    """The names of the providers that somebody has connected."""
    accounts = SocialAccount.objects.filter(user=context["request"].user)
    return provider_names(accounts.order_by("pk"))


@register.filter
def control(field: BoundField) -> SafeString:
    """The field's input in our clothes, with the aria attributes that Django adds.

    Drops placeholders: libraries' forms use them as labels (WCAG 3.3.2).
    """
    attrs: dict[str, Any] = {"placeholder": False}
    if field.widget_type not in BOXES:
        own = field.field.widget.attrs.get("class", "")
        attrs["class"] = f"input {own}".strip()
    return field.as_widget(attrs=attrs)


@register.filter
def breakable(text: str) -> SafeString:
    """A name, or an address that may go on in the next line after its marks."""
    parts = re.split(r"(?<=[@._-])", str(text))
    return format_html_join(mark_safe("<wbr>"), "{}", ((part,) for part in parts))


@register.filter
def in_fours(text: str) -> list[str]:
    """A long key in groups that the eye can keep."""
    return [text[start : start + 4] for start in range(0, len(text), 4)]


@register.simple_tag(takes_context=True)
def trusted_until(context: Context) -> datetime | None:
    """Until when the person trusts the browser that asks for this page."""
    request = context["request"]
    return trust.trusted_until(request, request.user)


@register.filter
def device(user_agent: str) -> str:
    """A browser in words: "Chrome on macOS"."""
    return device_name(user_agent)


@register.filter
def is_phone(user_agent: str) -> bool:
    """Whether to draw a phone instead of a computer."""
    return any(word in user_agent for word in ("iPhone", "Android", "Mobile"))


@register.filter
def ago(at: datetime) -> str:
    """How long ago, in one unit: "2 hours ago", "a moment ago".

    Whole phrases: Django's timesince gives words that German must inflect.
    """
    passed = timezone.now() - at
    if passed >= MOMENT:
        for unit, words in UNITS:
            if passed >= unit:
                return words % {"n": passed // unit}
    return _("a moment ago")


@register.filter
def is_today(at: datetime) -> bool:
    """Whether it was on this day, in the zone that the page tells times in."""
    return timezone.localdate(at) == timezone.localdate()
