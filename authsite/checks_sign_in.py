"""System checks: settings that would open a door beside the sign-in pipeline.

Errors, so that a team that never runs our tests hears of them from every manage.py
command and from `make serve`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.core.checks import CheckMessage, Error
from django.utils.module_loading import import_string

from authsite.switches import OF_PROVIDERS, OURS, SWITCHES

if TYPE_CHECKING:
    from collections.abc import Iterator


def error(number: int, message: str, hint: str) -> CheckMessage:
    """One of ours, by its number."""
    return Error(message, hint=hint, id=f"authsite.E{number:03}")


def backends() -> list[CheckMessage]:
    """PolicyBackend alone checks passwords."""
    if settings.AUTHENTICATION_BACKENDS == ["accounts.policy.backend.PolicyBackend"]:
        return []
    return [
        error(
            2,
            "AUTHENTICATION_BACKENDS holds more than the PolicyBackend.",
            "Take the others out: each would be a second way in.",
        )
    ]


def switches() -> list[CheckMessage]:
    """Allauth's switches, as the pipeline needs them."""
    found = [
        error(one.number, f"{one.name} is {one.value!r}.", one.hint)
        for one in SWITCHES
        if not one.is_right(one.value)
    ]
    if getattr(settings, "MFA_WEBAUTHN_ALLOW_INSECURE_ORIGIN", False):
        message = "MFA_WEBAUTHN_ALLOW_INSECURE_ORIGIN is on."
        hint = "It lets any origin use a passkey. localhost works without it."
        found.append(error(5, message, hint))
    return found


def classes() -> list[CheckMessage]:
    """Adapters and the token strategy: ours, or a subclass."""
    return [
        error(
            number,
            f"{name} is not a subclass of {ours}.",
            f"Write class Mine({ours.rpartition('.')[2]}) and override what you need: "
            "the pipeline's rules are in ours.",
        )
        for number, (name, ours) in OURS.items()
        if not _is_ours(getattr(settings, name, None), import_string(ours))
    ]


def _is_ours(path: Any, ours: type) -> bool:
    return isinstance(path, str) and issubclass(import_string(path), ours)


def providers() -> list[CheckMessage]:
    """Nothing that a provider says of an address counts as a sign-in."""
    found = []
    for provider, told in settings.SOCIALACCOUNT_PROVIDERS.items():
        for name in _trusting(told):
            message = f"SOCIALACCOUNT_PROVIDERS[{provider!r}] sets {name}."
            hint = "Remove it: an address at a provider would open an account here."
            found.append(error(146, message, f"{hint} See docs/linking.md."))
    return found


def _trusting(told: dict[str, Any]) -> Iterator[str]:
    places = [told, *(app.get("settings", {}) for app in told.get("APPS", []))]
    names = (*OF_PROVIDERS, *(name.lower() for name in OF_PROVIDERS))
    for place in places:
        yield from (name for name in names if place.get(name))


CHECKS = (backends, switches, classes, providers)
