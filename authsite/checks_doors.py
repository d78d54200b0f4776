"""System checks: what signs people in beside the pipeline, in code and not in settings.

Apps, middleware, views, authentication classes, providers and admin sites.
"""

from __future__ import annotations

import ast
import inspect
from textwrap import dedent
from typing import TYPE_CHECKING, Any

from allauth.socialaccount.providers import registry
from django.apps import apps
from django.conf import settings
from django.contrib.admin.sites import all_sites
from django.contrib.auth.middleware import RemoteUserMiddleware
from django.contrib.auth.views import LoginView
from django.urls import URLPattern, URLResolver, get_resolver
from django.utils.functional import LazyObject
from django.utils.module_loading import import_string
from rest_framework.permissions import AllowAny
from rest_framework.settings import api_settings
from rest_framework.views import APIView

from accounts.admin_site import PolicyAdminSite
from accounts.api.base import PolicySessionAuthentication
from accounts.api.views import TokenSessionView
from accounts.policy.providers.careful import CarefulProvider
from accounts.tokens.authentication import BearerAuthentication
from authsite.checks_sign_in import error

if TYPE_CHECKING:
    from collections.abc import Iterator

    from django.core.checks import CheckMessage

#: Packages that sign people in, or make tokens, past limits and second steps.
BYPASSING = {
    "hijack", "loginas", "impersonate", "django_su", "su", "sesame", "knox",
    "magiclink", "drfpasswordless", "dj_rest_auth", "rest_auth", "djoser",
    "rest_framework.authtoken", "rest_framework_simplejwt.token_blacklist",
    "social_django", "two_factor", "oauth2_provider",
}  # fmt: skip
#: In this order; a subclass may stand for each.
MIDDLEWARE = (
    "authsite.door.ApiDoor",
    "authsite.bounds.BoundsMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.auth.middleware.LoginRequiredMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "accounts.policy.session_lifetime.SessionLifetimeMiddleware",
    "accounts.policy.enrolment.EnrolmentMiddleware",
)
#: Whose middleware may assign request.user: the same person, read later.
KNOWN = ("accounts.", "authsite.", "django.contrib.auth.", "django_structlog.")
INSTEAD = (
    "Sign in by allauth's pipeline (perform_login, or LOGIN_BY_CODE for emailed "
    "codes): see docs/architecture.md."
)


def installed() -> list[CheckMessage]:
    """No package that signs people in by itself."""
    return [
        error(160, f"{config.name} is in INSTALLED_APPS.", INSTEAD)
        for config in apps.get_app_configs()
        if config.name in BYPASSING or config.name.startswith("hijack.")
    ]


def middleware() -> list[CheckMessage]:
    """All of ours, in their order, and none that sets request.user."""
    classes = [import_string(path) for path in settings.MIDDLEWARE]
    found, last = [], -1
    for path in MIDDLEWARE:
        wanted = import_string(path)
        at = next((i for i, one in enumerate(classes) if _is_a(one, wanted)), None)
        if at is None:
            hint = "Put it back where authsite/settings.py has it."
            found.append(error(161, f"{path} is not in MIDDLEWARE.", hint))
        elif at < last:
            hint = "Keep the order of authsite/settings.py."
            found.append(error(162, f"{path} comes too early in MIDDLEWARE.", hint))
        last = max(last, -1 if at is None else at)
    found.extend(
        error(163, f"The middleware {path} sets request.user.", INSTEAD)
        for path, one in zip(settings.MIDDLEWARE, classes, strict=True)
        if sets_user(one)
    )
    return found


def _is_a(one: Any, wanted: Any) -> bool:
    both = inspect.isclass(one) and inspect.isclass(wanted)
    return one is wanted or (both and issubclass(one, wanted))


def sets_user(middleware: Any) -> bool:
    """Whether a middleware that is not ours assigns request.user."""
    if _is_a(middleware, RemoteUserMiddleware):
        return True
    if middleware.__module__.startswith(KNOWN):
        return False
    try:
        source = dedent(inspect.getsource(middleware))
    except (OSError, TypeError):
        return False  # compiled: SessionLifetimeMiddleware still sees what it does
    return any(_assigns_user(node) for node in ast.walk(ast.parse(source)))


def _assigns_user(node: ast.AST) -> bool:
    targets = getattr(node, "targets", None) or [getattr(node, "target", None)]
    return isinstance(node, ast.Assign | ast.AnnAssign) and any(
        isinstance(one, ast.Attribute)
        and one.attr == "user"
        and isinstance(one.value, ast.Name)
        and one.value.id == "request"
        for one in targets
    )


def api_defaults() -> list[CheckMessage]:
    """Bearer tokens of ours, and nothing open by default."""
    found = [
        error(
            164,
            f"REST_FRAMEWORK's DEFAULT_AUTHENTICATION_CLASSES holds {_name(one)}.",
            "Use accounts.tokens.authentication.BearerAuthentication or a subclass.",
        )
        for one in _imported(api_settings.DEFAULT_AUTHENTICATION_CLASSES)
        if not issubclass(one, BearerAuthentication)
    ]
    allowed = _imported(api_settings.DEFAULT_PERMISSION_CLASSES)
    if not allowed or AllowAny in allowed:
        found.append(
            error(
                165,
                "REST_FRAMEWORK's DEFAULT_PERMISSION_CLASSES lets anybody in.",
                "Leave IsAuthenticated, and open single views with AllowAny.",
            )
        )
    return found


def _imported(classes: Any) -> list[type]:
    # The stubs call these names; api_settings has imported them.
    return list(classes)


def provider_classes() -> list[CheckMessage]:
    """Every provider checks state, PKCE, issuer and signature."""
    return [
        error(
            166,
            f"The provider {one.id} is {_name(one)}, which is not careful.",
            "Use OIDC_* variables for a provider that speaks OpenID Connect, or name a "
            "subclass of accounts.policy.providers.careful.CarefulProvider as its "
            "provider_class: see docs/social.md.",
        )
        for one in registry.get_class_list()
        if not issubclass(one, CarefulProvider)
    ]


def views() -> list[CheckMessage]:
    """No view that signs in by itself, and no authentication class but ours."""
    found = []
    for path, view in _views(get_resolver().url_patterns, "/"):
        kind = getattr(view, "cls", None) or getattr(view, "view_class", None)
        if kind is None:
            continue
        if signs_in(kind):
            found.append(error(167, f"{path} is {_name(kind)}.", INSTEAD))
        found.extend(
            error(
                168,
                f"{path} takes {_name(one)}.",
                "Leave authentication_classes out: the default takes our access "
                "tokens. Services of yours verify the same tokens: docs/tokens.md.",
            )
            for one in foreign_classes(view, kind)
        )
    return found


def signs_in(kind: type) -> bool:
    """Whether a view class is of a package that signs people in, or Django's form."""
    of = kind.__module__
    ours = any(of == app or of.startswith(f"{app}.") for app in BYPASSING)
    stock = of.startswith("rest_framework_simplejwt.") or issubclass(kind, LoginView)
    return ours or stock


def foreign_classes(view: Any, kind: type) -> list[type]:
    """The authentication classes of an API view that are not ours."""
    if not issubclass(kind, APIView):
        return []
    given = getattr(view, "initkwargs", {}).get("authentication_classes")
    classes = kind.authentication_classes if given is None else given
    known: tuple[type, ...] = (BearerAuthentication,)
    if issubclass(kind, TokenSessionView):
        known = (PolicySessionAuthentication,)
    return [one for one in classes if not issubclass(one, known)]


def _views(patterns: list[Any], prefix: str) -> Iterator[tuple[str, Any]]:
    for pattern in patterns:
        path = prefix + str(pattern.pattern)
        if isinstance(pattern, URLResolver):
            yield from _views(pattern.url_patterns, path)
        elif isinstance(pattern, URLPattern):
            yield path, pattern.callback


def admin_sites() -> list[CheckMessage]:
    """Every admin site asks for the pipeline's session and a second step."""
    return [
        error(
            169,
            f"The admin site {one.name!r} is {_name(type(one))}.",
            "Make it a subclass of accounts.admin_site.PolicyAdminSite.",
        )
        for one in map(_unwrapped, all_sites)
        if not isinstance(one, PolicyAdminSite)
    ]


def _unwrapped(site: Any) -> Any:
    if isinstance(site, LazyObject):
        _ = site.name  # sets it up
        return site._wrapped  # noqa: SLF001 - LazyObject has no other way
    return site


def _name(one: type) -> str:
    return f"{one.__module__}.{one.__qualname__}"


CHECKS = (installed, middleware, api_defaults, provider_classes, views, admin_sites)
