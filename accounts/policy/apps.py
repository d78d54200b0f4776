"""The policy app: the pipeline's own parts, and what must be connected to it."""

from __future__ import annotations

from django.apps import AppConfig


class PolicyConfig(AppConfig):
    """One sign-in policy for every door."""

    name = "accounts.policy"
    label = "policy"

    def ready(self) -> None:
        """Connect our receivers, and disconnect one of allauth's.

        It looks at every session of the person at each sign-in, with three queries
        each. AccountAdapter.login() lists the new session instead.
        """
        from allauth.account.signals import user_logged_in
        from allauth.usersessions.signals import on_user_logged_in

        user_logged_in.disconnect(on_user_logged_in)

        import accounts.policy.receivers  # noqa: F401 - importing connects them
