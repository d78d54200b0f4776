"""allauth's hook for the list of sessions: who ends one tells its browser why."""

from __future__ import annotations

from typing import TYPE_CHECKING

from allauth.usersessions.adapter import DefaultUserSessionsAdapter

from accounts.policy.ended import Reason
from accounts.policy.sessions import end

if TYPE_CHECKING:
    from collections.abc import Iterable

    from allauth.usersessions.models import UserSession


class SessionsAdapter(DefaultUserSessionsAdapter):
    """Used by the page of sessions and by its headless twin."""

    def end_sessions(self, sessions: Iterable[UserSession]) -> None:
        """End them, by their owner's hand."""
        end(sessions, Reason.ELSEWHERE)
