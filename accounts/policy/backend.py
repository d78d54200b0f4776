"""The only authentication backend: it opens for allauth's pipeline and nobody else."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from allauth.account.auth_backends import AuthenticationBackend

from accounts.models import User
from accounts.policy import closing
from accounts.policy.addresses import is_look_alike
from accounts.policy.removal import with_removal

if TYPE_CHECKING:
    from django.contrib.auth.base_user import AbstractBaseUser
    from django.http import HttpRequest

DRIVEN = "_policy_pipeline"


class PolicyBackend(AuthenticationBackend):
    """Checks a password only while AccountAdapter.authenticate() is driving.

    Whoever calls django.contrib.auth.authenticate() beside it (a stock token view,
    HTTP Basic, a form of Django's) gets None and with it no session and no token.
    """

    def authenticate(
        self, request: HttpRequest | None, **credentials: Any
    ) -> AbstractBaseUser | None:
        """The person whose password this is, or None."""
        if request is None or not getattr(request, DRIVEN, False):
            return None
        if is_look_alike(credentials.get("email") or ""):
            credentials["email"] = ""  # the hash is still computed: same time
        return super().authenticate(request, **credentials)

    def get_user(self, user_id: Any) -> User | None:
        """The person of a session, with what the banner on account pages says."""
        user = with_removal(User.objects.all()).filter(pk=user_id).first()
        return user if user is not None and user.is_active else None

    @classmethod
    def _stash_user(cls, user: AbstractBaseUser | None) -> AbstractBaseUser | None:
        # allauth remembers a disabled person whose password was right, to show the
        # "inactive" page. That tells a stranger that the password was right; ours
        # answers as for a wrong one. Its owner learns by mail that they can keep it.
        if isinstance(user, User):
            closing.remind_at_sign_in(user)
        return None
