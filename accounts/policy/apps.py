"""The policy app: the pipeline's own parts, and what must be connected to it."""

from __future__ import annotations

from django.apps import AppConfig


class PolicyConfig(AppConfig):
    """One sign-in policy for every door."""

    name = "accounts.policy"
    label = "policy"

    def ready(self) -> None:
        """Connect the receivers."""
        from accounts.policy import receivers  # noqa: F401
