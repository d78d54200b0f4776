"""In DEBUG: the mail that the site has sent, to read in the browser."""

from __future__ import annotations

import email
import re
from email import policy
from pathlib import Path
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.safestring import mark_safe
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

if TYPE_CHECKING:
    from email.message import EmailMessage

SHOWN = 30
SEPARATOR = "-" * 79
LINK = re.compile(r"https?://[^\s<>\"]+")


@login_not_required
@never_cache
@require_safe
def inbox(request: HttpRequest) -> HttpResponse:
    """The newest mails first. Raises Http404 outside DEBUG."""
    if not settings.DEBUG:
        raise Http404
    files = sorted(
        Path(settings.EMAIL_FILE_PATH).glob("*.log"),
        key=lambda file: file.stat().st_mtime,
        reverse=True,
    )
    mails = [mail for file in files[:SHOWN] for mail in read(file)]
    context = {"mails": mails, "folder": settings.EMAIL_FILE_PATH}
    return render(request, "mailbox.html", context)


def read(file: Path) -> list[dict[str, Any]]:
    """The mails in one file of Django's file-based backend, newest first."""
    texts = file.read_text(encoding="utf-8", errors="replace").split(SEPARATOR)
    found = [
        email.message_from_string(text.strip(), policy=policy.default)
        for text in texts
        if text.strip()
    ]
    return [_shown(mail) for mail in reversed(found)]


def _shown(mail: EmailMessage) -> dict[str, Any]:
    part = mail.get_body(("plain",))
    return {
        "subject": mail["subject"],
        "to": mail["to"],
        "date": mail["date"].datetime if mail["date"] else None,
        "body": linked(part.get_content() if part else ""),
    }


def linked(text: str) -> str:
    """The text, escaped, with its links to press."""
    from django.utils.html import escape, format_html

    parts: list[str] = []
    end = 0
    for match in LINK.finditer(text):
        parts.append(escape(text[end : match.start()]))
        parts.append(format_html('<a href="{0}">{0}</a>', match.group()))
        end = match.end()
    parts.append(escape(text[end:]))
    return mark_safe("".join(parts))  # noqa: S308 - every part is escaped above
