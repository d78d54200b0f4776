"""Who must have a second factor, and what they get until they have one: nothing.

Staff by STAFF_MFA_REQUIRED, others by their groups. The rule holds on every door: a
page leads to where a second step is set up, a program is answered 403.
"""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from allauth.mfa.models import Authenticator
from allauth.mfa.utils import is_mfa_enabled
from django.conf import settings
from django.contrib import messages
from django.db.models import Exists, OuterRef
from django.http import HttpResponseRedirect, JsonResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.audit.models import Action, Outcome
from accounts.audit.record import record
from accounts.policy.models import GroupPolicy

if TYPE_CHECKING:
    from collections.abc import Callable

    from django.http import HttpRequest, HttpResponse

    from accounts.models import User

#: What counts as a second factor. Recovery codes alone do not.
FACTORS = [Authenticator.Type.TOTP, Authenticator.Type.WEBAUTHN]
CODE = "mfa_enrolment_required"
DETAIL = gettext_lazy("A second step must be set up first. Sign in on the web site.")
#: Where somebody who must still set up a second step may go: to do so, to prove
#: themselves for it, to verify an address, which allauth wants first, and out.
OPEN_NAMES = (
    *("mfa_", "account_email", "account_reauthenticate", "account_logout"),
    *("account_request_reauthentication_", "account_confirm_reauthentication_"),
    *("google_", "github_", "openid_connect_"),
)
#: Doors that answer by themselves, each as strictly.
OPEN_NAMESPACES = frozenset({"admin", "api"})
#: The same of allauth's headless API, after /_allauth/browser/v1/.
HEADLESS = "/_allauth/"
OPEN_CALLS = ("config", "auth/", "account/authenticators", "account/email")
SHUT_CALLS = ("auth/sessions",)


class EnrolmentRequired(Exception):
    """No token for somebody who must set up a second step first."""


def has_factor(user: User) -> bool:
    """Whether they can be asked for a second step."""
    return bool(is_mfa_enabled(user, FACTORS))


def required_by_group(field: str) -> Exists:
    """For querysets: whether a group of the person in this field asks for it."""
    return Exists(
        GroupPolicy.objects.filter(
            group__user=OuterRef(field), second_factor_required=True
        )
    )


def is_required(user: User, *, by_group: bool | None = None) -> bool:
    """Whether the policy asks this person for a second factor.

    `by_group` is required_by_group() where a query has told it already.
    """
    if user.is_staff and settings.STAFF_MFA_REQUIRED:
        return True
    if by_group is not None:
        return by_group
    mine = GroupPolicy.objects.filter(group__user=user, second_factor_required=True)
    return mine.exists()


def must_enrol(user: User, *, by_group: bool | None = None) -> bool:
    """Whether it asks for one that they do not have."""
    return is_required(user, by_group=by_group) and not has_factor(user)


def refused(request: HttpRequest, user: User) -> None:
    """Write down that a program was sent away."""
    record(
        Action.ENROLMENT_REQUIRED,
        request=request,
        user=user,
        outcome=Outcome.FAILURE,
    )


def answer(request: HttpRequest) -> HttpResponse:
    """403 in the shape of allauth's headless API."""
    from allauth.headless.internal.restkit.response import APIResponse

    return APIResponse(request, errors=[_error()], status=HTTPStatus.FORBIDDEN)


def _error() -> dict[str, str]:
    return {"code": CODE, "message": str(DETAIL)}


def _is_open(request: HttpRequest, view: Any) -> bool:
    """Whether somebody who must set up a second step may go there all the same."""
    path, match = request.path_info, request.resolver_match
    if path.startswith(HEADLESS):  # allauth marks all of these as open to anybody
        call = "/".join(path.split("/")[4:])
        return call.startswith(OPEN_CALLS) and not call.startswith(SHUT_CALLS)
    if match is None or not getattr(view, "login_required", True):
        return True
    name = match.url_name or ""
    return bool(OPEN_NAMESPACES & set(match.namespaces)) or name.startswith(OPEN_NAMES)


class EnrolmentMiddleware:
    """Leads people who must set up a second step there, from every page."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """All is in process_view: only then the page is known."""
        return self.get_response(request)

    def process_view(
        self, request: HttpRequest, view: Any, *args: Any
    ) -> HttpResponse | None:
        """None lets the page through."""
        if _is_open(request, view):
            return None
        if not request.user.is_authenticated or not must_enrol(request.user):
            return None
        if request.path_info.startswith(HEADLESS):
            body = {"status": HTTPStatus.FORBIDDEN, "errors": [_error()]}
            return JsonResponse(body, status=HTTPStatus.FORBIDDEN)
        text = _("Your account needs a second step. Set one up to go on.")
        messages.warning(request, text)
        return HttpResponseRedirect(reverse("mfa_index"))
