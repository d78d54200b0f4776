"""The parts of a mail: each is written once, and comes out as text and as HTML.

A mail is rendered three times, as subject, text and HTML (accounts.policy.mails), and
`form` in its context says which. How the parts look is up to templates/mail/mail.css.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any
from urllib.parse import urljoin

from django import template
from django.conf import settings
from django.shortcuts import resolve_url
from django.utils.html import conditional_escape, format_html, linebreaks
from django.utils.safestring import mark_safe

from accounts.audit.history import known_device_name, method_name

if TYPE_CHECKING:
    from django.template import Context

register = template.Library()

register.filter("how", method_name)


@register.simple_tag(takes_context=True)
def button(context: Context, to: str, label: str) -> str:
    """The one thing to do: a URL, or the name of one of our pages."""
    if _is_html(context):
        return format_html(
            '<p class="action"><a class="button" href="{}">{}</a></p>',
            _absolute(to), label,
        )  # fmt: skip
    return f"{label}:\n{_absolute(to)}"


@register.simple_tag(takes_context=True)
def link(context: Context, to: str, label: str) -> str:
    """What else there is to do; a paragraph of its own."""
    if _is_html(context):
        return format_html('<a href="{}">{}</a>', _absolute(to), label)
    return f"{label}:\n{_absolute(to)}"


@register.simple_tag(takes_context=True)
def one_time_code(context: Context, code: str) -> str:
    """A code, large, which never turns round where words run from right to left."""
    if _is_html(context):
        return format_html('<p class="code" dir="ltr">{}</p>', code)
    return code


@register.simple_tag(takes_context=True)
def fact(context: Context, label: str, value: str) -> str:
    """One line of when, with what and from where."""
    if _is_html(context):
        return format_html(
            '<p><span class="muted">{}</span> <bdi>{}</bdi></p>', label, value
        )
    return f"{label} {value}"


@register.filter
def paragraphs(text: str, css_class: str = "") -> str:
    """Text in HTML: an empty line parts paragraphs. Nothing when there is no text."""
    lines = re.sub(r"\n\s*\n", "\n\n", str(conditional_escape(text)).strip())
    html = linebreaks(lines) if lines else ""
    if css_class:
        html = html.replace("<p>", format_html('<p class="{}">', css_class))
    return mark_safe(html)  # noqa: S308 - escaped above, unless it came escaped


@register.filter
def device(user_agent: str) -> str:
    """A browser or app in words; none of them are the client's own.

    A client that has an email sent to somebody else chooses their User-Agent, and would
    choose a telephone number or a warning for them to read.
    """
    return known_device_name(user_agent)


def _is_html(context: Context) -> bool:
    return bool(context["form"] == "html")


def _absolute(to: Any) -> str:
    return urljoin(f"{settings.SITE_URL}/", resolve_url(to))
