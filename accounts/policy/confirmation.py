"""Whether people confirmed lately that it's them, and by what.

Someone with a second factor confirms with the factor: a password, a provider or a
trusted browser is not enough (ASVS 7.5.1; NIST SP 800-63B 6.1). What a confirmation
opens is listed in docs/proof.md.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from allauth.account import app_settings
from allauth.account.internal.flows.login import (
    AUTHENTICATION_METHODS_SESSION_KEY,
    get_authentication_records,
    record_authentication,
)
from allauth.account.internal.flows.reauthentication import reauthenticate_by_password
from allauth.mfa.models import Authenticator
from allauth.mfa.utils import is_mfa_enabled

if TYPE_CHECKING:
    from django.http import HttpRequest

    from accounts.models import User

#: How many seconds may lie between the two steps of one event. Tokens count the same
#: (accounts.tokens.claims.EVENT_SECONDS).
EVENT_SECONDS = 900
#: On a request: its passkey or security key verified its person by PIN, finger or face.
USER_VERIFIED = "policy_user_verified"
#: In the session: when a password was given by someone who still owes the factor.
FIRST_STEP = "policy_first_step"
#: In the session: when a factor was set up. That took a code or an answer of it, and
#: the code is used up: nobody is asked for another one right away.
FACTOR_SET_UP = "policy_factor_set_up"


def uses_factor(user: Any) -> bool:
    """Whether this person has a factor, and so confirms with it."""
    return bool(user.is_authenticated and is_mfa_enabled(user))


def confirmed_at(request: HttpRequest, user: Any) -> float:
    """When they last confirmed, in seconds since the epoch; 0 if never."""
    records = get_authentication_records(request, user)
    if not uses_factor(user):
        return max((record["at"] for record in records), default=0)
    used = [record["at"] for record in records if record["method"] == "mfa"]
    return max([*used, request.session.get(FACTOR_SET_UP, 0)])


def is_confirmed(request: HttpRequest, user: Any) -> bool:
    """Whether that was less than ACCOUNT_REAUTHENTICATION_TIMEOUT seconds ago."""
    timeout: int = app_settings.REAUTHENTICATION_TIMEOUT
    return time.time() - confirmed_at(request, user) < timeout


def has_first_step(request: HttpRequest, user: Any, within: int) -> bool:
    """Whether a password or provider was used in the last `within` seconds."""
    records = get_authentication_records(request, user)
    times = [record["at"] for record in records if record["method"] != "mfa"]
    last = max([*times, request.session.get(FIRST_STEP, 0)])
    return time.time() - last < within


def take_password(request: HttpRequest) -> bool:
    """Count a right password. False if the person's factor is still missing.

    Alone, it changes nothing for someone with a factor: neither what they may do, nor
    what their tokens say.
    """
    user: Any = request.user
    if not uses_factor(user) or _used_factor(request, user):
        reauthenticate_by_password(request)
        return True
    request.session[FIRST_STEP] = time.time()
    return False


def _used_factor(request: HttpRequest, user: Any) -> bool:
    began = time.time() - EVENT_SECONDS
    records = get_authentication_records(request, user)
    return any(one["method"] == "mfa" and one["at"] > began for one in records)


def complete_event(request: HttpRequest, user: User) -> None:
    """A factor was used: say how well, and add the password that came before it."""
    if getattr(request, USER_VERIFIED, False):
        records = request.session[AUTHENTICATION_METHODS_SESSION_KEY]
        records[-1]["user_verified"] = True
        request.session.modified = True
    given = request.session.pop(FIRST_STEP, 0)
    is_own = request.user.is_authenticated and request.user.pk == user.pk
    if is_own and time.time() - given < EVENT_SECONDS:
        record_authentication(request, user, "password", reauthenticated=True)


def note_new_factor(request: HttpRequest, authenticator: Authenticator) -> None:
    """Setting one up takes its use."""
    if authenticator.type != Authenticator.Type.RECOVERY_CODES:
        request.session[FACTOR_SET_UP] = time.time()
