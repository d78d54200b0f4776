"""allauth's hook for the list of sessions: who ends one tells its browser why."""

from __future__ import annotations

from typing import TYPE_CHECKING

from allauth.core import context as current
from allauth.usersessions.adapter import DefaultUserSessionsAdapter
from allauth.usersessions.models import UserSession
from django.db import transaction

from accounts.audit.models import Action
from accounts.audit.record import printable, record
from accounts.policy.ended import Reason
from accounts.policy.sessions import end

if TYPE_CHECKING:
    from collections.abc import Iterable


class SessionsAdapter(DefaultUserSessionsAdapter):
    """Used by the page of devices and by its headless twin."""

    def end_sessions(self, sessions: Iterable[UserSession]) -> None:
        """End them, by their owner's hand.

        Locked first: of two requests that end the same one, one finds it and tells.
        The session of the request itself is a sign-out, which has its own event.
        """
        with transaction.atomic():
            wanted = [session.pk for session in sessions]
            found = list(UserSession.objects.select_for_update().filter(pk__in=wanted))
            for session in found:
                if not session.is_current():
                    self._tell(session)
            end(found, Reason.ELSEWHERE)

    def _tell(self, session: UserSession) -> None:
        record(
            Action.SESSION_ENDED,
            request=current.request,
            user=session.user_id,
            device=printable(session.user_agent)[:200],
        )
