"""Which language a page speaks: the person's, else the browser's, else English.

The browser's is what was chosen in the footer (a cookie), else Accept-Language.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.middleware.locale import LocaleMiddleware
from django.utils import translation
from django.utils.cache import patch_vary_headers
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST
from django.views.i18n import LANGUAGE_QUERY_PARAMETER, set_language

from accounts.models import User

if TYPE_CHECKING:
    from collections.abc import Callable

    from django.http import HttpRequest, HttpResponse
    from django.http.response import HttpResponseBase

#: Programs read codes, and their contract is in English. The headless API's messages
#: and mails are for people, so it goes by Accept-Language as a page does.
ENGLISH_PATHS = ("/api/", "/.well-known/", "/healthz")


def is_offered(code: str) -> bool:
    """Whether this is one of LANGUAGES."""
    return code in dict(settings.LANGUAGES)


class BrowserLanguageMiddleware:
    """Django's LocaleMiddleware for pages alone, and nothing of it left behind.

    Django leaves the language of a request to the thread, whose next request may be
    an API call, which asks for no language and would answer in that one.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response
        self.localised: Any = LocaleMiddleware(get_response)

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """The answer in the browser's language, with the headers that say so."""
        if request.path_info.startswith(ENGLISH_PATHS):
            return self.get_response(request)
        try:
            response: HttpResponse = self.localised(request)
        finally:
            translation.deactivate()
        patch_vary_headers(response, ["Accept-Language", "Cookie"])
        return response


class ProfileLanguageMiddleware:
    """The language of the person's profile, if they chose one there."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """SessionLifetimeMiddleware has read the person already: no query."""
        if request.path_info.startswith(ENGLISH_PATHS):
            return self.get_response(request)
        code = getattr(request.user, "language", "")
        if code and is_offered(code):
            translation.activate(code)
            request.LANGUAGE_CODE = translation.get_language() or ""
        return self.get_response(request)


@login_not_required
@never_cache
@require_POST
def choose(request: HttpRequest) -> HttpResponseBase:
    """The switch in the footer. Django's view remembers it for this browser.

    For a person it goes into their profile too: a profile in another language would
    win, and the press would do nothing.
    """
    code = request.POST.get(LANGUAGE_QUERY_PARAMETER, "")
    if request.user.is_authenticated and is_offered(code):
        User.objects.filter(pk=request.user.pk).update(language=code)
    return set_language(request)
