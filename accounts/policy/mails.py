"""The account adapter's part about mails: what they know and how they are made.

One template says each mail's words. It is rendered three times, as subject, text and
HTML, by the three layouts in templates/mail; see docs/mails.md.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any
from urllib.parse import urljoin, urlsplit

from allauth.account import app_settings
from allauth.account.adapter import DefaultAccountAdapter
from allauth.account.forms import default_token_generator
from allauth.account.internal.flows.email_verification_by_code import (
    EMAIL_VERIFICATION_CODE_SESSION_KEY,
)
from allauth.account.models import EmailAddress
from allauth.core import context as current
from django.conf import settings
from django.core.mail import EmailMultiAlternatives
from django.template import TemplateDoesNotExist
from django.template.loader import get_template
from django.utils import timezone
from django.utils.translation import get_language, override

from accounts.audit.models import Action
from accounts.audit.repeats import record_repeated
from accounts.brand import palette
from accounts.policy import address_change, closing, email_bounds, not_me, outbox
from accounts.policy.addresses import is_deliverable
from accounts.policy.email_bounds import PROOF_CODE, SIGN_IN_CODE
from accounts.policy.reauthentication import address_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from allauth.account.internal.flows.email_verification_by_code import (
        EmailVerificationProcess,
    )
    from django.core.mail import EmailMessage
    from django.http import HttpRequest

    from accounts.models import User

#: Nobody's out-of-office note answers us (RFC 3834, and the same for Exchange).
HEADERS = {"Auto-Submitted": "auto-generated", "X-Auto-Response-Suppress": "All"}
#: Mails about what an administrator did: theirs are not the reader's IP and browser.
BY_OTHERS = frozenset({"mfa/email/factors_removed"})
RESET = "account/email/password_reset_key"
#: They tell of nothing to be taken back, or go to who may have done it.
WITHOUT_LINK = frozenset({RESET, "account/email/email_changed_here", *BY_OTHERS})
#: What is mailed instead of a link or a code when there is nobody for it.
NOBODY = "account/email/unknown_account"
SIGN_IN_CODES = frozenset({SIGN_IN_CODE, PROOF_CODE})
#: They tell an owner what happened, like every notification: never held back.
EVENTS = frozenset({"account/email/pre_registered", "mfa/email/factors_removed"})
#: In the context of an email that tells what happened.
IS_EVENT = "is_event"


class Mails(DefaultAccountAdapter):
    """Into the outbox, with all that a mail tells; see accounts.policy.outbox."""

    def send_password_reset_mail(
        self, user: User, email: str, context: dict[str, Any]
    ) -> None:
        """As allauth's, and the person can see that it was asked for."""
        record_repeated(Action.RESET_REQUESTED, request=current.request, user=user)
        taken_back = hasattr(current.request, not_me.TAKEN_BACK)
        context = {**context, "taken_back": taken_back, IS_EVENT: taken_back}
        super().send_password_reset_mail(user, email, context)

    def send_notification_mail(
        self,
        template_prefix: str,
        user: User,
        context: dict[str, Any] | None = None,
        email: str | None = None,
    ) -> None:
        """As allauth's, and the mail knows whom it speaks to."""
        context = {**(context or {}), "user": user, IS_EVENT: True}
        super().send_notification_mail(template_prefix, user, context, email)

    def send_confirmation_mail(
        self,
        request: HttpRequest,
        emailconfirmation: EmailVerificationProcess,
        signup: bool,
    ) -> None:
        """As allauth's; beyond the bound the session gets the last code emailed.

        Somebody who is signed in starts a change of address.
        """
        address = emailconfirmation.email_address
        if request.user.is_authenticated and request.user.pk == address.user_id:
            address_change.start(address.user, address.email)
        kind = email_bounds.SIGN_UP_CODE if signup else email_bounds.CONFIRM_CODE
        state = emailconfirmation.state
        asked = (kind, address.email)
        decision = email_bounds.decide(
            request, *asked, state["code"], made_at=state["at"]
        )
        state |= {"code": decision.code, "at": decision.made_at}
        setattr(request, email_bounds.DECIDED, (*asked, decision))
        super().send_confirmation_mail(request, emailconfirmation, signup)

    def generate_login_code(self) -> str:
        """As allauth's; beyond the bound the last code emailed."""
        request = current.request
        if request.user.is_authenticated:
            email_bounds.expect(request, PROOF_CODE, address_of(request.user))
        return email_bounds.code_for(request, super().generate_login_code())

    def send_mail(
        self, template_prefix: str, email: str, context: dict[str, Any]
    ) -> None:
        """Render it now, in words that are true now; a worker sends it.

        One that is held back is rendered too, so that it takes as long.
        """
        if template_prefix == NOBODY and (owner := closing.of_address(email)):
            closing.remind(owner)  # there is somebody: they can still keep it
            return
        sends = _sends(template_prefix, email, context)
        known = {"mail": template_prefix, "email": email, **context}
        known |= self._extras(known)
        message = self.render_mail(template_prefix, email, known, HEADERS)
        if sends:
            outbox.post(message)

    def render_mail(
        self,
        template_prefix: str,
        email: str | list[str],
        context: dict[str, Any],
        headers: dict[str, str] | None = None,
    ) -> EmailMessage:
        """Text and HTML from one template; a library's own mail as the library has it.

        In the person's language, else in that of the request.
        """
        with override(_language(context.get("user"))):
            try:
                subject, text, html = _forms(f"{template_prefix}.html", context)
            except TemplateDoesNotExist as missing:
                if str(missing) != f"{template_prefix}.html":
                    raise  # a part of one of ours
                return super().render_mail(template_prefix, email, context, headers)
        message = EmailMultiAlternatives(
            subject, text, self.get_from_email(),
            [email] if isinstance(email, str) else email,
            headers=headers,
            reply_to=[settings.BRAND_SUPPORT_EMAIL]
            if settings.BRAND_SUPPORT_EMAIL else None,
        )  # fmt: skip
        message.attach_alternative(html, "text/html")
        return message

    def _extras(self, context: dict[str, Any]) -> dict[str, Any]:
        """What every mail knows beside what its sender told it.

        `context["user"]` is the person whom the mail is about, if there is one. The
        address it goes to may not be proven theirs: a mail with a code asks for that.
        """
        told, email = context.get("user"), context["email"]
        user = told or _owner(email)
        tells = context["mail"] not in WITHOUT_LINK
        return {
            "not_me_url": not_me.link(told, email) if told and tells else "",
            **self._occasion(context),
            **_expiry(context),
            **_links(context),
            "user": user,
            "site_name": settings.BRAND_NAME,
            "site_url": settings.SITE_URL,
            "site_host": urlsplit(settings.SITE_URL).netloc,
            "signup_open": settings.ACCOUNT_SIGNUP_ENABLED,
            "support_email": settings.BRAND_SUPPORT_EMAIL,
            "colours": {scheme: _colours(scheme) for scheme in ("light", "dark")},
        }

    def _occasion(self, context: dict[str, Any]) -> dict[str, Any]:
        request = current.request
        if "timestamp" in context:
            return {}  # of a notification: allauth told the rest as well
        found: dict[str, Any] = {"timestamp": timezone.now()}
        if request is not None and context["mail"] not in BY_OTHERS:
            found["ip"] = self.get_client_ip(request)
            found["user_agent"] = self.get_http_user_agent(request)[:200]
        return found


def _sends(kind: str, email: str, context: dict[str, Any]) -> bool:
    """Whether it goes out. The one place that every email passes through.

    What a stranger can trigger is bounded, so that is all but what tells of an event.
    """
    if context.get(IS_EVENT) or kind in EVENTS:
        return True
    request = current.request
    decision = email_bounds.decided(request, kind, email) or email_bounds.decide(
        request, kind, email, context.get("key", ""), still_works=_key_test(context)
    )
    return decision.sends and (is_deliverable(email) or _owner(email) is not None)


def _key_test(context: dict[str, Any]) -> Callable[[str], bool] | None:
    """Whether a key for a new password still works: not after it was used."""
    user = context.get("user")
    if not context.get("key") or user is None:
        return None
    return lambda key: bool(default_token_generator.check_token(user, key))


def _forms(name: str, context: dict[str, Any]) -> tuple[str, str, str]:
    template = get_template(name)

    def form(layout: str, **more: Any) -> str:
        forms = {"layout": f"mail/{layout}", "form": layout.rpartition(".")[2]}
        rendered: str = template.render({**context, **forms, **more})
        return rendered.strip()

    subject = " ".join(form("subject.txt").split())
    text = re.sub(r"\n[ \t]*(\n[ \t]*)+\n", "\n\n", form("layout.txt"))
    return subject, text, form("layout.html", subject=subject)


def _colours(scheme: str) -> dict[str, str]:
    """The accent's, by names that a template can say."""
    return {name.replace("-", "_"): is_ for name, is_ in palette(scheme).items()}


def _language(user: User | None) -> str:
    chosen = user.language if user else ""
    known = chosen in dict(settings.LANGUAGES)
    return chosen if known else get_language() or settings.LANGUAGE_CODE


def _owner(email: str) -> User | None:
    """Whose address this is, proven; asked for whoever it is, known or not."""
    address = EmailAddress.objects.filter(email=email, verified=True)
    found = address.select_related("user").first()
    return found.user if found else None


def _links(context: dict[str, Any]) -> dict[str, str]:
    """Every link leads to SITE_URL, whatever Host the request came with."""
    return {
        name: urljoin(
            settings.SITE_URL,
            urlsplit(value)._replace(scheme="", netloc="").geturl(),
        )
        for name, value in context.items()
        if name.endswith("_url") and value
    }


def _expiry(context: dict[str, Any]) -> dict[str, Any]:
    """Until when the code or the link in this mail counts."""
    if context["mail"] == RESET:
        seconds = settings.PASSWORD_RESET_TIMEOUT
    elif context["mail"] in SIGN_IN_CODES:
        seconds = app_settings.LOGIN_BY_CODE_TIMEOUT
    elif "code" in context:
        seconds = app_settings.EMAIL_VERIFICATION_BY_CODE_TIMEOUT
    else:
        return {}
    until = _made_at(context.get("code")) + timedelta(seconds=seconds)
    return {"expires_at": until, "minutes": seconds // 60}


def _made_at(code: str | None) -> datetime:
    """When its time began: a code that is sent once more gets no new time."""
    session = getattr(current.request, "session", {})
    state = session.get(EMAIL_VERIFICATION_CODE_SESSION_KEY) or {}
    if code and state.get("code") == code:
        return datetime.fromtimestamp(state["at"], tz=UTC)
    return timezone.now()
