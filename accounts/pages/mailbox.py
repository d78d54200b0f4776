"""In DEBUG: the emails that the site has sent, for this machine's browsers to read."""

from __future__ import annotations

import email
import re
from email import policy
from pathlib import Path
from typing import TYPE_CHECKING, Any

from csp.constants import NONE, UNSAFE_INLINE
from csp.decorators import csp
from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import path
from django.utils.html import escape, format_html
from django.utils.safestring import mark_safe
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from accounts.policy.development import is_outsider

if TYPE_CHECKING:
    from email.message import EmailMessage

SHOWN = 30
SEPARATOR = b"-" * 79
LINK = re.compile(r"https?://[^\s<>\"]+")
#: An HTML mail has its style in each element, which our pages never have. Alone on a
#: page it may have that and nothing else: no script, no image, no form, no origin.
AS_SENT = {
    "default-src": [NONE],
    "style-src": [UNSAFE_INLINE],
    "base-uri": [NONE],
    "form-action": [NONE],
    "frame-ancestors": [NONE],
    "sandbox": True,
}


@login_not_required
@never_cache
@require_safe
def inbox(request: HttpRequest) -> HttpResponse:
    """The newest emails first. Raises Http404 where there is no mailbox."""
    _check_access(request)
    context = {"mails": mails(SHOWN), "folder": settings.EMAIL_FILE_PATH}
    return render(request, "mailbox.html", context)


@login_not_required
@never_cache
@require_safe
@csp(AS_SENT)  # type: ignore[arg-type] # it knows views without arguments alone
def as_sent(request: HttpRequest, file: str, number: int) -> HttpResponse:
    """The HTML part of one email. Raises Http404 if there is none."""
    _check_access(request)
    found = [mail for one in _files() if one.name == file for mail in _read(one)]
    part = found[number].get_body(("html",)) if number < len(found) else None
    if part is None:
        raise Http404
    return HttpResponse(part.get_content())


def mails(most: int) -> list[dict[str, Any]]:
    """Those in the newest so many files, as the page shows them."""
    return [
        _shown(mail, file.name, number)
        for file in _files()[:most]
        for number, mail in reversed(list(enumerate(_read(file))))
    ]


def _check_access(request: HttpRequest) -> None:
    if not settings.DEBUG or is_outsider(request):
        raise Http404


def _files() -> list[Path]:
    return sorted(
        Path(settings.EMAIL_FILE_PATH).glob("*.log"),
        key=lambda file: file.stat().st_mtime,
        reverse=True,
    )


def _read(file: Path) -> list[EmailMessage]:
    """The mails in one file of Django's file-based backend, as they were written."""
    return [
        email.message_from_bytes(text.strip(), policy=policy.default)
        for text in file.read_bytes().split(SEPARATOR)
        if text.strip()
    ]


def _shown(mail: EmailMessage, file: str, number: int) -> dict[str, Any]:
    part = mail.get_body(("plain",))
    return {
        "file": file,
        "number": number,
        "has_html": mail.get_body(("html",)) is not None,
        "subject": mail["subject"],
        "to": mail["to"],
        "date": mail["date"].datetime if mail["date"] else None,
        "body": linked(part.get_content() if part else ""),
    }


def linked(text: str) -> str:
    """The text, escaped, with its links to press."""
    parts: list[str] = []
    end = 0
    for match in LINK.finditer(text):
        parts.append(escape(text[end : match.start()]))
        parts.append(format_html('<a href="{0}">{0}</a>', match.group()))
        end = match.end()
    parts.append(escape(text[end:]))
    return mark_safe("".join(parts))  # noqa: S308 - every part is escaped above


urlpatterns = [
    path("mailbox/", inbox, name="mailbox"),
    path("mailbox/<str:file>/<int:number>/", as_sent, name="mail_as_sent"),
]
