"""Answers whose time could tell who has an account leave at full steps of time.

An account that is made takes a few milliseconds more than one that is there already.
What happens behind these doors differs by less than a step, so the answers do not.
"""

from __future__ import annotations

import re
import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from django.http import HttpRequest, HttpResponse

STEP = 0.05  # seconds; the slowest of them takes about 35 ms here
#: Sign-up, reset and code requests: pages and headless calls.
PACED = re.compile(
    r"^/(?:accounts|_allauth/\w+/v1/auth)/(signup|signup/passkey|webauthn/signup|password/re(set|quest)|login/code"
    r"|code/request)/?$"
)


#: Refused before anybody was looked up.
SAYS_NOTHING = frozenset({403, 404, 405, 413, 415, 429})


class PaceMiddleware:
    """Holds such an answer back until the step that its work fell into is over."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Time what is sent; a page that is only looked at goes out at once."""
        if request.method != "POST" or not PACED.search(request.path_info):
            return self.get_response(request)
        began = time.monotonic()
        response = self.get_response(request)
        if response.status_code in SAYS_NOTHING:
            return response
        time.sleep(STEP - (time.monotonic() - began) % STEP)
        return response
