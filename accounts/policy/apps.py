"""The policy app: the pipeline's own parts, and what must be connected to it."""

from __future__ import annotations

from django.apps import AppConfig


class PolicyConfig(AppConfig):
    """One sign-in policy for every door."""

    name = "accounts.policy"
    label = "policy"

    def ready(self) -> None:
        """Connect our receivers, and put one in the place of allauth's.

        Its own looks at every session of the person at each sign-in, with three
        queries each; ours does the same for all of them with two.
        """
        from allauth.account.signals import user_logged_in
        from allauth.usersessions.signals import on_user_logged_in

        from accounts.policy import receivers

        user_logged_in.disconnect(on_user_logged_in)
        user_logged_in.connect(receivers.list_new_session)
