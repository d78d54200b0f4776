"""What happens elsewhere and ends families: sign-out, ended sessions, new passwords."""

from __future__ import annotations

from typing import Any

from allauth.account.signals import password_changed, password_set
from allauth.core import context
from allauth.usersessions.models import UserSession
from django.contrib.auth.signals import user_logged_out
from django.db.models.signals import post_delete, post_save, pre_delete
from django.dispatch import receiver

from accounts.models import User
from accounts.policy.session_locks import lock_all
from accounts.policy.sessions import SID
from accounts.policy.signals import session_key_changed, sessions_ended
from accounts.tokens.models import Family
from accounts.tokens.revoke import Reason, revoke_families


@receiver(user_logged_out)
def revoke_at_sign_out(request: Any, user: User | None, **kwargs: Any) -> None:
    """The session's tokens go with it; its key is still there when this is sent."""
    key = getattr(getattr(request, "session", None), "session_key", None)
    if user is not None and key:
        revoke_families(
            session_key=key, user=user, reason=Reason.SIGNED_OUT, request=request
        )


@receiver(post_delete, sender=UserSession)
def revoke_with_session(instance: UserSession, **kwargs: Any) -> None:
    """A session that its owner or an administrator ended."""
    revoke_families(session_key=instance.session_key, reason=Reason.SESSION_ENDED)


@receiver(sessions_ended)
def revoke_with_all_sessions(user: User, reason: str, **kwargs: Any) -> None:
    """Everything of a person was ended; also what has no session row."""
    reasons = {
        "deactivated": Reason.DEACTIVATED,
        "closing": Reason.DEACTIVATED,
        "not_me": Reason.SESSION_ENDED,
    }
    revoke_families(user=user, reason=reasons.get(reason, Reason.ADMIN))


@receiver(pre_delete, sender=User)
def revoke_before_deletion(instance: User, **kwargs: Any) -> None:
    """The families stay behind, revoked, so that every process learns of it."""
    lock_all(instance)
    revoke_families(user=instance, reason=Reason.DELETED)


@receiver(post_save, sender=User)
def revoke_at_new_password(instance: User, created: bool, **kwargs: Any) -> None:
    """A password set by whatever hand ends all families but those of the session.

    AbstractBaseUser keeps the raw password until save() is over; a re-hash at sign-in
    clears it first, so that this fires for new passwords alone.
    """
    raw = getattr(instance, "_password", None)
    if created or raw is None:
        return
    request = context.request
    mine = None
    if request is not None and getattr(request, "user", None) == instance:
        mine = request.session.get(SID)
    revoke_families(
        user=instance, reason=Reason.PASSWORD, except_sid=mine, request=request
    )


@receiver(password_changed)
@receiver(password_set)
def follow_own_session(request: Any, user: User, **kwargs: Any) -> None:
    """The session that changed the password goes on under a new key."""
    sid = request.session.get(SID)
    if sid and request.session.session_key:
        _move(sid, request.session.session_key)


@receiver(session_key_changed)
def follow_key(sid: str, session_key: str, **kwargs: Any) -> None:
    """As above, for every other reason."""
    _move(sid, session_key)


def _move(sid: str, session_key: str) -> None:
    Family.objects.filter(session_sid=sid).exclude(session_key=session_key).update(
        session_key=session_key
    )
