"""Mail leaves the request: written to the outbox in its transaction, sent by a worker.

Sending in the request would tell by its time who has an account, and lose the mail
when the mail server is down.
"""

from __future__ import annotations

import json
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import structlog
from django.core.mail import EmailMultiAlternatives
from django.utils import timezone
from django_tasks import TaskResultStatus, task
from django_tasks_db.models import DBTaskResult

from accounts.crypto import decrypt, encrypt

if TYPE_CHECKING:
    from django.core.mail.message import EmailMessage

log = structlog.get_logger(__name__)
PURPOSE = "outbox"
#: Waits before each further try, in seconds: about 25 hours in all.
RETRIES = (5, 30, 120, 600, 1800, 3600, 7200, 14400, 28800, 36000)


#: No delivery takes this long: the mail server gets EMAIL_TIMEOUT for each answer.
ABANDONED = timedelta(minutes=5)


def post(message: EmailMessage) -> None:
    """Put a mail in the outbox. It holds codes and links, so it is stored encrypted."""
    alternatives = getattr(message, "alternatives", [])
    letter: dict[str, Any] = {
        "subject": message.subject,
        "body": message.body,
        "from_email": message.from_email,
        "to": message.to,
        "reply_to": message.reply_to,
        "headers": message.extra_headers,
        "alternatives": [[part.content, part.mimetype] for part in alternatives],
    }
    deliver.enqueue(encrypt(json.dumps(letter).encode(), PURPOSE).decode(), 0)


@task()
def deliver(sealed: str, tries: int) -> None:
    """Send one mail; on failure put it back, to be tried again after a longer wait."""
    letter = json.loads(decrypt(sealed.encode(), PURPOSE))
    alternatives = letter.pop("alternatives")
    message = EmailMultiAlternatives(**letter)
    for content, mimetype in alternatives:
        html = styled(content) if mimetype == "text/html" else content
        message.attach_alternative(html, mimetype)
    try:
        message.send()
    except OSError as error:  # smtplib's errors are OSErrors too
        if tries >= len(RETRIES):
            log.exception("mail_given_up", tries=tries)
            raise
        wait = timedelta(seconds=RETRIES[tries])
        log.warning("mail_delayed", tries=tries + 1, error=type(error).__name__)
        deliver.using(run_after=timezone.now() + wait).enqueue(sealed, tries + 1)


def styled(html: str) -> str:
    """The HTML with its stylesheet written into each element, as mail clients need it.

    What is for the dark alone stays a stylesheet. Here, since the worker alone needs
    the library: web workers stay small.
    """
    from css_inline import CSSInliner

    inliner = CSSInliner(keep_at_rules=True, load_remote_stylesheets=False)
    return inliner.inline(html)


def oldest_unsent() -> float:
    """Seconds that the mail due longest has waited for a worker; 0 without one."""
    due = DBTaskResult.objects.ready().order_by("enqueued_at").first()
    return (timezone.now() - due.enqueued_at).total_seconds() if due else 0.0


def requeue_abandoned() -> int:
    """Put back mail whose worker was killed while it sent; returns how many.

    It may go out twice then, which is better than never.
    """
    before = timezone.now() - ABANDONED
    return (
        DBTaskResult.objects.running()
        .filter(started_at__lt=before)
        .update(status=TaskResultStatus.READY, started_at=None)
    )
