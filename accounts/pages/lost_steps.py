"""Steps of a sign-in that nobody waits for any more: say so, instead of only moving on.

allauth leads back to the sign-in page without a word when a step took too long, or was
begun in another browser.
"""

from __future__ import annotations

from functools import wraps
from typing import TYPE_CHECKING, Any

from django.contrib import messages
from django.urls import reverse
from django.utils.translation import gettext as _

from accounts.policy.pending import has_given_way

if TYPE_CHECKING:
    from collections.abc import Callable

    from django.http import HttpRequest, HttpResponseBase

BACK = ("account_login", "account_request_login_code", "account_signup")


def explained(view: Callable[..., HttpResponseBase]) -> Callable[..., HttpResponseBase]:
    """The view; when it leads back to the start and says nothing, we say why."""

    @wraps(view)
    def wrapped(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        response = view(request, *args, **kwargs)
        if _is_lost(request, response):
            text = _(
                "This step is not open any more: it took too long, or it began in "
                "another browser. Nothing was changed. Start again here."
            )
            messages.warning(request, text)
        return response

    return wrapped


def _is_lost(request: HttpRequest, response: HttpResponseBase) -> bool:
    if response.status_code != 302 or request.user.is_authenticated:
        return False
    if has_given_way(request):
        return False  # another request of the same browser was first
    if request.session.session_key is None:
        return False  # a passer-by, for whom a message would make a session
    path = response.headers["Location"].partition("?")[0]
    has_words = getattr(messages.get_messages(request), "added_new", False)
    return not has_words and path in {reverse(name) for name in BACK}
