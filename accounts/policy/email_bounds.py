"""How many emails one address gets, no matter who asks for them or from where.

Beyond the bound ("email" in RATE_LIMITS) an email is held back while the last one of
its kind still works, so its owner always has a link or code to use: a link works in any
browser, and a code that was not sent is replaced by the last one that was. The
requester cannot tell the difference.

The counters are rows in the database: a cache may evict them or be away.
"""

from __future__ import annotations

import json
import time
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from allauth.account import app_settings
from allauth.core.internal import ratelimit
from django.conf import settings
from django.db import transaction
from django.utils import timezone

from accounts.crypto import DecryptionError, decrypt, encrypt, keyed_hash
from accounts.models import normalise_email
from accounts.policy.limits import APP, known_device
from accounts.policy.models import EmailBound

if TYPE_CHECKING:
    from collections.abc import Callable

    from django.contrib.sessions.backends.base import SessionBase
    from django.http import HttpRequest

ACTION = "email"
PURPOSE = "email bound"
SIGN_IN_CODE = "account/email/login_code"
PROOF_CODE = "account/email/proof_code"
CONFIRM_CODE = "account/email/email_confirmation"
SIGN_UP_CODE = "account/email/email_confirmation_signup"
#: In the session: when the code stops working that it shares with an earlier email.
SHARED_UNTIL = "policy_code_until"
#: On the request: the email that a code is being generated for, and what was decided.
ASKED, DECIDED = "_policy_email_asked", "_policy_email_decided"
#: No row matters longer than the longest window and the longest lifetime.
KEPT = timedelta(days=2)
BATCH = 500


@dataclass(frozen=True, slots=True)
class Decision:
    """Whether an email goes out, and the key or code that works afterwards.

    `made_at` is when that key or code was created, in seconds since the epoch.
    """

    sends: bool
    code: str
    made_at: float


def decide(
    request: HttpRequest | None,
    kind: str,
    email: str,
    code: str = "",
    *,
    made_at: float | None = None,
    still_works: Callable[[str], bool] | None = None,
) -> Decision:
    """Count one email of a kind (its template) to an address.

    `still_works` says whether the last key was not used up otherwise. Parallel calls
    for one address wait for each other.
    """
    now = time.time()
    fresh = Decision(sends=True, code=code, made_at=now if made_at is None else made_at)
    with transaction.atomic():
        row = _locked(normalise_email(email), _asker(request, kind, email))
        working = _opened(row.working)
        last = working.get(kind)
        if last and _is_beyond(row.sent, now):
            held = Decision(sends=False, code=last[1], made_at=last[0])
            lives = held.made_at + lifetime(kind) > now
            if lives and (still_works is None or still_works(held.code)):
                row.held_back += 1
                row.last_held_back_at = timezone.now()
                row.save()
                return held
        working[kind] = [fresh.made_at, code]
        row.working = encrypt(json.dumps(working).encode(), PURPOSE).decode()
        row.sent = _recent([*row.sent, now], now)
        row.last_sent_at = timezone.now()
        row.save()
    return fresh


def expect(request: HttpRequest, kind: str, email: str) -> None:
    """Say which email the next sign-in code is for: allauth does not when it asks."""
    setattr(request, ASKED, (kind, email))


def code_for(request: HttpRequest, code: str) -> str:
    """The new code, or the last one emailed where the email will be held back."""
    asked: tuple[str, str] | None = getattr(request, ASKED, None)
    if asked is None:
        return code
    decision = decide(request, asked[0], asked[1], code)
    setattr(request, DECIDED, (*asked, decision))
    request.session.pop(SHARED_UNTIL, None)
    if not decision.sends:
        until = decision.made_at + lifetime(asked[0])
        request.session[SHARED_UNTIL] = until
    return decision.code


def decided(request: HttpRequest | None, kind: str, email: str) -> Decision | None:
    """What was decided for this email before it was sent, once."""
    *asked, decision = getattr(request, DECIDED, None) or (None,)
    if decision is None or asked != [kind, email]:
        return None
    delattr(request, DECIDED)
    return decision


def is_over(session: SessionBase) -> bool:
    """Whether this session's code is an earlier email's that has expired.

    A code works for ten minutes (ASVS 6.5.5), no matter how many sessions share it.
    """
    return session.get(SHARED_UNTIL, float("inf")) <= time.time()


def forget_used(email: str, code: str) -> None:
    """A code that was used works no longer: the next request gets a new one."""
    for row in EmailBound.objects.filter(address=address_hash(email)):
        if any(_is_same(last[1], code) for last in _opened(row.working).values()):
            _forget(row.pk, code)


def _forget(pk: str, code: str) -> None:
    with transaction.atomic():
        row = EmailBound.objects.select_for_update().filter(pk=pk).first()
        if row is None:
            return  # pruned meanwhile
        kept = {
            kind: last
            for kind, last in _opened(row.working).items()
            if not _is_same(last[1], code)
        }
        row.working = encrypt(json.dumps(kept).encode(), PURPOSE).decode()
        row.save()


def _is_same(code: str, typed: str) -> bool:
    return bool(code) and code.replace("-", "") == typed.replace("-", "")


def lifetime(kind: str) -> int:
    """For how many seconds the link or code in such an email works.

    An email without one is held back for as long as a link for a new password works.
    """
    if kind in {SIGN_IN_CODE, PROOF_CODE}:
        return int(app_settings.LOGIN_BY_CODE_TIMEOUT)
    if kind in {CONFIRM_CODE, SIGN_UP_CODE}:
        return int(app_settings.EMAIL_VERIFICATION_BY_CODE_TIMEOUT)
    return int(settings.PASSWORD_RESET_TIMEOUT)


def address_hash(email: str) -> str:
    """What rows have instead of the address."""
    return keyed_hash(normalise_email(email), PURPOSE)


def prune_bounds() -> int:
    """Delete the rows that no longer count; returns how many."""
    over = EmailBound.objects.filter(updated_at__lt=timezone.now() - _kept())
    deleted = 0
    while batch := list(over.values_list("pk", flat=True)[:BATCH]):
        deleted += over.filter(pk__in=batch).delete()[0]
    return deleted


def _kept() -> timedelta:
    return max(KEPT, timedelta(seconds=max((r.duration for r in _rates()), default=0)))


def _rates() -> list[ratelimit.Rate]:
    found: list[ratelimit.Rate] = ratelimit.get_rates(app=APP, action=ACTION)
    return found


def _is_beyond(sent: list[float], now: float) -> bool:
    return any(
        sum(at > now - rate.duration for at in sent) >= rate.amount for rate in _rates()
    )


def _recent(sent: list[float], now: float) -> list[float]:
    """As many as the rates can ask about."""
    rates = _rates()
    most = max((rate.amount for rate in rates), default=0)
    longest = max((rate.duration for rate in rates), default=0)
    return [at for at in sent if at > now - longest][-most:] if most else []


def _asker(request: HttpRequest | None, kind: str, email: str) -> str:
    """The browser or person that counts on its own for this address; "" for strangers.

    A browser that signed this person in before (OWASP's device cookie), or the person
    who is signed in: nobody else can use these up.
    """
    if request is None:
        return ""
    if device := known_device(request, normalise_email(email)):
        return device
    user: Any = getattr(request, "user", None)
    if user is None or not user.is_authenticated:
        return ""
    return str(user.pk) if kind == PROOF_CODE or user.email == email else ""


def _locked(email: str, asker: str) -> EmailBound:
    """The row of an address and an asker, locked until the transaction ends."""
    digest = keyed_hash(f"{email}|{asker}", PURPOSE)
    rows = EmailBound.objects.select_for_update()
    values = {"address": address_hash(email), "from_known": bool(asker)}
    return rows.get_or_create(digest=digest, defaults=values)[0]


def _opened(sealed: str) -> dict[str, Any]:
    if not sealed:
        return {}
    try:
        found: dict[str, Any] = json.loads(decrypt(sealed.encode(), PURPOSE))
    except DecryptionError:
        return {}  # of a secret that is gone
    return found
