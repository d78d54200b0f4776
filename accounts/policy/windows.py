"""Limits for calls that come in numbers, counted in one atomic step.

allauth's limiter keeps a list of times and changes it under a lock, which suits rare
attempts. For calls that every client makes every few minutes it would make clients of
one address wait for each other, and a process that is killed with the lock in its hand
would refuse them all until the lock expires.
"""

from __future__ import annotations

import math
import time

from allauth.core.internal.ratelimit import get_rates
from django.core.cache import cache

from accounts.policy.limits import APP


def seconds_to_wait(action: str, source: str) -> int:
    """Count one call by `source`; 0 while its limits are open, else how long to wait.

    `action` is a name of settings.ACCOUNT_RATE_LIMITS. A window begins with its first
    call, and takes as many as the limit says.
    """
    waits = [
        _count(f"window:{action}:{rate}:{source}", rate.amount, rate.duration)
        for rate in get_rates(app=APP, action=action)
    ]
    return max(waits, default=0)


def _count(key: str, most: int, duration: float) -> int:
    try:
        count = cache.incr(key)
    except ValueError:  # the first of a window, or one of several that came together
        cache.add(f"{key}:end", time.time() + duration, duration)
        count = 1 if cache.add(key, 1, duration) else cache.incr(key)
    else:
        if count == 1:  # it expired while it was counted, and would stay for ever
            cache.touch(key, duration)
    if count <= most:
        return 0
    end: float = cache.get(f"{key}:end", time.time() + duration)
    return max(1, math.ceil(end - time.time()))
