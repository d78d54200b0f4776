"""Answers whose time could tell who has an account leave at fixed steps of time.

Creating, emailing and refusing differ by a few milliseconds. Whatever works on an
address that somebody typed asks for it here, so that no list of paths can miss one.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from django.http import HttpRequest, HttpResponse

#: Seconds: no such answer is faster, and slower ones leave at a multiple of STEP.
FLOOR, STEP = 0.15, 0.05
HELD = "_policy_paced"
#: Refused before anybody was looked up.
SAYS_NOTHING = frozenset({403, 404, 405, 413, 415, 429})


def hold(request: HttpRequest | None) -> None:
    """Somebody unproven typed an address, and the answer depends on whose it is."""
    if request is not None:
        setattr(request, HELD, True)


class PaceMiddleware:
    """Holds such an answer back until its time."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Every answer but those of requests that were held leaves at once."""
        began = time.monotonic()
        response = self.get_response(request)
        if getattr(request, HELD, False) and response.status_code not in SAYS_NOTHING:
            time.sleep(left(time.monotonic() - began))
        return response


def left(taken: float) -> float:
    """Seconds to wait after this many of work."""
    return FLOOR - taken if taken < FLOOR else STEP - (taken - FLOOR) % STEP
