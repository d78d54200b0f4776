"""News of the policy, for the packages above that it does not know."""

from __future__ import annotations

from django.dispatch import Signal

#: A session goes on under a new key (password change, secret rotation).
#: Arguments: sid (str, the session's lasting id), session_key (str, the new one).
session_key_changed = Signal()

#: All sessions of a person are about to end. Arguments: user (User), reason (str).
sessions_ended = Signal()
