"""Reading events for people: their own history, in words."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from django.conf import settings
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from accounts.audit.models import Action, Event, Outcome
from accounts.audit.record import mark_of
from accounts.audit.repeats import close_over
from accounts.audit.user_agents import LONGEST, SYSTEMS, Agent, read, read_known

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import datetime

    from accounts.models import User

#: Which icon of templates/components/icon.html goes with an action.
ICONS = {
    Action.SIGN_IN: "enter",
    Action.SIGN_OUT: "leave",
    Action.SESSION_ENDED: "leave",
    Action.SESSIONS_ENDED: "leave",
    Action.PASSWORD_CHANGED: "lock",
    Action.PASSWORD_RESET: "lock",
    Action.RESET_REQUESTED: "mail",
    Action.EMAIL_VERIFIED: "mail",
    Action.EMAIL_CHANGED: "mail",
    Action.EMAIL_ADDED: "mail",
    Action.EMAIL_REMOVED: "mail",
    Action.SIGN_UP: "pen",
    Action.EXPORTED: "download",
    Action.CLOSE_UNDONE: "check",
    Action.REACTIVATED: "check",
    Action.CONNECTED: "link",
    Action.DISCONNECTED: "link",
    Action.FACTOR_ADDED: "phone",
    Action.FACTOR_RENEWED: "list",
    Action.REMOVAL_CANCELLED: "check",
    Action.TOKENS_REVOKED: "terminal",
    Action.PRE_REGISTERED_WIPED: "lock",
    Action.GROUPS_CHANGED: "list",
    Action.STAFF_ADDED: "key",
    Action.STAFF_REMOVED: "key",
}
#: Actions whose words need the method: "Second step added: authenticator app".
NAMED = frozenset(
    {
        Action.FACTOR_ADDED,
        Action.FACTOR_REMOVED,
        Action.FACTOR_RENEWED,
        Action.FACTOR_REFUSED,
        Action.CONNECTED,
        Action.DISCONNECTED,
    }
)
WARNINGS = frozenset(
    {
        Action.SIGN_IN_FAILED,
        Action.SIGN_IN_LIMITED,
        Action.FACTOR_REFUSED,
        Action.ENROLMENT_REQUIRED,
        Action.ADMIN_DENIED,
        Action.SESSION_REFUSED,
        Action.REFRESH_REPLAYED,
        Action.FACTOR_REMOVED,
        Action.FACTORS_REMOVED,
        Action.REMOVAL_ASKED,
        Action.REMOVAL_DONE,
        Action.DEACTIVATED,
        Action.NOT_ME,
        Action.CLOSE_ASKED,
        Action.CLOSED,
    }
)
#: Of what a person may say that it was somebody else: it let somebody in, or changed
#: how one gets in. What was refused changed nothing.
REPORTABLE = frozenset(
    {
        Action.SIGN_IN,
        Action.PASSWORD_CHANGED,
        Action.PASSWORD_RESET,
        Action.EMAIL_CHANGED,
        Action.EMAIL_ADDED,
        Action.FACTOR_ADDED,
        Action.FACTOR_REMOVED,
        Action.FACTOR_RENEWED,
        Action.REMOVAL_ASKED,
        Action.CONNECTED,
        Action.DISCONNECTED,
        Action.EXPORTED,
    }
)
#: For so long.
REPORTED_FOR = timedelta(days=7)


@dataclass(frozen=True, slots=True)
class Moment:
    """One event as a page shows it."""

    title: str
    device: str
    ip: str
    at: datetime
    icon: str
    is_warning: bool
    session: str
    pk: int
    is_reportable: bool


def recent_events(user: User, limit: int = 5) -> list[Moment]:
    """The newest first."""
    return moments(events_of(user)[:limit])


def events_of(user: User) -> Sequence[Event]:
    """All of a person's events, newest first: to be sliced or paginated.

    Repetitions that were counted until now are among them once their window is over.
    """
    close_over(user)
    return Event.objects.filter(user=user).order_by("-id")  # type: ignore[return-value]


def sign_in_methods(user: User, sids: Iterable[str]) -> dict[str, str]:
    """How each of a person's sessions began: lasting id to method. One query."""
    marks = {mark_of(sid): sid for sid in sids}
    events = Event.objects.filter(
        user=user, action=Action.SIGN_IN, session__in=marks
    ).values_list("session", "method")
    return {marks[mark]: method for mark, method in events}


def moments(events: Sequence[Event]) -> list[Moment]:
    """Events in words, by their time: repetitions are written after they happened."""
    found = [_moment(event) for event in events]
    return sorted(found, key=lambda moment: moment.at, reverse=True)


def _moment(event: Event) -> Moment:
    action = Action(event.action) if event.action in Action.values else None
    return Moment(
        title=_counted(_title(event, action), event.data.get("times", 1)),
        device=_device(event),
        ip="" if is_by_another(event) else event.ip or "",
        at=event.at,
        icon="warning" if action in WARNINGS else ICONS.get(action, "dot"),  # type: ignore[arg-type]
        is_warning=action in WARNINGS,
        session=event.session,
        pk=event.pk,
        is_reportable=is_reportable(event),
    )


def is_by_another(event: Event) -> bool:
    """Whether somebody else did it: where they were is not the person's to know."""
    return event.actor_id not in {None, event.user_id}


def _device(event: Event) -> str:
    if is_by_another(event):
        return _("By an administrator")
    if event.ip or event.user_agent:
        return device_name(event.user_agent)
    return _("Done by the site itself")


def is_reportable(event: Event) -> bool:
    """Whether its person may still say that it was not them."""
    young = event.at >= timezone.now() - REPORTED_FOR
    return young and event.action in REPORTABLE and event.outcome == Outcome.SUCCESS


def _title(event: Event, action: Action | None) -> str:
    if action == Action.SIGN_IN:
        return _("Signed in with %(method)s") % {"method": method_name(event.method)}
    if event.method == "webauthn" and (title := _passkey_title(action)):
        return title
    if action == Action.SIGN_IN_FAILED and event.outcome == Outcome.FAILURE:
        return _("Wrong password, not let in")
    label = str(action.label) if action else event.action
    if action == Action.SESSION_ENDED and (ended := event.data.get("device")):
        return f"{label}: {device_name(str(ended))}"
    if action in NAMED and event.method:
        label = f"{label}: {method_name(event.method)}"
    return label


def _counted(title: str, times: int) -> str:
    if times == 1:
        return title
    text = ngettext("%(title)s: %(times)d time", "%(title)s: %(times)d times", times)
    return text % {"title": title, "times": times}


def _passkey_title(action: Action | None) -> str:
    if action in {Action.SIGN_IN_FAILED, Action.FACTOR_REFUSED}:
        return _("Passkey refused, not let in")
    if action == Action.FACTOR_ADDED:
        return _("Passkey added")
    return _("Passkey removed") if action == Action.FACTOR_REMOVED else ""


def method_name(method: str) -> str:
    """Such as "password+totp" as "password and authenticator app"."""
    names = {
        "password": _("password"),
        "totp": _("authenticator app"),
        # Beside another one it is what somebody signed in with.
        "recovery_codes": _("recovery code") if "+" in method else _("recovery codes"),
        "webauthn": _("passkey"),
        "code": _("e-mail code"),
        **_providers(),
    }
    parts = [names.get(part, part) for part in method.split("+") if part]
    return _(" and ").join(parts) or _("an unknown method")


def method_phrase(method: str) -> str:
    """The same within a sentence: "a password and a code from an app"; "" for none."""
    phrases = {
        "password": _("a password"),
        "totp": _("a code from an app"),
        "recovery_codes": _("a recovery code"),
        "webauthn": _("a passkey"),
        "code": _("a code by mail"),
        **_providers(),
    }
    parts = [phrases.get(part, part) for part in method.split("+") if part]
    return _(" and ").join(parts)


def _providers() -> dict[str, str]:
    # A provider by OpenID Connect has the name that its operator gave it.
    apps = settings.SOCIALACCOUNT_PROVIDERS.get("openid_connect", {}).get("APPS", [])
    named = {app["provider_id"]: app["name"] for app in apps}
    return {"google": "Google", "github": "GitHub", **named}


def device_name(user_agent: str) -> str:
    """Such as "Chrome on macOS"; for a program the name it gives itself."""
    own = user_agent[:LONGEST].split("/", maxsplit=1)[0][:40]
    return _in_words(read(user_agent)) or own or _("Unknown device")


def known_device_name(user_agent: str) -> str:
    """The same for people who are not the sender: no word that the client chose."""
    return _in_words(read_known(user_agent)) or _("an unknown browser or app")


def _in_words(agent: Agent) -> str:
    if not (agent.browser and agent.system):
        return agent.browser
    return _("%(browser)s on %(system)s") % {
        "browser": agent.browser.removeprefix("Mobile ").removesuffix(" Mobile"),
        "system": SYSTEMS.get(agent.system, agent.system),
    }
